import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from keras_gan.layers.minibatch_stddev import MinibatchStddev
from keras_gan.layers.spectral import SpectralConv2D, SpectralDense
from keras_gan.rules import penalties, schedules
from keras_gan.rules.input_noise import InputNoise
from keras_gan.settings.config import Config
from keras_gan.step import randomness
from keras_gan.step.turn import Turn


@pytest.fixture(scope="module")
def slope():
    """a of D(x) = a·x, with ‖a‖ = 2.5."""
    a = np.random.default_rng(5).normal(size=(4, 4, 1))
    return tf.constant(2.5 * a / np.linalg.norm(a), tf.float32)


@pytest.mark.parametrize("xla", [False, True])
@pytest.mark.parametrize(
    "penalty, expected",
    [
        (penalties.GradientPenalty(10.0), 10.0 * 1.5**2),
        (penalties.Dragan(10.0), 10.0 * 1.5**2),
        (penalties.R1(3.0), 1.5 * 2.5**2),
        (penalties.R2(3.0), 1.5 * 2.5**2),
    ],
)
def test_on_a_linear_discriminator_the_closed_form_holds(tiny, slope, penalty, expected, xla):
    values = tf.function(lambda a: penalty(tiny.linear_turn(a)), jit_compile=xla)(slope)
    np.testing.assert_allclose(values, np.full(8, expected), rtol=2e-6)


def test_gradient_penalty_of_a_slope_below_one_is_two_sided(tiny, slope):
    values = penalties.GradientPenalty(1.0)(tiny.linear_turn(slope / 5.0))  # ‖a‖ = ½
    np.testing.assert_allclose(values, np.full(8, 0.25), rtol=2e-6)


def test_the_penalty_of_a_flat_discriminator_has_a_finite_gradient(tiny):
    a = tf.Variable(tf.zeros((4, 4, 1)))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(penalties.GradientPenalty(10.0)(tiny.linear_turn(a)))
    assert float(loss) == pytest.approx(10.0, rel=1e-5)
    assert np.isfinite(tape.gradient(loss, a).numpy()).all()


@pytest.mark.parametrize("xla", [False, True])
def test_the_derivative_of_r1_by_the_weights_is_gamma_times_a(tiny, slope, xla):
    a = tf.Variable(slope)

    @tf.function(jit_compile=xla)
    def derivative(value):
        with tf.GradientTape() as tape:
            tape.watch(value)
            loss = tf.reduce_mean(penalties.R1(3.0)(tiny.linear_turn(value)))
        return tape.gradient(loss, value)

    np.testing.assert_allclose(derivative(a.value()), 3.0 * slope, rtol=1e-5)


@pytest.mark.parametrize("kind", [penalties.R1, penalties.R2])
def test_finite_differences_are_right_on_average(tiny, slope, kind):
    count = 20_000
    values = kind(2.0, finite_difference=True)(tiny.linear_turn(slope, count)).numpy()
    exact = 2.5**2  # γ/2·‖a‖²
    assert values.mean() == pytest.approx(exact, abs=4 * np.sqrt(2 / count) * exact)
    assert values.var() == pytest.approx(2 * exact**2, rel=0.15)


@pytest.mark.parametrize("xla", [False, True])
def test_a_lazy_penalty_is_computed_every_k_steps_and_counts_k_times(tiny, slope, xla):
    lazy = tf.function(
        lambda step: penalties.R1(3.0, interval=4)(tiny.linear_turn(slope, step=step)),
        jit_compile=xla,
    )
    means = [float(tf.reduce_mean(lazy(tf.constant(step, tf.int64)))) for step in range(8)]
    full = 4 * 1.5 * 2.5**2
    np.testing.assert_allclose(means, [full, 0, 0, 0, full, 0, 0, 0], rtol=1e-5)


@pytest.mark.parametrize("kind", [penalties.GradientPenalty, penalties.Dragan, penalties.R2])
def test_a_lazy_penalty_has_a_gradient_in_xla(tiny, slope, kind):
    """Through minibatch standard deviation too, whose shapes XLA must know."""
    spread = MinibatchStddev(4)

    @tf.function(jit_compile=True)
    def derivative(a):
        with tf.GradientTape() as tape:
            tape.watch(a)
            turn = tiny.linear_turn(a, step=tf.constant(4, tf.int64))
            plain = turn.logits_of
            turn.logits_of = lambda images, side="real": (
                plain(images) * (1.0 + spread(images)[:, 0, 0, -1])
            )
            loss = tf.reduce_mean(kind(1.0, interval=2)(turn))
        return tape.gradient(loss, a)

    assert np.abs(derivative(slope)).max() > 0


