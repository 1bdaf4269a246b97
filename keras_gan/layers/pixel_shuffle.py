"""Pixel shuffle, and its initialiser against checkerboard artefacts."""

import keras
import tensorflow as tf

from keras_gan.rules.base import register


@register
class PixelShuffle(keras.layers.Layer):
    """Depth to space (Shi et al., 2016): [n, h, w, c·f²] → [n, h·f, w·f, c].

    Args:
        factor: int, f. Defaults to 2.
        **kwargs: arguments of `keras.layers.Layer`.
    """

    def __init__(self, factor: int = 2, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return tf.nn.depth_to_space(inputs, self.factor)

    def compute_output_shape(self, shape):
        n, h, w, c = shape
        f = self.factor
        return (n, h * f, w * f, c // f**2)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


@register
class ICNR(keras.initializers.Initializer):
    """Initialiser of a convolution before a pixel shuffle (Aitken et al., 2017).

    The f² sub-kernels of an output channel start equal, so the shuffle starts as nearest-neighbour
    upsampling, without checkerboard artefacts.

    Args:
        initializer: Keras initialiser of the sub-kernels.
        factor: int, f of the `PixelShuffle`. Defaults to 2.
    """

    def __init__(self, initializer: keras.initializers.Initializer, factor: int = 2):
        self.initializer, self.factor = keras.initializers.get(initializer), factor

    def __call__(self, shape, dtype=None):
        each = self.initializer((*shape[:-1], shape[-1] // self.factor**2), dtype)
        # depth_to_space orders channels as (row, column, channel), the last varying fastest.
        return keras.ops.tile(each, (1,) * (len(shape) - 1) + (self.factor**2,))

    def get_config(self):
        return {
            "initializer": keras.initializers.serialize(self.initializer),
            "factor": self.factor,
        }

    @classmethod
    def from_config(cls, config):
        return cls(keras.initializers.deserialize(config["initializer"]), config["factor"])
