"""The check before each update, and the loss scale."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.step.player import LossScale, Player


def player(optimizer):
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    return Player("d", network, optimizer)


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
        ours.update(grads, tf.linalg.global_norm(grads), tf.constant(True))
        theirs.optimizer.apply(grads, theirs.network.trainable_variables)
    for a, b in zip(ours.network.variables, theirs.network.variables):
        np.testing.assert_allclose(a, b, atol=1e-6)
    assert int(ours.optimizer.iterations.numpy()) == 3


def test_a_refused_update_leaves_weights_and_slots_bit_for_bit():
    trained = player(keras.optimizers.Adam(0.1))
    grads = [tf.ones(v.shape) for v in trained.network.variables]
    trained.update(grads, tf.linalg.global_norm(grads), tf.constant(True))
    before = state(trained)
    trained.update(grads, tf.linalg.global_norm(grads), tf.constant(False))
    for a, b in zip(before, state(trained)):
        np.testing.assert_array_equal(a, b)


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