def test_the_interpolation_factor_is_uniform_and_drawn_per_sample(tiny):
    # With D(x) = ½Σx² the gradient is x̂ itself, so the penalty shows α: real 3e, fake 1e.
    turn = tiny.linear_turn(tf.zeros((1, 1, 1)), count=4000)
    turn.real, turn.fake = 3.0 * tf.ones_like(turn.real), {"images": tf.ones_like(turn.real)}
    turn.logits_of = lambda images: 0.5 * tf.reduce_sum(images**2, (1, 2, 3))
    alpha = np.sqrt(penalties.GradientPenalty(1.0)(turn).numpy()) / 2.0
    from scipy import stats

    assert stats.kstest(alpha, "uniform").pvalue > 0.01


def test_dragan_stays_within_half_a_standard_deviation(tiny):
    turn, seen = tiny.linear_turn(tf.ones((4, 4, 1)), count=16), []
    logits_of = turn.logits_of
    turn.logits_of = lambda images: seen.append(images) or logits_of(images)
    penalties.Dragan()(turn)
    moved = (seen[0] - turn.real).numpy().reshape(2, -1)
    std = turn.real.numpy().reshape(2, -1).std(1)  # two groups of eight
    assert (moved >= 0).all() and (moved.max(1) < 0.5 * std).all()
    assert (moved.max(1) > 0.3 * std).all()


def test_consistency_is_zero_for_an_indifferent_discriminator(tiny):
    turn = tiny.linear_turn(tf.zeros((8, 8, 1)))
    assert float(tf.reduce_max(penalties.BalancedConsistency(10.0)(turn))) == 0.0


def test_balanced_consistency_is_the_sum_over_both_sides(tiny):
    turn = tiny.linear_turn(
        tf.constant(np.random.default_rng(0).normal(size=(8, 8, 1)), tf.float32)
    )
    real_only = penalties.Consistency(10.0)(turn)
    both = penalties.BalancedConsistency(10.0)(turn)
    assert float(tf.reduce_mean(real_only)) > 0.0
    assert float(tf.reduce_mean(both)) > float(tf.reduce_mean(real_only))
    from keras_gan.rules.augment import flip_and_shift

    moved = flip_and_shift(turn.real, turn.key.fold("consistency").fold("real"))
    by_hand = 10.0 * (turn.logits_of(turn.real) - turn.logits_of(moved)) ** 2
    np.testing.assert_allclose(real_only, by_hand, rtol=1e-5)


class TestLeCam:
    def rule(self, **arguments):
        rule = penalties.LeCam(weight=0.5, decay=0.9, **arguments)
        rule.build_for(None)
        return rule

    def update(self, rule, real, fake, accepted=True):
        metrics = {"discriminator/logits_real": real, "discriminator/logits_fake": fake}
        rule.on_discriminator_turn_end(
            {name: tf.constant(value) for name, value in metrics.items()}, tf.constant(accepted)
        )

    def test_the_anchors_cross(self, tiny):
        rule = self.rule()
        self.update(rule, 2.0, -1.0)
        turn = tiny.linear_turn(tf.ones((1, 1, 1)), count=2)
        turn.real_output = {"logits": tf.constant([3.0, -5.0])}
        turn.fake_output = {"logits": tf.constant([0.5, 4.0])}
        # ½(relu(3 - α_F)² + relu(α_R - 0.5)²), α_F = -1, α_R = 2; the other pair has no penalty.
        np.testing.assert_allclose(rule(turn), [0.5 * (4.0**2 + 1.5**2), 0.0], rtol=1e-6)

    def test_the_means_follow_the_recurrence_without_their_start(self):
        rule = self.rule()
        values = [2.0, 4.0, -1.0]
        for value in values:
            self.update(rule, value, -value)
        weights = 0.1 * 0.9 ** np.arange(2, -1, -1)
        expected = np.dot(weights, values) / weights.sum()
        real, fake = rule.anchors()
        assert float(real) == pytest.approx(expected, rel=1e-5)
        assert float(fake) == pytest.approx(-expected, rel=1e-5)

    def test_a_refused_or_broken_turn_leaves_the_means(self):
        rule = self.rule()
        self.update(rule, 2.0, -1.0)
        before = [v.numpy() for v in rule.variables]
        self.update(rule, float("nan"), 1.0, accepted=False)
        assert before == [v.numpy() for v in rule.variables]

    def test_before_its_start_it_is_zero(self, tiny):
        rule = self.rule(start=10)
        self.update(rule, 2.0, -1.0)
        turn = tiny.linear_turn(tf.ones((1, 1, 1)), step=9)
        assert float(tf.reduce_sum(rule(turn))) == 0.0


