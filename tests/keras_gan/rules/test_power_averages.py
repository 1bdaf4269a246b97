import numpy as np
import pytest
import tensorflow as tf

from keras_gan import losses
from keras_gan.errors import UsageError
from keras_gan.monitoring import best
from keras_gan.rules.power_averages import PowerAverages, exponent
from keras_gan.settings import flags, from_config
from keras_gan.settings.config import Config


@pytest.mark.parametrize("length", [0.01, 0.05, 0.1, 0.2, 0.28])
def test_the_exponent_gives_the_relative_length(length):
    gamma = exponent(length)
    assert gamma > 0.0
    sigma = (gamma + 1) ** 0.5 / (gamma + 2) / (gamma + 3) ** 0.5
    assert sigma == pytest.approx(length, rel=1e-9)
    # It is the standard deviation of a density that grows as t to the power γ on [0, 1].
    t = (np.arange(200_000) + 0.5) / 200_000
    density = t**gamma / np.sum(t**gamma)
    spread = np.sqrt(np.sum(density * t**2) - np.sum(density * t) ** 2)
    assert spread == pytest.approx(length, rel=1e-3)


@pytest.mark.parametrize("length", [0.0, -0.1, 0.3, float("nan")])
def test_impossible_lengths_are_refused(length):
    with pytest.raises(ValueError, match="at most 0.28"):
        PowerAverages([length])


def test_an_average_is_the_power_function_s_mean_of_the_weights(tiny):
    rule = PowerAverages((0.05, 0.2))
    gan = tiny.gan(average=rule)
    history = []
    for step in range(7):
        history.append(np.random.default_rng(step).normal(size=gan.generator.weights[0].shape))
        gan.generator.weights[0].assign(history[-1])
        rule.update(gan.average_generator, gan.generator, tf.constant(step, tf.int64))
    t = np.arange(1, 8)
    for gamma, values in zip(rule.exponents, rule.weights_of):
        shares = (t ** (gamma + 1) - (t - 1) ** (gamma + 1)) / 7 ** (gamma + 1)
        assert shares.sum() == pytest.approx(1.0)
        expected = np.tensordot(shares, history, 1)
        np.testing.assert_allclose(values[0], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(gan.average_generator.weights[0], rule.weights_of[0][0])
    rule.choose(gan.average_generator, gan.generator, 1)
    np.testing.assert_array_equal(gan.average_generator.weights[0], rule.weights_of[1][0])
    assert rule.length == 0.2


def test_a_step_that_is_not_accepted_changes_no_average_and_statistics_are_copied(tiny):
    rule = PowerAverages((0.1,))
    gan = tiny.gan(average=rule)
    tiny.train(gan, steps=3)
    trained = {id(v) for v in gan.generator.trainable_variables}
    for old, new in zip(gan.average_generator.weights, gan.generator.weights, strict=True):
        assert np.array_equal(old, new) == (id(new) not in trained)
    before = gan.average_generator.get_weights()
    rule.update(gan.average_generator, gan.generator, tf.constant(3, tf.int64), tf.constant(False))
    for a, b in zip(before, gan.average_generator.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    state = [v.path for v in gan.state()["rules"]]
    assert len(state) == len(trained) + 1 and any("chosen" in path for path in state)


def test_scores_choose_the_best_average(tiny):
    gan = tiny.gan(average=PowerAverages((0.05, 0.1, 0.2)))
    tiny.train(gan, steps=2)
    scores = iter([{"fd_cnn": 3.0}, {"fd_cnn": 1.0}, {"fd_cnn": 2.0}])
    assert best.score_averages(gan, lambda: next(scores)) == {"fd_cnn": 1.0, "average_length": 0.1}
    assert gan.average.length == 0.1
    np.testing.assert_array_equal(gan.average_generator.weights[0], gan.average.weights_of[1][0])
    plain = tiny.gan(loss=losses.Hinge())
    assert best.score_averages(plain, lambda: {"fd_cnn": 1.0}) == {"fd_cnn": 1.0}


def test_replicas_keep_the_averages_of_one_device(tiny, mirrored):
    ends = []
    for strategy in (tf.distribute.get_strategy(), mirrored):
        with strategy.scope():
            gan = tiny.gan(normalize=False, average=PowerAverages((0.1, 0.2)))
        tiny.train(gan, steps=2)
        gan.average.choose(gan.average_generator, gan.generator, 1)
        averages = [np.asarray(v) for values in gan.average.weights_of for v in values]
        ends.append([*averages, *gan.average_generator.get_weights()])
        assert gan.average.length == 0.2
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_the_flag_sets_the_lengths():
    rule = from_config.average(Config(average_lengths="0.05, 0.1"))
    assert isinstance(rule, PowerAverages) and rule.lengths == (0.05, 0.1)
    again = PowerAverages.from_config(rule.get_config())
    assert again.lengths == rule.lengths
    for wrong in ("0.5", "a", "0"):
        with pytest.raises(UsageError, match="above 0, at most 0.28"):
            flags.parse(Config, ["main.py", f"--average_lengths={wrong}"])
