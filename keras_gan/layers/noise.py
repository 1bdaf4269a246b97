"""Layers that draw random numbers, keyed by the step: noise and dropout in G."""

import keras
import tensorflow as tf

from keras_gan.rules.base import register
from keras_gan.step import randomness
from keras_gan.step.keras_private import all_layers


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
