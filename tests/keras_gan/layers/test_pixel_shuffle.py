import keras
import numpy as np
import tensorflow as tf

from keras_gan.layers.pixel_shuffle import ICNR, PixelShuffle


def images(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


def test_pixel_shuffle_with_icnr_starts_as_nearest_upsampling():
    x = images(2, 5, 5, 3)
    shuffled = keras.layers.Conv2D(
        4 * 4, 3, padding="same", kernel_initializer=ICNR(keras.initializers.RandomNormal())
    )
    y = PixelShuffle(2)(shuffled(x)).numpy()
    assert y.shape == (2, 10, 10, 4) and y.std() > 0
    for row, column in ((0, 1), (1, 0), (1, 1)):
        np.testing.assert_array_equal(y[:, 0::2, 0::2], y[:, row::2, column::2])


def test_pixel_shuffle_puts_channels_into_space():
    x = tf.reshape(tf.range(4, dtype=tf.float32), (1, 1, 1, 4))
    np.testing.assert_array_equal(PixelShuffle(2)(x)[0, ..., 0], [[0, 1], [2, 3]])
