"""Labels as an image channel."""

import keras
import tensorflow as tf

from keras_gan.rules.base import register


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
