"""The engine of keras-gan: it knows the game, and no architecture."""

__all__ = ["GAN"]


def __getattr__(name):
    # On first use, so that a wrong flag is told, and help given, before TensorFlow is loaded.
    if name == "GAN":
        from keras_gan.gan import GAN

        return GAN
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