def test_penalty_passes_leave_and_see_the_statistics_of_the_turn(tiny):
    """Spectral norm's u is updated once per turn, by the reals, with or without penalties."""
    import keras

    from keras_gan import GAN

    statistics = []
    for used in ([], [penalties.R1(1e-30), penalties.Consistency(1e-30)]):
        keras.utils.set_random_seed(0)
        generator, _ = tiny.networks(normalize=False)
        images = keras.Input((8, 8, 1))
        x = keras.layers.Flatten()(SpectralConv2D(4, 3)(images))
        logits = keras.layers.Reshape(())(SpectralDense(1)(x))
        gan = GAN(generator, keras.Model(images, {"logits": logits}))
        gan.compile(penalties=used, schedule=schedules.FixedSchedule(1, 1))
        tiny.train(gan, steps=2)
        statistics.append([v.numpy() for v in gan.discriminator.non_trainable_variables])
    for without, with_penalties in zip(*statistics, strict=True):
        np.testing.assert_allclose(without, with_penalties, rtol=1e-5, atol=1e-6)


def test_r1_is_the_same_on_two_replicas_as_on_one(tiny, mirrored):
    used = lambda: [penalties.R1(2.0), penalties.GradientPenalty(1.0), penalties.LeCam()]
    alone = tiny.gan(normalize=False, penalties=used())
    tiny.train(alone, 3)
    with mirrored.scope():
        pair = tiny.gan(normalize=False, penalties=used())
    tiny.train(pair, 3)
    for a, b in zip(alone.discriminator.weights, pair.discriminator.weights, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-6 * np.abs(a.numpy()).max())
    for variable in pair.penalties[2].variables:
        first, second = tiny.copies(variable)
        assert first == second != 0.0


@pytest.mark.parametrize(
    "penalty",
    [
        *(cls() for cls in penalties.PENALTIES.values()),
        penalties.R1(finite_difference=True),
        penalties.R2(finite_difference=True),
    ],
    ids=repr,
)
def test_a_second_order_penalty_is_one_that_differentiates_d(tiny, slope, monkeypatch, penalty):
    calls = []
    gradient = penalties.gradient
    monkeypatch.setattr(
        penalties, "gradient", lambda *arguments: calls.append(1) or gradient(*arguments)
    )
    penalty(tiny.linear_turn(slope))
    assert bool(calls) == penalty.second_order


def test_a_penalty_has_the_name_of_its_flag():
    flags = {field.name for field in dataclasses.fields(Config)}
    assert {*penalties.PENALTIES, penalties.LeCam().name} <= flags


@pytest.mark.parametrize("interval", [1, 5])
def test_a_weight_may_follow_a_schedule(tiny, slope, interval):
    """γ/2·‖a‖² with γ at the step, times the interval."""
    rule = penalties.R1(schedules.Schedule("cosine", 4.0, 0.4, 20), interval)
    norm = float(tf.reduce_sum(slope**2))
    for step, weight in [(0, 4.0), (10, 2.2), (20, 0.4), (30, 0.4)]:
        turn = tiny.linear_turn(slope, step=step)
        np.testing.assert_allclose(rule(turn), interval * 0.5 * weight * norm, rtol=1e-5)
        assert float(turn.metrics["penalty/r1_weight"]) == pytest.approx(weight)


@pytest.mark.parametrize("xla", [False, True])
def test_r1_and_r2_of_the_turn_s_own_passes_are_those_of_further_passes(tiny, xla):
    """Value and derivative, through noise and augmentation; the former saves a pass per side."""
    gan = tiny.gan(normalize=False, augment="color,translation", d_inputs=[InputNoise()])
    weights = [v.value for v in gan.discriminator.trainable_variables]
    images = [tf.random.stateless_normal((4, 8, 8, 1), (0, i)) for i in range(2)]

    @tf.function(jit_compile=xla)
    def derivatives(real, fake, own):
        turn = Turn(
            randomness.Key.create(0),
            tf.constant(1, tf.int64),
            real,
            None,
            {"images": fake},
            gan.updates._discriminate,
        )
        with tf.GradientTape() as tape:
            turn.call_on_both(separately=True)
            if not own:
                turn._passes = None
            values = [penalty(turn) for penalty in (penalties.R1(2.0), penalties.R2(3.0))]
            loss = tf.reduce_mean(values) + tf.reduce_mean(turn.real_output["logits"])
        return values, tape.gradient(loss, weights, unconnected_gradients="zero")

    ours, theirs = (tf.nest.flatten(derivatives(*images, own)) for own in (True, False))
    assert any(np.abs(value).max() > 0.01 for value in ours[2:])
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
