"""The range [-1, 1], its ends, and the conversion back (tip 1)."""

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
        round_trip = tf.function(lambda x: pixels.to_uint8(pixels.to_float(x)), jit_compile=jit)
        np.testing.assert_array_equal(round_trip(every), every)


def test_values_outside_the_range_are_clipped():
    np.testing.assert_array_equal(pixels.to_uint8(tf.constant([-3.0, 7.0])), [0, 255])


def test_points_pass_through():
    points = tf.constant([[3.0, -4.0]])
    np.testing.assert_array_equal(pixels.to_float(points), points)
