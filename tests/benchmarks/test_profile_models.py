"""The work of a step, against products counted by hand."""

import keras
import pytest

import models
from benchmarks import profile_models
from keras_gan.rules.penalties import GradientPenalty


def test_products_and_convolutions_are_counted():
    x = inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(5, 3, strides=2, padding="same")(x)  # 4·4·5 outputs of 3·3·3 products
    x = keras.layers.Conv2DTranspose(2, 4, strides=2, padding="same")(x)  # 4·4·5 inputs, 4·4·2 each
    x = keras.layers.DepthwiseConv2D(3, padding="same")(x)  # 8·8·2 outputs of 3·3 products
    x = keras.layers.Dense(7)(keras.layers.Flatten()(x))
    by_hand = 4 * 4 * 5 * 27 + 4 * 4 * 5 * 32 + 8 * 8 * 2 * 9 + 128 * 7
    assert profile_models.forward_flops(keras.Model(inputs, x)) == 2 * by_hand


def test_a_step_is_its_passes():
    gan = models.DCGAN(image_shape=(28, 28, 1), width=8)
    gan.compile()
    g, d = map(profile_models.forward_flops, (gan.generator, gan.discriminator))
    assert profile_models.step_flops(gan, 4) == pytest.approx(4 * (g + 6 * d + 3 * g + 2 * d))
    penalised = models.WGANGP(image_shape=(28, 28, 1), width=8)
    penalised.compile()
    g, d = map(profile_models.forward_flops, (penalised.generator, penalised.discriminator))
    whole = 5 * (g + 6 * d + 6 * d) + 3 * g + 2 * d
    assert profile_models.step_flops(penalised, 4) == pytest.approx(4 * whole)
    penalised.compile(penalties=[GradientPenalty(10.0, interval=3)])
    lazy = 5 * (g + 6 * d + 6 * d / 3) + 3 * g + 2 * d
    assert profile_models.step_flops(penalised, 4) == pytest.approx(4 * lazy)
