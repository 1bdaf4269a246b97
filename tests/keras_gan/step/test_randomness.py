"""Draws are a pure function of the key and the position in the global batch."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from keras_gan.step import randomness
from keras_gan.step.randomness import Key


def test_a_shard_draws_its_rows_of_the_global_batch(key):
    for shape in ((8,), (8, 3), (8, 5), (8, 5, 3), (8, 16)):
        for draw in (Key.normal, Key.noise, lambda k, shape: k.chance(shape, 0.5)):
            whole = draw(key, shape).numpy()
            parts = [draw(key.at(row), (4, *shape[1:])).numpy() for row in (0, 4)]
            np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_a_batch_of_unknown_length_draws_the_same(key):
    @tf.function(input_signature=[tf.TensorSpec([None, 5])])
    def draw(like):
        shape = (tf.shape(like)[0], 5)
        return key.normal(shape), key.noise(shape)

    for values, expected in zip(draw(tf.zeros((3, 5))), (key.normal((3, 5)), key.noise((3, 5)))):
        np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize("jit", [False, True])
def test_graph_and_xla_draw_the_same(key, jit):
    def draw(step):
        stream = key.fold(step).fold("latent")
        return (
            stream.uniform((8, 5)),
            stream.normal((8, 5)),
            stream.integers((8, 5), 10),
            stream.noise((8, 5)),
            stream.chance((8, 5), 0.3),
        )

    compiled = tf.function(draw, jit_compile=jit)(tf.constant(2**40, tf.int64))
    eager = draw(tf.constant(2**40, tf.int64))
    np.testing.assert_array_equal(compiled[0], eager[0])
    np.testing.assert_allclose(compiled[1], eager[1], atol=1e-6)
    np.testing.assert_array_equal(compiled[2], eager[2])
    np.testing.assert_allclose(compiled[3], eager[3], atol=1e-5)
    np.testing.assert_array_equal(compiled[4], eager[4])


def test_other_seeds_attempts_steps_and_purposes_draw_otherwise():
    streams = [
        Key.create(0).fold(1).fold("latent"),
        Key.create(1).fold(1).fold("latent"),
        Key.create(0, attempt=1).fold(1).fold("latent"),
        Key.create(0).fold(2).fold("latent"),
        Key.create(0).fold(1).fold("noise"),
        Key.create(0).fold("latent").fold(1),
    ]
    draws = np.stack([s.normal((1000,)).numpy() for s in streams])
    correlation = np.corrcoef(draws) - np.eye(len(streams))
    assert np.abs(correlation).max() < 0.15  # 4.7 standard errors


def test_distributions(key):
    assert scipy.stats.kstest(key.normal((200, 100)).numpy().ravel(), "norm").pvalue > 1e-3
    noise = key.noise((200, 100)).numpy()
    assert scipy.stats.kstest(noise.ravel(), "norm").pvalue > 1e-3
    halves = np.corrcoef(np.abs(noise[:, :50]).ravel(), np.abs(noise[:, 50:]).ravel())
    assert abs(halves[0, 1]) < 0.05  # the two values of one Box-Muller pair are independent
    uniform = key.uniform((200, 100), 0.7, 1.2).numpy().ravel()
    assert scipy.stats.kstest(uniform, "uniform", (0.7, 0.5)).pvalue > 1e-3
    counts = np.bincount(key.integers((20_000,), 7).numpy(), minlength=7)
    assert scipy.stats.chisquare(counts).pvalue > 1e-3


def test_the_scope_sets_the_key_and_restores_the_previous_one(key):
    assert randomness.current() is None
    with randomness.scope(key):
        assert randomness.current() is key
        with randomness.scope(None):
            assert randomness.current() is None
        assert randomness.current() is key
    assert randomness.current() is None


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_chance_is_true_with_its_probability(key, probability):
    mask = key.chance((300, 101), probability).numpy()
    assert mask.shape == (300, 101) and mask.dtype == bool
    error = np.sqrt(probability * (1 - probability) / mask.size)
    assert abs(mask.mean() - probability) <= 4 * error
