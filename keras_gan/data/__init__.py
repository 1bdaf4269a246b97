"""Data: sources of images with labels, and the one pipeline that feeds a step."""

from keras_gan.data.opening import Source, open_source

__all__ = ["Source", "open_source"]
