import numpy as np
import pytest
import tensorflow as tf

from keras_gan.rules import input_noise, schedules


def rule(kind="linear"):
    return input_noise.InputNoise(schedules.Schedule(kind, 0.4, 0.0, 100))


def test_the_noise_has_the_scheduled_deviation(key):
    images = tf.zeros((64, 16, 16, 1))
    for step, sigma in ((0, 0.4), (50, 0.2), (75, 0.1)):
        noisy = rule()(images, key, tf.constant(step, tf.int64)).numpy()
        assert noisy.std() == pytest.approx(sigma, rel=0.03)
        assert abs(noisy.mean()) < 4 * sigma / 128


@pytest.mark.parametrize("kind", ["linear", "cosine", "exponential"])
def test_at_the_end_images_are_untouched_bit_for_bit(key, kind):
    images = tf.constant(np.random.default_rng(0).uniform(-1, 1, (4, 8, 8, 1)), tf.float32)
    for step in (100, 101, 10_000):
        np.testing.assert_array_equal(rule(kind)(images, key, tf.constant(step, tf.int64)), images)


def test_sigma_is_logged_at_every_step(tiny):
    used = input_noise.InputNoise(schedules.Schedule("linear", 0.1, 0.0, 4))
    metrics = tiny.train(tiny.gan(d_inputs=[used]), 6)
    expected = np.float32([0.1, 0.075, 0.05, 0.025, 0.0, 0.0])
    np.testing.assert_allclose(metrics["input_noise/stddev"], expected, atol=1e-8)


def test_replicas_draw_different_noise(key):
    images, step = tf.zeros((4, 8, 8, 1)), tf.constant(0, tf.int64)
    first, second = rule()(images, key, step), rule()(images, key.at(4), step)
    assert not np.isclose(first, second).any()
    whole = rule()(tf.zeros((8, 8, 8, 1)), key, step)
    np.testing.assert_array_equal(whole, tf.concat([first, second], 0))
