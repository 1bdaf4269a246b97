"""Target networks and past players (tip 8)."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gan.rules import schedules
from keras_gan.rules.opponents import PastPlayers, TargetNetworks
from keras_gan.step import randomness
from keras_gan.step.functional import Snapshot


def numbers(variables):
    return [v.numpy() for v in variables]


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def everything_of(gan, name):
    player = gan.players[name]
    return numbers([*player.network.variables, *player.optimizer.variables])


def d_turn(gan, images):
    """D's turn alone, as in `train_step`."""
    real, key = tf.cast(images[:, 0], tf.float32) / 127.5 - 1.0, randomness.Key.create(0)
    fakes = gan.updates.fakes(real, None, key.fold(0), taped=True)
    gan.updates.update_discriminators(real, None, fakes, key.fold(0), tf.constant(True), {})
    return real, fakes, key.fold(1)


def g_turn(gan, real, fakes, key):
    gan.updates.update_generators(real, None, fakes, key, tf.constant(True), {})


class TestTargetNetworks:
    def test_the_soft_update_obeys_its_recurrence(self, tiny):
        gan = tiny.gan(opponent=TargetNetworks(0.1))
        expected = numbers(gan.generator.trainable_variables)
        for _ in range(3):
            tiny.train(gan, 1)
            now = numbers(gan.generator.trainable_variables)
            expected = [0.1 * new + 0.9 * old for new, old in zip(now, expected, strict=True)]
        trainable = {id(v) for v in gan.generator.trainable_variables}
        copies = gan.opponent.copies["generator"]
        targets = [c.numpy() for v, c in zip(gan.generator.variables, copies) if id(v) in trainable]
        for a, b in zip(targets, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)

    def test_tau_one_is_the_current_network(self, tiny):
        """D's fakes then come from the G of this step, as without target networks."""
        plain, target = tiny.gan(), tiny.gan(opponent=TargetNetworks(1.0))
        first = tiny.train(plain, 3)["discriminator/loss"]
        np.testing.assert_allclose(tiny.train(target, 3)["discriminator/loss"][0], first[0])

    def test_tau_zero_trains_d_against_the_first_g_for_ever(self, tiny):
        gan = tiny.gan(opponent=TargetNetworks(0.0))
        start = numbers(gan.generator.trainable_variables)
        tiny.train(gan, 3)
        trainable = {id(v) for v in gan.generator.trainable_variables}
        copies = zip(gan.generator.variables, gan.opponent.copies["generator"], strict=True)
        assert same(start, [copy.numpy() for v, copy in copies if id(v) in trainable])
        assert not same(start, numbers(gan.generator.trainable_variables))

    def test_d_trains_on_the_target_g_s_fakes_and_g_against_the_target_d(self, tiny):
        gan = tiny.gan(opponent=TargetNetworks(0.0), normalize=False)
        for copy in gan.opponent.copies["generator"]:
            copy.assign(tf.zeros_like(copy))
        for copy in gan.opponent.copies["discriminator"]:
            copy.assign(tf.zeros_like(copy))
        now = Snapshot(gan.updates.variables)
        for name, network in gan.networks.items():
            replaced = gan.opponent.replace(name, now)
            ours = {id(v) for v in network.variables}
            for variable in gan.updates.variables:
                before, after = now[variable], replaced[variable]
                if id(variable) in ours:
                    assert not np.any(after)
                else:
                    np.testing.assert_array_equal(before, after)
        metrics = tiny.train(gan, 1)
        assert metrics["discriminator/logits_real"][0] != 0.0  # D itself is the current one
        assert metrics["discriminator/logits_fake"][0] == 0.0  # the zero G's grey images
        assert metrics["generator/loss"][0] == pytest.approx(np.log(2.0))  # the zero D's logit

    def test_replicas_agree(self, tiny, mirrored):
        with mirrored.scope():
            gan = tiny.gan(opponent=TargetNetworks(0.3))
        tiny.train(gan, 2)
        for variable in gan.opponent.variables:
            first, second = tiny.copies(variable)
            np.testing.assert_array_equal(first, second)


