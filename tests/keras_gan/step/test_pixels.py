"""Tip 1: the range, both ends, and the way back."""

import numpy as np
import tensorflow as tf

from keras_gan.step import pixels


def test_the_ends_and_the_round_trip_of_all_values():
    every = tf.range(256, dtype=tf.int32)
    every = tf.cast(every, tf.uint8)
    scaled = pixels.to_float(every)
    assert (float(scaled[0]), float(scaled[-1])) == (-1.0, 1.0)
    np.testing.assert_array_equal(pixels.to_uint8(scaled), every)
    for jit in (False, True):
        there_and_back = tf.function(lambda x: pixels.to_uint8(pixels.to_float(x)), jit_compile=jit)
        np.testing.assert_array_equal(there_and_back(every), every)


def test_what_lies_outside_is_clipped():
    np.testing.assert_array_equal(pixels.to_uint8(tf.constant([-3.0, 7.0])), [0, 255])


def test_points_pass_through():
    points = tf.constant([[3.0, -4.0]])
    np.testing.assert_array_equal(pixels.to_float(points), points)
