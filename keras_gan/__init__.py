"""The engine of keras-gan: it knows the game, and no architecture."""

from keras_gan.gan import GAN

__all__ = ["GAN"]
