"""The check before each update, and the loss scale."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.rules.schedules import Schedule
from keras_gan.step.player import LossScale, Player


def player(optimizer, **options):
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    return Player("d", network, optimizer, **options)


def state(player):
    return [np.array(v) for v in (*player.network.variables, *player.optimizer.variables)]


@pytest.mark.parametrize("name", ["sgd", "adam", "rmsprop", "adamw", "lion", "nadam"])
def test_our_loop_is_keras_own_apply(name):
    make = lambda: keras.optimizers.get({"class_name": name, "config": {"learning_rate": 0.1}})
    ours, theirs = player(make()), player(make())
    for a, b in zip(ours.network.variables, theirs.network.variables):
        b.assign(a)
    rng = np.random.default_rng(0)
    for _ in range(3):
        grads = [tf.constant(rng.normal(size=v.shape), tf.float32) for v in ours.network.variables]
        ours.update(grads, tf.linalg.global_norm(grads), tf.constant(True), 0)
        theirs.optimizer.apply(grads, theirs.network.trainable_variables)
    for a, b in zip(ours.network.variables, theirs.network.variables):
        np.testing.assert_allclose(a, b, atol=1e-6)
    assert int(ours.optimizer.iterations.numpy()) == 3


def test_a_refused_update_leaves_weights_and_slots_bit_for_bit():
    trained = player(keras.optimizers.Adam(0.1))
    grads = [tf.ones(v.shape) for v in trained.network.variables]
    trained.update(grads, tf.linalg.global_norm(grads), tf.constant(True), 0)
    before = state(trained)
    trained.update(grads, tf.linalg.global_norm(grads), tf.constant(False), 0)
    for a, b in zip(before, state(trained)):
        np.testing.assert_array_equal(a, b)


def test_the_rate_is_the_optimizers_own_times_the_schedules_factor():
    made = player(keras.optimizers.SGD(0.1), rate_schedule=Schedule("cosine", 1.0, 0.0, 4))
    kernel = made.network.variables[0]
    grads = [tf.ones(v.shape) for v in made.network.variables]
    for step, own in [(0, 0.1), (1, 0.1), (2, 0.02), (3, 0.02)]:
        made.optimizer.learning_rate = own  # as a roll-back or a callback changes it
        before = kernel.numpy()
        made.update(grads, tf.linalg.global_norm(grads), tf.constant(True), tf.constant(step))
        expected = own * 0.5 * (1.0 + np.cos(np.pi * step / 4))
        np.testing.assert_allclose(before - kernel.numpy(), expected, rtol=1e-4)
        assert float(made.learning_rate(step)) == pytest.approx(expected)
    assert float(made.optimizer.learning_rate) == pytest.approx(0.02)


@pytest.mark.parametrize("name", ["adam", "ftrl"])
def test_a_rate_of_zero_leaves_everything_as_it_is(name):
    made = player(keras.optimizers.get(name), rate_schedule=Schedule("linear", 1.0, 0.0, 4))
    grads = [tf.ones(v.shape) for v in made.network.variables]
    made.update(grads, tf.linalg.global_norm(grads), tf.constant(True), tf.constant(0))
    before = state(made)
    made.update(grads, tf.linalg.global_norm(grads), tf.constant(True), tf.constant(4))
    for a, b in zip(before, state(made)):
        np.testing.assert_array_equal(a, b)


def test_a_scheduled_beta_2_is_adams_at_that_step():
    """Adam by hand (Kingma & Ba, 2015), with β2 0.5, then 0.7."""
    adam = keras.optimizers.Adam(0.1, beta_1=0.0, beta_2=0.999, epsilon=1e-8)
    made = player(adam, beta_2_schedule=Schedule("linear", 0.5, 0.9, 2))
    weight, second_moment = made.network.variables[0].numpy(), 0.0
    for step, (slope, beta) in enumerate([(1.0, 0.5), (3.0, 0.7)]):
        grads = [slope * tf.ones(v.shape) for v in made.network.variables]
        made.update(grads, tf.linalg.global_norm(grads), tf.constant(True), tf.constant(step))
        second_moment = beta * second_moment + (1 - beta) * slope**2
        weight = weight - 0.1 * slope / np.sqrt(second_moment / (1 - beta ** (step + 1)))
    np.testing.assert_allclose(made.network.variables[0].numpy(), weight, rtol=1e-5)
    assert adam.beta_2 == 0.999  # its own, again


def test_an_optimizer_without_beta_2_has_none_to_schedule():
    with pytest.raises(ValueError, match="d's optimizer, SGD, has no β2"):
        player(keras.optimizers.SGD(0.1), beta_2_schedule=Schedule("linear", 0.9, 0.99, 2))


def test_the_loss_scale_halves_and_doubles_within_bounds():
    scale = LossScale(initial=8.0, growth=2)
    scale.adapt(tf.constant(False))
    assert float(scale.value()) == 4.0
    for _ in range(2):
        scale.adapt(tf.constant(True))
    assert float(scale.value()) == 8.0
    for _ in range(10):
        scale.adapt(tf.constant(False))
    assert float(scale.value()) == 1.0
