import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from keras_gan.rules import schedules
from keras_gan.rules.priors import OrnsteinUhlenbeck
from keras_gan.step.randomness import Key


def process(batch_size=64, dimensions=16, correlation=0.85, d_turns=1):
    class Model:
        schedule = schedules.FixedSchedule(d_turns)
        latent_dim = dimensions

    rule = OrnsteinUhlenbeck(batch_size, correlation)
    rule.build_for(Model)
    return rule


def walk(rule, steps, d_turns=1):
    """The latents that trained G at each step, [steps, n, dimensions]."""
    path = []
    for step in range(steps):
        key = Key.create(0).fold(step)
        last = key.fold(d_turns - 1).fold("latent")
        path.append(rule.sample(last, rule.latent.shape, training=True).numpy())
        rule.on_step_end(step, key, {})
        np.testing.assert_array_equal(path[-1], rule.latent.numpy())
    return np.stack(path)


@pytest.mark.parametrize("d_turns", [1, 3])
def test_each_step_is_standard_normal_and_steps_correlate_as_rho_to_the_lag(d_turns):
    path = walk(process(d_turns=d_turns), 30, d_turns)
    for latents in (path[0], path[-1]):
        assert stats.kstest(latents.ravel(), "norm").pvalue > 0.01
    for lag in (1, 2, 4):
        correlation = np.corrcoef(path[:-lag].ravel(), path[lag:].ravel())[0, 1]
        assert correlation == pytest.approx(0.85**lag, abs=0.03)


def test_positions_and_dimensions_are_independent():
    path = walk(process(), 20)[-1]
    assert abs(np.corrcoef(path[:32].ravel(), path[32:].ravel())[0, 1]) < 0.13


def test_turns_of_a_step_share_no_latent():
    rule = process(d_turns=2)
    key = Key.create(0)
    first, second = (
        rule.sample(key.fold(turn).fold("latent"), (64, 16), training=True) for turn in (0, 1)
    )
    assert not np.isclose(first, second).any()


def test_a_replica_draws_its_rows():
    rule, key = process(), Key.create(0).fold("latent")
    whole = rule.sample(key, (64, 16), training=True)
    part = rule.sample(key.at(48), (16, 16), training=True)
    np.testing.assert_array_equal(whole[48:], part)


def test_outside_training_latents_are_independent_of_the_process():
    rule = process()
    before = rule.sample(Key.create(1), (5, 16))
    rule.latent.assign(tf.ones_like(rule.latent))
    np.testing.assert_array_equal(before, rule.sample(Key.create(1), (5, 16)))


def test_replicas_agree_and_equal_one_device(tiny, mirrored):
    one = tiny.gan(prior=OrnsteinUhlenbeck(8), normalize=False)
    tiny.train(one, 3)
    with mirrored.scope():
        two = tiny.gan(prior=OrnsteinUhlenbeck(8), normalize=False)
    tiny.train(two, 3)
    first, second = tiny.copies(two.prior.latent)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first, one.prior.latent.numpy(), rtol=1e-6)
    for a, b in zip(one.generator.get_weights(), two.generator.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
