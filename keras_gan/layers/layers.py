"""What Keras lacks: layers that know the step's randomness, pixel shuffle, spectral norm."""

import keras
import numpy as np
import tensorflow as tf

from keras_gan.layers import fused as fast
from keras_gan.rules.base import register
from keras_gan.step import randomness
from keras_gan.step.keras_private import all_layers, kernel_variable


class RandomLayer(keras.layers.Layer):
    """A layer whose draws are keyed by the step.

    Args:
        purpose: str that tells its draws from those of other layers of the network. A `GAN`
            numbers the layers of its networks that have none.
    """

    def __init__(self, purpose=None, **kwargs):
        super().__init__(**kwargs)
        self.purpose = purpose

    def local_key(self, key):
        """The layer's own key, given that of the step."""
        return key.fold(self.purpose or "layer")

    def get_config(self):
        return {**super().get_config(), "purpose": self.purpose}


def number_random_layers(network):
    """Gives the random layers of a network that have no purpose one by their position."""
    layers = [layer for layer in all_layers(network) if isinstance(layer, RandomLayer)]
    for position, layer in enumerate(layers):
        layer.purpose = layer.purpose or f"layer {position}"


@register
class LayerNoise(RandomLayer):
    """Adds Gaussian noise N(0, stddev²) before a hidden activation of G (tip 13).

    Active where a key is in force (in a training step, or when sampling is asked for noise), the
    identity elsewhere. A stddev near 1 drowns the features and ruins the samples.
    """

    def __init__(self, stddev=0.1, **kwargs):
        super().__init__(**kwargs)
        self.stddev = stddev

    def call(self, inputs):
        key = randomness.current()
        if key is None:
            return inputs
        return inputs + self.stddev * tf.cast(
            self.local_key(key).noise((tf.shape(inputs)[0], *inputs.shape[1:])), inputs.dtype
        )

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev}


@register
class AlwaysDropout(RandomLayer):
    """Dropout in G at training and at sampling (tip 17; Isola et al., 2017).

    In a step the mask is keyed by the sample's position; elsewhere by a fixed key, so that the
    same latents give the same image.
    """

    def __init__(self, rate=0.5, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, inputs):
        key = self.local_key(randomness.current() or randomness.Key.create(0))
        kept = key.chance((tf.shape(inputs)[0], *inputs.shape[1:]), 1.0 - self.rate)
        return inputs * (tf.cast(kept, inputs.dtype) / (1.0 - self.rate))

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}


