"""Data: sources of images with labels, and the pipeline that feeds the training step."""

from keras_gan.data.opening import Source, open_source

__all__ = ["Source", "open_source"]
