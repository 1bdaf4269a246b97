import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.errors import UsageError
from keras_gan.rules import schedules, weight_clip
from keras_gan.settings import from_config
from keras_gan.settings.config import Config
from keras_gan.settings.resolve import complete
from keras_gan.step.player import Player

EVERYTHING = dict(
    real_target="0.7,1.2", fake_target="0,0.3", label_flip=0.05, replay_rate=0.3, lecam=0.3,
    past_players=3, r1=1.0, r2=2.0, balanced_consistency=4.0, augment="color,cutout", ada=0.6,
    input_noise=0.2, input_noise_steps=7, top_k=0.5, clip_norm=3.0, average_decay=0.9,
    d_weight_decay=0.01, penalty_interval=2,
)  # fmt: skip


def test_every_switch_becomes_its_rule():
    rules = from_config.compile_arguments(complete(EVERYTHING))
    assert rules["targets"].real == (0.7, 1.2) and rules["targets"].flip == 0.05
    names = [penalty.name for penalty in rules["penalties"]]
    assert names == ["r1", "r2", "balanced_consistency", "lecam"]
    assert [penalty.weight for penalty in rules["penalties"]] == [1.0, 2.0, 4.0, 0.3]
    assert rules["penalties"][0].interval == 2
    diffaugment, ada, noise = rules["d_inputs"]
    assert diffaugment.kinds == ("color", "cutout") and ada.target == 0.6
    assert noise.stddev == schedules.Schedule("linear", 0.2, 0.0, 7)
    assert rules["replay"].rate == 0.3 and rules["opponent"].slots == 3
    assert rules["top_k"].floor == 0.5 and rules["clip_norm"] == 3.0
    assert rules["average"].decay == 0.9
    assert rules["d_optimizer"].weight_decay == 0.01 and not rules["g_optimizer"].weight_decay


def test_by_default_no_further_rule_is_on():
    rules = from_config.compile_arguments(complete({}))
    assert not rules["penalties"] and not rules["d_inputs"] and not rules["targets"].soft
    for name in ("replay", "opponent", "top_k", "clip_norm", "d_constraint"):
        assert rules[name] is None
    assert isinstance(rules["schedule"], schedules.FixedSchedule)


def test_a_dictionary_of_settings_is_accepted():
    rules = from_config.compile_arguments({"loss": "hinge", "d_turns": 3})
    whole = from_config.compile_arguments(complete({"loss": "hinge", "d_turns": 3}))
    names = ("loss", "schedule", "average", "targets", "penalties")
    assert all(rules[name] == whole[name] for name in names)
    with pytest.raises(TypeError, match="d_turn"):
        from_config.compile_arguments({"d_turn": 3})


def test_an_unknown_optimizer_is_refused_with_the_choices():
    with pytest.raises(UsageError, match=r"--d_optimizer=sdg: unknown optimizer.*adam.*sgd"):
        from_config.compile_arguments(complete({"d_optimizer": "sdg"}))


def test_two_time_scales():
    rules = from_config.compile_arguments(
        complete({"d_learning_rate": 4e-4, "g_learning_rate": 1e-4, "d_optimizer": "sgd"})
    )
    assert isinstance(rules["d_optimizer"], keras.optimizers.SGD)
    rates = [float(rules[f"{side}_optimizer"].learning_rate.numpy()) for side in "dg"]
    assert rates == pytest.approx([4e-4, 1e-4])


def test_scheduled_rates_are_factors_up_to_the_horizon():
    given = {
        "steps": 100,
        "d_learning_rate": 2e-4,
        "d_learning_rate_end": 5e-5,
        "d_learning_rate_schedule": "cosine",
        "g_learning_rate_schedule": "linear",
    }
    rules = from_config.compile_arguments(complete(given))
    assert rules["d_learning_rate_schedule"] == schedules.Schedule("cosine", 1.0, 0.25, 100)
    assert rules["g_learning_rate_schedule"] == schedules.Schedule("linear", 1.0, 0.0, 100)
    warm = from_config.compile_arguments(complete({"warmup_steps": 9, "schedule_share": 0.5}))
    assert warm["g_learning_rate_schedule"] == schedules.Schedule("constant", 1.0, 0.0, 1000, 9)
    # Without a horizon there is nothing to go to.
    without = from_config.compile_arguments({"d_learning_rate_schedule": "cosine"})
    assert without["d_learning_rate_schedule"] is None


@pytest.mark.parametrize("name", sorted(from_config.OPTIMIZERS))
def test_any_keras_optimizer_moves_a_player_as_keras_moves_a_model(name):
    settings = {"d_optimizer": name, "d_learning_rate": 0.01, "d_weight_decay": 0.01}
    made = from_config.optimizer(complete(settings), "d")
    again = type(made).from_config(made.get_config())
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2)])
    twin = keras.models.clone_model(network)
    twin.set_weights(network.get_weights())
    player = Player("twin", twin, again)
    made.build(network.trainable_variables)
    rng = np.random.default_rng(0)
    for _ in range(3):
        gradients = [
            tf.constant(rng.normal(size=v.shape), tf.float32) for v in network.trainable_variables
        ]
        made.apply(gradients, network.trainable_variables)
        tf.function(player.update)(gradients, tf.constant(1.0), tf.constant(True), tf.constant(0))
    assert int(again.iterations.numpy()) == 3
    for ours, theirs in zip(twin.get_weights(), network.get_weights(), strict=True):
        assert np.isfinite(ours).all()
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_clipped_weights_stay_within_the_bound(tiny):
    gan = tiny.gan(d_constraint=weight_clip.WeightClip(0.01))
    tiny.train(gan, 3)
    for weight in gan.discriminator.trainable_variables:
        assert np.abs(weight.numpy()).max() <= np.float32(0.01)
    assert max(np.abs(w.numpy()).max() for w in gan.generator.trainable_variables) > 0.01


def test_weight_decay_on_d_alone_shrinks_d_alone(tiny):
    decayed = [
        tiny.gan(d_optimizer=keras.optimizers.SGD(0.05, weight_decay=decay), normalize=False)
        for decay in (None, 0.1)
    ]
    starts = decayed[0].discriminator.get_weights()
    for gan in decayed:
        tiny.train(gan, 1)
    plain, shrunk = (gan.discriminator.get_weights() for gan in decayed)
    for start, a, b in zip(starts, plain, shrunk, strict=True):
        np.testing.assert_allclose(a - b, 0.05 * 0.1 * start, atol=1e-7)


def test_all_fields_that_are_rules_are_flags():
    names = {field.name for field in dataclasses.fields(Config)}
    assert set(EVERYTHING) <= names