@register
class PixelShuffle(keras.layers.Layer):
    """Depth to space by `factor` (Shi et al., 2016): [n, h, w, c·f²] → [n, h·f, w·f, c]."""

    def __init__(self, factor=2, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return tf.nn.depth_to_space(inputs, self.factor)

    def compute_output_shape(self, shape):
        n, h, w, c = shape
        f = self.factor
        return (n, h * f, w * f, c // f**2)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


@register
class ICNR(keras.initializers.Initializer):
    """Initialises a convolution before a pixel shuffle free of checkerboard (Aitken et al., 2017).

    The f² sub-kernels of an output channel start equal, so the shuffle starts as nearest-neighbour
    upsampling.
    """

    def __init__(self, initializer, factor=2):
        self.initializer, self.factor = keras.initializers.get(initializer), factor

    def __call__(self, shape, dtype=None):
        each = self.initializer((*shape[:-1], shape[-1] // self.factor**2), dtype)
        # depth_to_space takes the channel as (row, column, channel), channel fastest.
        return keras.ops.tile(each, (1,) * (len(shape) - 1) + (self.factor**2,))

    def get_config(self):
        return {
            "initializer": keras.initializers.serialize(self.initializer),
            "factor": self.factor,
        }

    @classmethod
    def from_config(cls, config):
        return cls(keras.initializers.deserialize(config["initializer"]), config["factor"])


@register
class MinibatchStddev(keras.layers.Layer):
    """Appends a channel with the standard deviation over groups of images (Karras et al., 2018).

    Lets D see a lack of diversity (tip 15, minibatch discrimination). Groups are consecutive, so
    that replicas and one device see the same ones; the batch must be a multiple of the group,
    otherwise the whole batch is one group.
    """

    def __init__(self, group=4, **kwargs):
        super().__init__(**kwargs)
        self.group = group

    def call(self, inputs):
        n = inputs.shape[0]
        if n is None:
            n = tf.shape(inputs)[0]
            group = tf.where(n % self.group == 0, self.group, n)
        else:  # XLA wants shapes it can know
            group = n if n % self.group else self.group
        x = tf.cast(inputs, tf.float32)
        grouped = tf.reshape(x, [-1, group, *inputs.shape[1:]])
        mean = tf.reduce_mean(grouped, 1, keepdims=True)
        variance = tf.reduce_mean(tf.square(grouped - mean), 1)
        stddev = tf.sqrt(variance + 1e-8)
        each = tf.reduce_mean(stddev, list(range(1, len(inputs.shape))))
        one = [1] * (len(inputs.shape) - 1)
        spread = tf.reshape(tf.tile(each[:, None], [1, group]), [-1, *one])
        spread = tf.tile(spread, [1, *inputs.shape[1:-1], 1])
        return tf.concat([inputs, tf.cast(spread, inputs.dtype)], -1)

    def compute_output_shape(self, shape):
        return (*shape[:-1], shape[-1] + 1)

    def get_config(self):
        return {**super().get_config(), "group": self.group}


class _Spectral:
    """A layer whose kernel is divided by its largest singular value (Miyato et al., 2018).

    One power iteration a training call, from the u that the step began with; gradients flow
    through W/σ with u and v held fixed. `keras.layers.SpectralNormalization` overwrites the kernel
    instead, and sends no gradient through σ.

    Departs from the paper: u and v start where the iteration ends, not at random, so that the
    first steps, and a network that has not trained yet, are normalised too.
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

    def call(self, inputs, training=False):
        kernel = tf.cast(tf.convert_to_tensor(kernel_variable(self).value), tf.float32)
        matrix = tf.reshape(kernel, [-1, kernel.shape[-1]])
        left, right = tf.convert_to_tensor(self.left.value), tf.convert_to_tensor(self.right.value)
        if training:
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

    def save_own_variables(self, store):
        # Keras' own saves kernel and bias one by one, and would leave out the singular vectors.
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
class SpectralConv2D(_Spectral, fast.Conv2D):
    """`keras.layers.Conv2D` with spectral normalisation."""


@register
class SpectralDense(_Spectral, keras.layers.Dense):
    """`keras.layers.Dense` with spectral normalisation."""


@register
class LabelMap(keras.layers.Layer):
    """Labels [n] as one image channel of a low-dimensional embedding (tip 16).

    Each class owns a learned h×w map of rank `rank`, which keeps the parameters few.
    """

    def __init__(self, num_classes, height, width, rank=4, **kwargs):
        super().__init__(**kwargs)
        self.num_classes, self.height, self.width, self.rank = num_classes, height, width, rank
        self.rows = keras.layers.Embedding(num_classes, height * rank)
        self.columns = keras.layers.Embedding(num_classes, width * rank)

    def build(self, shape):
        self.rows.build(shape)
        self.columns.build(shape)
        self.built = True

    def call(self, labels):
        rows = tf.reshape(self.rows(labels), [-1, self.height, self.rank])
        columns = tf.reshape(self.columns(labels), [-1, self.rank, self.width])
        return tf.matmul(rows, columns)[..., None] * (self.height * self.width) ** 0.25

    def compute_output_shape(self, shape):
        return (shape[0], self.height, self.width, 1)

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "height": self.height,
            "width": self.width,
            "rank": self.rank,
        }