class TestPastPlayers:
    def test_a_turn_against_a_snapshot_leaves_the_other_player_bit_for_bit(self, tiny):
        gan = tiny.gan(opponent=PastPlayers(slots=2, every=1, rate=1.0, duration=1))
        tiny.train(gan, 3)
        assert gan.opponent.active.numpy()
        rings = numbers(gan.opponent.variables)
        images = tiny.batch()
        waiting, training = everything_of(gan, "generator"), everything_of(gan, "discriminator")
        real, fakes, key = d_turn(gan, images)
        assert same(waiting, everything_of(gan, "generator"))
        assert not same(training, everything_of(gan, "discriminator"))
        waiting, training = everything_of(gan, "discriminator"), everything_of(gan, "generator")
        g_turn(gan, real, fakes, key)
        assert same(waiting, everything_of(gan, "discriminator"))
        assert not same(training, everything_of(gan, "generator"))
        assert same(rings, numbers(gan.opponent.variables))

    def test_the_ring_holds_the_last_snapshots_bit_for_bit(self, tiny):
        gan = tiny.gan(opponent=PastPlayers(slots=2, every=2, rate=0.0))
        history = []
        for _ in range(6):
            tiny.train(gan, 1)
            history.append(numbers(gan.generator.variables))
        assert int(gan.opponent.taken.numpy()) == 3
        for ring, *states in zip(
            gan.opponent.snapshots["generator"], history[5], history[3], strict=True
        ):
            np.testing.assert_array_equal(ring.numpy(), np.stack(states))

    def test_the_opponent_is_the_snapshot_when_active_and_the_current_one_when_not(self, tiny):
        gan = tiny.gan(opponent=PastPlayers(slots=2, every=1, rate=1.0, duration=1))
        tiny.train(gan, 3)
        rule, now = gan.opponent, Snapshot(gan.updates.variables)
        slot = int(rule.slot.numpy())
        seen = rule.replace("generator", now)
        for variable, ring in zip(gan.generator.variables, rule.snapshots["generator"]):
            np.testing.assert_array_equal(seen[variable], ring.numpy()[slot])
        rule.active.assign(False)
        for a, b in zip(rule.replace("generator", now).values, now.values, strict=True):
            np.testing.assert_array_equal(a, b)

    def test_swaps_last_their_duration_and_their_share_is_the_rate(self, tiny):
        gan = tiny.gan(opponent=PastPlayers(slots=3, every=1, rate=0.4, duration=5))
        active = np.concatenate([tiny.train(gan, 100)["past_players/active"] for _ in range(4)])
        blocks = active.reshape(-1, 5)
        assert (blocks == blocks[:, :1]).all()
        wins = int(blocks[1:, 0].sum())  # nothing to swap in at first
        from scipy import stats

        assert stats.binomtest(wins, len(blocks) - 1, 0.4).pvalue > 0.01
        assert int(gan.opponent.swaps.numpy()) in (wins, wins + 1)  # the next may be decided

    def test_replicas_agree_on_swaps_and_snapshots(self, tiny, mirrored):
        with mirrored.scope():
            gan = tiny.gan(opponent=PastPlayers(slots=2, every=1, rate=0.5, duration=1))
        tiny.train(gan, 4)
        for variable in gan.opponent.variables:
            first, second = tiny.copies(variable)
            np.testing.assert_array_equal(first, second)

    def test_a_step_is_the_same_in_xla(self, tiny):
        graph, xla = (
            tiny.train(tiny.gan(opponent=PastPlayers(2, 1, 0.5, 1), jit_compile=x), 4)
            for x in (False, True)
        )
        np.testing.assert_array_equal(graph["past_players/active"], xla["past_players/active"])
        np.testing.assert_allclose(graph["generator/loss"], xla["generator/loss"], rtol=1e-5)


def test_all_d_turns_of_a_step_use_the_opponent(tiny):
    gan = tiny.gan(
        opponent=TargetNetworks(0.0), schedule=schedules.FixedSchedule(d_turns=2), normalize=False
    )
    for copy in gan.opponent.copies["generator"]:
        copy.assign(tf.zeros_like(copy))
    metrics = tiny.train(gan, 1)
    assert np.isfinite(metrics["discriminator/loss"]).all()
