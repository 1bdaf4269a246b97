"""Minibatch standard deviation: the spread over groups of images, as a channel in D."""

import keras
import tensorflow as tf

from keras_gan.rules.base import register


@register
class MinibatchStddev(keras.layers.Layer):
    """Appends a channel with the standard deviation over groups of images (Karras et al., 2018).

    Lets D detect a lack of diversity (tip 15, minibatch discrimination). Groups are consecutive,
    so that replicas and one device see the same ones. A batch that is not a multiple of the group
    size is one group.

    Args:
        group: int, images per group. Defaults to 4.
        **kwargs: arguments of `keras.layers.Layer`.
    """

    def __init__(self, group: int = 4, **kwargs):
        super().__init__(**kwargs)
        self.group = group

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        n = inputs.shape[0]
        if n is None:
            n = tf.shape(inputs)[0]
            group = tf.where(n % self.group == 0, self.group, n)
        else:  # XLA needs static shapes
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
