"""Conversion of uint8 pixels to floats in [-1, 1] and back (tip 1), done only here."""

import tensorflow as tf


def to_float(images: tf.Tensor) -> tf.Tensor:
    """uint8 images to float32 in [-1, 1] (0 → -1, 255 → 1); float points pass through."""
    if images.dtype != tf.uint8:
        return tf.cast(images, tf.float32)
    return tf.cast(images, tf.float32) / 127.5 - 1.0


def to_uint8(images: tf.Tensor) -> tf.Tensor:
    """Float images to uint8: clipped to [-1, 1], scaled, rounded to the nearest integer."""
    scaled = (tf.clip_by_value(tf.cast(images, tf.float32), -1.0, 1.0) + 1.0) * 127.5
    return tf.cast(tf.round(scaled), tf.uint8)
