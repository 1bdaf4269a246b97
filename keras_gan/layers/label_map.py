"""Labels as an image channel."""

import keras
import tensorflow as tf

from keras_gan.rules.base import register


@register
class LabelMap(keras.layers.Layer):
    """Labels [n] as one image channel, from a low-dimensional embedding (tip 16).

    Each class has a learned h×w map of low rank, so that there are few parameters.

    Args:
        num_classes: int, number of classes.
        height: int, height of the map.
        width: int, width of the map.
        rank: int, rank of each map. Defaults to 4.
        **kwargs: arguments of `keras.layers.Layer`.
    """

    def __init__(self, num_classes: int, height: int, width: int, rank: int = 4, **kwargs):
        super().__init__(**kwargs)
        self.num_classes, self.height, self.width, self.rank = num_classes, height, width, rank
        self.rows = keras.layers.Embedding(num_classes, height * rank)
        self.columns = keras.layers.Embedding(num_classes, width * rank)

    def build(self, shape):
        self.rows.build(shape)
        self.columns.build(shape)
        self.built = True

    def call(self, labels: tf.Tensor) -> tf.Tensor:
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
