import numpy as np
import pytest
import tensorflow as tf

from keras_gan.rules import schedules

STEPS = np.arange(0, 131, 10)


@pytest.mark.parametrize(
    "kind, share_left",
    [
        ("linear", lambda t: 1 - t),
        ("cosine", lambda t: 0.5 * (1 + np.cos(np.pi * t))),
        ("exponential", lambda t: 1e-3**t),
    ],
)
@pytest.mark.parametrize("xla", [False, True])
def test_the_decay_is_its_formula_and_then_exactly_its_end(kind, share_left, xla):
    decay = schedules.Schedule(kind, 0.5, 0.0, 100)
    value = tf.function(decay.__call__, jit_compile=xla)
    values = np.array([float(value(tf.constant(step, tf.int64))) for step in STEPS])
    before = STEPS < 100
    np.testing.assert_allclose(values[before], 0.5 * share_left(STEPS[before] / 100), rtol=1e-5)
    assert (values[~before] == 0.0).all() and (values[before] > 0.0).all()
    assert values[0] == 0.5
    assert (np.diff(values) <= 0).all()


def test_a_constant_stays():
    assert float(schedules.Schedule("constant", 0.3, 0.0, 1)(tf.constant(99))) == np.float32(0.3)


def test_an_end_other_than_zero_is_met():
    assert float(schedules.Schedule("cosine", 0.9, 0.1, 10)(tf.constant(10))) == np.float32(0.1)


@pytest.mark.parametrize("xla", [False, True])
def test_a_warm_up_rises_linearly_from_near_zero(xla):
    schedule = schedules.Schedule("cosine", 1.0, 0.0, steps=100, warm_up=10)
    value = tf.function(schedule.__call__, jit_compile=xla)
    for step in (0, 4, 9, 10, 50, 100):
        expected = min(1.0, (step + 1) / 10) * 0.5 * (1 + np.cos(np.pi * step / 100))
        assert float(value(tf.constant(step, tf.int64))) == pytest.approx(expected, abs=1e-7)
    constant = schedules.Schedule("constant", 2.0, warm_up=4)
    assert [float(constant(step)) for step in (0, 1, 3, 9)] == [0.5, 1.0, 2.0, 2.0]


def test_a_number_is_its_own_value():
    assert schedules.value_at(0.3, tf.constant(5)) == 0.3
    assert float(schedules.value_at(schedules.Schedule("linear", 0.0, 1.0, 4), 1)) == 0.25


def state(gan, name):
    player = gan.players[name]
    return [v.numpy() for v in (*player.network.variables, *player.optimizer.variables)]


def loop(tiny, d_threshold, g_threshold, bound=2, **rules):
    return tiny.gan(schedule=schedules.ThresholdLoop(d_threshold, g_threshold, bound), **rules)


class TestThresholdLoop:
    def test_above_both_thresholds_it_takes_its_bound_and_no_more(self, tiny):
        gan = loop(tiny, -1e9, -1e9)
        metrics = tiny.train(gan, 2)
        for side in ("discriminator", "generator"):
            np.testing.assert_array_equal(metrics[f"{side}/turns"], [2, 2])
            np.testing.assert_array_equal(metrics[f"{side}/bound_hit"], [1, 1])
            assert int(gan.players[side].optimizer.iterations.numpy()) == 4

    def test_with_the_bound_taken_it_is_the_fixed_schedule(self, tiny):
        looped, fixed = loop(tiny, -1e9, -1e9), tiny.gan(schedule=schedules.FixedSchedule(2, 2))
        tiny.train(looped, 2)
        tiny.train(fixed, 2)
        for name in ("discriminator", "generator"):
            for a, b in zip(state(looped, name), state(fixed, name), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)

    @pytest.mark.parametrize("refused", ["discriminator", "generator"])
    def test_a_refused_turn_leaves_weights_slots_and_statistics_bit_for_bit(self, tiny, refused):
        import keras

        limits = {"discriminator": (1e9, -1e9), "generator": (-1e9, 1e9)}[refused]
        adams = {f"{side}_optimizer": keras.optimizers.Adam(0.01) for side in "dg"}
        gan = loop(tiny, *limits, **adams)
        before = {name: state(gan, name) for name in gan.players}
        metrics = tiny.train(gan, 2)
        for name in gan.players:
            same = [np.array_equal(a, b) for a, b in zip(before[name], state(gan, name))]
            assert all(same) if name == refused else not any(same[:2])
        np.testing.assert_array_equal(metrics[f"{refused}/turns"], [0, 0])
        np.testing.assert_array_equal(metrics[f"{refused}/bound_hit"], [0, 0])

    def test_it_stops_when_the_loss_falls_below_the_threshold(self, tiny):
        """D alone, with a large rate: its loss falls from log 4 within the turns of one step."""
        import keras

        adam = keras.optimizers.Adam(0.05)
        gan = loop(tiny, 1.0, 1e9, bound=4, d_optimizer=adam, normalize=False)
        images = np.tile(tiny.batch(), (1, 4, 1, 1, 1))
        turns = tiny.train(gan, 3, images)["discriminator/turns"]
        assert 0 < turns[0] < 4
        assert turns[-1] < turns[0]

    def test_replicas_decide_alike(self, tiny, mirrored):
        with mirrored.scope():
            gan = loop(tiny, 1.2, 0.5)
        tiny.train(gan, 3)
        for player in gan.players.values():
            for variable in player.network.trainable_variables:
                first, second = tiny.copies(variable)
                np.testing.assert_array_equal(first, second)


def test_a_step_that_is_not_finite_changes_nothing_bit_for_bit(tiny):
    import keras

    adams = {f"{side}_optimizer": keras.optimizers.Adam(0.01) for side in "dg"}
    gan = tiny.gan(**adams)
    tiny.train(gan, 1)
    first = gan.discriminator.trainable_variables[0]
    first.assign(tf.fill(first.shape, float("nan")))
    before = {name: state(gan, name) for name in gan.players}
    metrics = tiny.train(gan, 1)
    for name in gan.players:
        for a, b in zip(before[name], state(gan, name), strict=True):
            np.testing.assert_array_equal(a, b)
    assert metrics["finite"][1] == 0.0 and metrics["finite"][0] == 1.0
    for values in metrics.values():
        assert np.isfinite(values).all()
