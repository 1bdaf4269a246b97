"""Conversion of uint8 pixels to floats in [-1, 1] and back (tip 1), done only here."""

import tensorflow as tf


def to_float(images: tf.Tensor, pixel_range: tuple | None = None) -> tf.Tensor:
    """Images to float32 in [-1, 1].

    Args:
        images: uint8, or of any type in `pixel_range`.
        pixel_range: (low, high), what becomes -1 and 1. Defaults to (0, 255) for uint8; floats are
            left as they are then: points, and images that are in [-1, 1] already.
    """
    if pixel_range is None and images.dtype == tf.uint8:
        pixel_range = (0, 255)
    floats = tf.cast(images, tf.float32)
    if pixel_range in (None, (-1, 1)):
        return floats
    low, high = pixel_range
    return (floats - low if low else floats) / ((high - low) / 2.0) - 1.0


def to_uint8(images: tf.Tensor) -> tf.Tensor:
    """Float images to uint8: clipped to [-1, 1], scaled, rounded to the nearest integer."""
    scaled = (tf.clip_by_value(tf.cast(images, tf.float32), -1.0, 1.0) + 1.0) * 127.5
    return tf.cast(tf.round(scaled), tf.uint8)
