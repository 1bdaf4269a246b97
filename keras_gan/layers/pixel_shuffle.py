"""Pixel shuffle, and the initialiser that starts it free of checkerboard."""

import keras
import tensorflow as tf

from keras_gan.rules.base import register


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
