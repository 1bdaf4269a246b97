"""Layers that draw random numbers, keyed by the step: noise and dropout in G."""

import keras
import tensorflow as tf

from keras_gan.rules.base import register
from keras_gan.step import randomness
from keras_gan.step.keras_private import all_layers


class RandomLayer(keras.layers.Layer):
    """Base class of layers whose draws are keyed by the step.

    Args:
        purpose: str that distinguishes its draws from those of the network's other layers.
            Defaults to the layer's number among the random layers, which `GAN` assigns.
        **kwargs: arguments of `keras.layers.Layer`.
    """

    def __init__(self, purpose: str | None = None, **kwargs):
        super().__init__(**kwargs)
        self.purpose = purpose

    def local_key(self, key: randomness.Key) -> randomness.Key:
        """The layer's key, derived from that of the step."""
        return key.fold(self.purpose or "layer")

    def get_config(self):
        return {**super().get_config(), "purpose": self.purpose}


def number_random_layers(network: keras.Model) -> None:
    """Sets the purpose of a network's random layers that have none, by their position."""
    layers = [layer for layer in all_layers(network) if isinstance(layer, RandomLayer)]
    for position, layer in enumerate(layers):
        layer.purpose = layer.purpose or f"layer {position}"


@register
class LayerNoise(RandomLayer):
    """Adds Gaussian noise N(0, stddev²) before a hidden activation of G (tip 13).

    Active within `randomness.scope(key)`: in a training step, or when sampling with noise. The
    identity elsewhere. With a standard deviation near 1 the features are lost in the noise.

    Args:
        stddev: float, standard deviation. Defaults to 0.1.
        **kwargs: arguments of `RandomLayer`.
    """

    def __init__(self, stddev: float = 0.1, **kwargs):
        super().__init__(**kwargs)
        self.stddev = stddev

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
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
    """Dropout in G in training and in sampling (tip 17; Isola et al., 2017).

    In a step the mask is keyed by the sample's position; elsewhere by a fixed key, so that the
    same latents give the same image.

    Args:
        rate: float, share of units that are dropped. Defaults to 0.5.
        **kwargs: arguments of `RandomLayer`.
    """

    def __init__(self, rate: float = 0.5, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        key = self.local_key(randomness.current() or randomness.Key.create(0))
        mask = key.chance((tf.shape(inputs)[0], *inputs.shape[1:]), 1.0 - self.rate)
        return inputs * (tf.cast(mask, inputs.dtype) / (1.0 - self.rate))

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}
