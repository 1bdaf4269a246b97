"""The step: which variables it changes, when and how."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import GAN
from keras_gan.rules.ema import MovingAverage
from keras_gan.rules.schedules import FixedSchedule
from keras_gan.step import randomness


def weights(network):
    return [np.array(v) for v in network.variables]


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_step_updates_both_players_and_the_counters(tiny):
    gan = tiny.gan()
    before = {name: weights(n) for name, n in gan.networks.items()}
    metrics = tiny.train(gan, steps=2)
    for name, network in gan.networks.items():
        assert not same(before[name], weights(network))
    assert int(gan.step.numpy()) == 2
    for player in gan.players.values():
        assert int(player.optimizer.iterations.numpy()) == 2
    np.testing.assert_array_equal(metrics["finite"], 1)


def test_players_share_no_variable(tiny):
    gan = tiny.gan()
    d, g = ({id(v) for v in n.variables} for n in gan.networks.values())
    assert not d & g


def test_g_trains_against_the_updated_d(tiny):
    """With SGD and no normalisation the step can be computed by hand."""
    gan = tiny.gan(normalize=False)
    twin = tiny.gan(normalize=False)
    images = tiny.batch()
    tiny.train(gan, images=images)

    real = tf.cast(images[:, 0], tf.float32) / 127.5 - 1.0
    key = randomness.Key.create(0).fold(tf.constant(0, tf.int64)).fold(0)
    latent = twin.prior.sample(key.fold("latent"), (len(images), twin.latent_dim))
    d, g = twin.discriminator, twin.generator
    with tf.GradientTape() as tape:
        fake = tf.stop_gradient(g(latent))
        loss = tf.reduce_mean(tf.math.softplus(-d(real)["logits"]))
        loss += tf.reduce_mean(tf.math.softplus(d(fake)["logits"]))
    for v, grad in zip(d.trainable_variables, tape.gradient(loss, d.trainable_variables)):
        v.assign_sub(0.05 * grad)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.math.softplus(-d(g(latent))["logits"]))
    for v, grad in zip(g.trainable_variables, tape.gradient(loss, g.trainable_variables)):
        v.assign_sub(0.05 * grad)
    for name, network in gan.networks.items():
        for actual, by_hand in zip(network.variables, twin.networks[name].variables):
            np.testing.assert_allclose(actual, by_hand, atol=1e-6)


def test_xla_agrees_with_graph_mode(tiny):
    first, second = tiny.gan(), tiny.gan(jit_compile=True)
    tiny.train(first, steps=3)
    tiny.train(second, steps=3)
    for a, b in zip(first.generator.variables, second.generator.variables):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_step_that_is_not_finite_changes_no_weight(tiny):
    """NaN in D's weights makes everything NaN; only the counters may change."""
    gan = tiny.gan(d_optimizer=keras.optimizers.Adam(1e-3), g_optimizer=keras.optimizers.Adam(1e-3))
    tiny.train(gan, steps=2)
    kernel = gan.discriminator.trainable_variables[0]
    kernel.assign(tf.fill(kernel.shape, np.nan))
    state = {k: [np.array(v) for v in vs] for k, vs in gan.state().items()}
    metrics = tiny.train(gan, steps=1)
    for owner, variables in gan.state().items():
        if owner not in ("recorder", "counters"):
            for before, after in zip(state[owner], variables):
                np.testing.assert_array_equal(before, np.array(after), err_msg=owner)
    assert metrics["finite"][-1] == 0
    assert all(np.isfinite(v).all() for v in metrics.values())


def test_batch_statistics_are_of_the_reals_alone(tiny):
    """D's moving mean is that of the reals; a concatenated batch mixes both."""
    images = np.full((8, 1, 8, 8, 1), 255, np.uint8)
    means = {}
    for separate in (True, False):
        gan = tiny.gan(separate_batches=separate)
        norm = next(
            layer
            for layer in gan.discriminator.layers
            if isinstance(layer, keras.layers.BatchNormalization)
        )
        dense = next(
            layer for layer in gan.discriminator.layers if isinstance(layer, keras.layers.Dense)
        )
        expected = 0.01 * np.array(dense(tf.ones((1, 64))))[0]  # momentum 0.99, all pixels 1
        tiny.train(gan, images=images)
        means[separate] = np.array(norm.moving_mean) - expected
    np.testing.assert_allclose(means[True], 0, atol=1e-6)
    assert np.abs(means[False]).max() > 1e-4


def test_turns_take_fresh_reals_and_count(tiny):
    gan = tiny.gan(schedule=FixedSchedule(d_turns=3, g_turns=2))
    metrics = tiny.train(gan)
    assert metrics["discriminator/turns"][-1] == 3
    assert metrics["generator/turns"][-1] == 2
    assert int(gan.d_optimizer.iterations.numpy()) == 3
    assert int(gan.g_optimizer.iterations.numpy()) == 2


def test_the_average_is_what_is_sampled(tiny):
    gan = tiny.gan(average=MovingAverage(0.5, warm_up=False))
    start = weights(gan.generator)
    tiny.train(gan)
    trained = {id(v) for v in gan.generator.trainable_variables}
    for old, new, average in zip(
        start, gan.generator.variables, gan.average_generator.variables, strict=True
    ):
        expected = 0.5 * old + 0.5 * np.array(new) if id(new) in trained else np.array(new)
        np.testing.assert_allclose(average, expected, atol=1e-6)
    first = gan.sample(4, seed=1)
    for variable in gan.generator.variables:
        variable.assign(tf.zeros_like(variable))
    np.testing.assert_array_equal(gan.sample(4, seed=1), first)


def test_samples_do_not_depend_on_how_many_are_asked_for(tiny):
    gan = tiny.gan()
    np.testing.assert_array_equal(gan.sample(300, seed=2)[:5], gan.sample(5, seed=2))
    assert not np.array_equal(gan.sample(5, seed=3), gan.sample(5, seed=2))


def test_a_missing_gradient_is_an_error(tiny):
    generator, discriminator = tiny.networks()
    images = discriminator.inputs[0]
    logits = discriminator(images)["logits"]
    unused = keras.layers.Dense(1)(keras.layers.Flatten()(images))
    broken = keras.Model(images, {"logits": logits, "unused": unused})
    gan = GAN(generator, broken)
    gan.compile()
    with pytest.raises(ValueError, match="no gradient reaches"):
        tiny.train(gan)


@pytest.mark.parametrize("option", ["clipnorm", "global_clipnorm", "clipvalue"])
def test_an_optimizer_that_clips_by_replica_is_refused(tiny, option):
    with pytest.raises(ValueError, match=option):
        tiny.gan(d_optimizer=keras.optimizers.SGD(0.1, **{option: 1.0}))


def test_clip_norm_bounds_the_update(tiny):
    gan = tiny.gan(normalize=False, clip_norm=1e-3)
    before = [np.array(v) for v in gan.discriminator.trainable_variables]
    tiny.train(gan)
    moved = [np.array(v) - b for v, b in zip(gan.discriminator.trainable_variables, before)]
    norm = np.sqrt(sum((m**2).sum() for m in moved))
    np.testing.assert_allclose(norm, 0.05 * 1e-3, rtol=1e-3)
