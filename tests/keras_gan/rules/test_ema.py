import numpy as np
import pytest
import tensorflow as tf

from keras_gan.rules import ema, schedules


def test_the_average_follows_its_recurrence_and_copies_statistics(tiny):
    gan = tiny.gan(average=ema.MovingAverage(0.9, warm_up=False))
    expected = [v.numpy() for v in gan.generator.trainable_variables]
    for _ in range(3):
        tiny.train(gan, 1)
        now = [v.numpy() for v in gan.generator.trainable_variables]
        expected = [0.9 * a + 0.1 * b for a, b in zip(expected, now, strict=True)]
    trainable = {id(v) for v in gan.generator.trainable_variables}
    pairs = list(zip(gan.generator.weights, gan.average_generator.weights, strict=True))
    averages = [average.numpy() for weight, average in pairs if id(weight) in trainable]
    for a, b in zip(averages, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-7)
    for weight, average in pairs:
        if id(weight) not in trainable:
            np.testing.assert_array_equal(weight.numpy(), average.numpy())


def test_without_decay_it_is_the_generator(tiny):
    gan = tiny.gan(average=None)
    tiny.train(gan, 2)
    for a, b in zip(gan.generator.get_weights(), gan.average_generator.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_half_life_in_images_may_grow_from_zero():
    """After as many images as it says, a weight counts half: β^(half_life / batch) = ½."""
    half_life = schedules.Schedule("linear", 0.0, 6400.0, 100)
    average = ema.MovingAverage(0.0, warm_up=False, half_life=half_life, batch_size=64)
    assert float(average.beta(0)) == 0.0  # a copy
    for step, images in [(50, 3200.0), (100, 6400.0), (500, 6400.0)]:
        beta = float(average.beta(tf.constant(step, tf.int64)))
        assert beta ** (images / 64) == pytest.approx(0.5, rel=1e-4)


def test_by_half_life_it_follows_its_recurrence(tiny):
    gan = tiny.gan(average=ema.MovingAverage(0.0, False, half_life=16.0, batch_size=8))
    before = gan.average_generator.get_weights()[0]
    tiny.train(gan, 1)
    beta = 0.5 ** (8 / 16)
    expected = beta * before + (1 - beta) * gan.generator.get_weights()[0]
    np.testing.assert_allclose(gan.average_generator.get_weights()[0], expected, rtol=1e-4)


@pytest.mark.parametrize("step, beta", [(0, 0.1), (8, 0.5), (10**6, 0.999)])
def test_the_start_is_soon_forgotten(step, beta):
    actual = float(ema.MovingAverage(0.999).beta(tf.constant(step, tf.int64)))
    assert actual == pytest.approx(beta, rel=1e-5)
