"""Spectral normalisation of convolutions and dense layers."""

import keras
import numpy as np
import tensorflow as tf

from keras_gan.layers import fused
from keras_gan.rules.base import register
from keras_gan.step.keras_private import kernel_variable


class _Spectral:
    """A layer whose kernel is divided by its largest singular value (Miyato et al., 2018).

    Each training call does one power iteration, from u at the start of the step; gradients flow
    through W/σ with u and v constant. `keras.layers.SpectralNormalization` overwrites the kernel
    instead, and has no gradient through σ.

    Departs from the paper: u and v start as the exact singular vectors, not at random, so that
    the network is normalised from the first step on.
    """

    def build(self, shape):
        super().build(shape)
        left, right = _singular_vectors(kernel_variable(self))
        fixed = {"trainable": False, "dtype": "float32", "autocast": False}
        self.left = self.add_weight(
            name="left", shape=left.shape, initializer=lambda *_, **__: left, **fixed
        )
        self.right = self.add_weight(
            name="right", shape=right.shape, initializer=lambda *_, **__: right, **fixed
        )
        self._normalized = None

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        kernel = tf.cast(tf.convert_to_tensor(kernel_variable(self).value), tf.float32)
        matrix = tf.reshape(kernel, [-1, kernel.shape[-1]])
        left, right = tf.convert_to_tensor(self.left.value), tf.convert_to_tensor(self.right.value)
        if training and self.trainable:
            fixed = tf.stop_gradient(matrix)
            right = tf.math.l2_normalize(tf.matmul(left, fixed, transpose_b=True), epsilon=1e-12)
            left = tf.math.l2_normalize(tf.matmul(right, fixed), epsilon=1e-12)
            self.left.assign(left)
            self.right.assign(right)
        sigma = tf.matmul(tf.matmul(right, matrix), left, transpose_b=True)
        self._normalized = tf.cast(kernel / sigma[0, 0], self.compute_dtype)
        try:
            return super().call(inputs, training=training)
        finally:
            self._normalized = None

    def find_singular_vectors(self) -> None:
        """Sets u and v to the kernel's first singular vectors, after it was given other values."""
        for variable, value in zip(
            (self.left, self.right), _singular_vectors(kernel_variable(self))
        ):
            variable.assign(value)

    def save_own_variables(self, store):
        # The method of Keras' layers saves kernel and bias only, without the singular vectors.
        keras.layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store):
        keras.layers.Layer.load_own_variables(self, store)

    @property
    def kernel(self):
        normalized = getattr(self, "_normalized", None)
        return super().kernel if normalized is None else normalized


def _singular_vectors(kernel):
    """The first singular vectors of a kernel's matrix, float32 [1, outputs] and [1, inputs]."""
    matrix = keras.ops.convert_to_numpy(kernel).reshape(-1, kernel.shape[-1])
    _, _, left = np.linalg.svd(np.float32(matrix), full_matrices=False)
    left = left[:1]
    right = left @ matrix.T
    return left, right / max(np.linalg.norm(right), 1e-12)


@register
class SpectralConv2D(_Spectral, fused.Conv2D):
    """`keras.layers.Conv2D` with spectral normalisation."""


@register
class SpectralDense(_Spectral, keras.layers.Dense):
    """`keras.layers.Dense` with spectral normalisation."""
