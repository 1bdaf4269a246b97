import numpy as np
import pytest
import tensorflow as tf

from keras_gan.rules import augment, penalties
from keras_gan.rules.schedules import Schedule


@pytest.fixture(scope="module")
def images():
    return tf.constant(np.random.default_rng(0).uniform(-1, 1, (8, 12, 10, 3)), tf.float32)


def test_shift_moves_by_whole_pixels_and_fills_with_zero(images):
    moved = augment.shift(images, tf.fill([8], 3), tf.fill([8], -2)).numpy()
    expected = np.zeros_like(moved)
    expected[:, 3:, :-2] = images[:, :-3, 2:]
    np.testing.assert_array_equal(moved, expected)


def test_random_shifts_reach_an_eighth_each_way_and_no_further(key):
    dot = np.zeros((2000, 16, 16, 1), np.float32)
    dot[:, 8, 8] = 1.0
    moved = augment.random_shift(tf.constant(dot), key).numpy()
    rows, columns = np.nonzero(moved[..., 0])[1:]
    assert set(rows) == set(columns) == {6, 7, 8, 9, 10}


def test_brightness_saturation_and_contrast_in_closed_form(images):
    up = augment.brightness(images, tf.fill([8], 0.25)).numpy()
    np.testing.assert_allclose(up, images + 0.25, rtol=1e-6)
    grey = augment.saturation(images, tf.zeros([8])).numpy()
    np.testing.assert_allclose(grey.std(-1), 0.0, atol=1e-6)
    flat = augment.contrast(images, tf.fill([8], 0.5)).numpy()
    np.testing.assert_allclose(flat.std((1, 2, 3)), 0.5 * images.numpy().std((1, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(flat.mean((1, 2, 3)), images.numpy().mean((1, 2, 3)), atol=1e-6)


def test_cutout_takes_at_most_a_quarter_of_the_area_in_one_rectangle(key):
    holes = augment.cutout(tf.ones((500, 12, 10, 1)), key).numpy()[..., 0] == 0
    area = holes.sum((1, 2))
    assert area.max() == 6 * 5 and area.min() < 30
    rows, columns = holes.any(2).sum(1), holes.any(1).sum(1)
    np.testing.assert_array_equal(area, rows * columns)


@pytest.mark.parametrize("kinds", [("color",), ("translation",), ("cutout",), augment.KINDS])
def test_diffaugment_is_differentiable_keyed_by_position_and_the_same_in_xla(images, key, kinds):
    rule = augment.DiffAugment(kinds)
    step = tf.constant(0, tf.int64)
    whole = rule(images, key, step)
    assert not np.array_equal(whole, images)
    halves = [rule(images[:4], key, step), rule(images[4:], key.at(4), step)]
    np.testing.assert_array_equal(whole, tf.concat(halves, 0))

    @tf.function(jit_compile=True)
    def compiled(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = rule(x, key, step)
                loss = tf.reduce_sum(y**3)
            gradient = tape.gradient(loss, x)
        return y, gradient, outer.gradient(gradient, x)

    output, gradient, second = compiled(images)
    np.testing.assert_allclose(output, whole, atol=1e-5)
    assert np.abs(gradient).max() > 0 and np.abs(second).max() > 0


class TestADA:
    def rule(self, p=0.0, **arguments):
        rule = augment.ADA(**arguments)
        rule.build_for(None)
        rule.p.assign(p)
        return rule

    def feed(self, rule, sign, turns, accepted=True):
        for _ in range(turns):
            rule.on_discriminator_turn_end(
                {"discriminator/sign_real": tf.constant(sign)}, tf.constant(accepted)
            )
        return float(rule.p.numpy())

    def test_p_zero_is_the_identity_bit_for_bit(self, images, key):
        np.testing.assert_array_equal(self.rule(0.0)(images, key, 0), images)

    def test_at_p_each_kind_acts_on_that_share(self, key):
        images = tf.constant(np.random.default_rng(0).uniform(-1, 1, (2000, 8, 8, 1)), tf.float32)
        moved = self.rule(0.3)(images, key, 0).numpy()
        changed = (moved != images.numpy()).any((1, 2, 3)).mean()
        # Flip (visible half the time), half and quarter turns (half), shift (8/9), two colours.
        expected = 1 - 0.85 * 0.85 * 0.85 * (1 - 0.3 * 8 / 9) * 0.7 * 0.7
        assert changed == pytest.approx(expected, abs=4 * np.sqrt(0.25 / 2000))

    def test_mirrors_keep_every_pixel(self, images, key):
        square = images[:, :10]
        moved = np.sort(augment.random_flip(square, key).numpy().reshape(8, -1))
        np.testing.assert_array_equal(moved, np.sort(square.numpy().reshape(8, -1)))

    def test_p_moves_by_its_step_every_interval_turns(self):
        rule = self.rule(0.5, step_size=0.01, interval=4)
        assert self.feed(rule, 1.0, 3) == 0.5
        assert self.feed(rule, 1.0, 1) == pytest.approx(0.54)
        assert self.feed(rule, 0.0, 4) == pytest.approx(0.50)
        assert self.feed(rule, 0.6, 4) == pytest.approx(0.50)  # on target

    def test_p_stays_between_zero_and_one(self):
        rule = self.rule(step_size=0.3, interval=1)
        assert self.feed(rule, -1.0, 3) == 0.0
        assert self.feed(rule, 1.0, 9) == 1.0

    def test_refused_turns_do_not_count(self):
        rule = self.rule(0.5, step_size=0.1, interval=1)
        assert self.feed(rule, float("nan"), 5, accepted=False) == 0.5
        assert self.feed(rule, 1.0, 1) == pytest.approx(0.6)

    def test_replicas_agree_and_equal_one_device(self, tiny, mirrored):
        results = []
        for strategy in (tf.distribute.get_strategy(), mirrored):
            rule = augment.ADA(step_size=0.2, interval=1)
            with strategy.scope():
                gan = tiny.gan(normalize=False, d_inputs=[rule])
            tiny.train(gan, 4)
            results.append((float(rule.p.numpy()), gan.discriminator.get_weights()))
        assert np.ptp(tiny.copies(rule.p)) == 0.0
        assert results[0][0] == results[1][0]
        for one, two in zip(results[0][1], results[1][1], strict=True):
            np.testing.assert_allclose(one, two, atol=1e-6)


def test_r1_through_ada_taken_lazily_in_xla(tiny):
    """A second derivative of a transposition inside a condition: XLA equals graph mode."""
    turn = tiny.linear_turn(tf.zeros((8, 8, 1)))
    noise = np.random.default_rng(0).normal(size=(8, 8, 1))
    weights = tf.constant(noise, tf.float32)
    ada = augment.ADA()
    ada.build_for(None)
    ada.p.assign(1.0)

    def derivative(weights, step):
        with tf.GradientTape() as tape:
            tape.watch(weights)
            turn.step = step
            turn.logits_of = lambda images, side="real": tf.einsum(
                "nhwc,hwc->n", tf.square(ada(images, turn.key, step)), weights
            )
            value = tf.reduce_mean(penalties.R1(1.0, 2)(turn))
        return tape.gradient(value, weights)

    for step in (0, 1):
        plain, compiled = (
            tf.function(derivative, jit_compile=xla)(weights, tf.constant(step, tf.int64))
            for xla in (False, True)
        )
        assert (np.abs(plain).max() > 0) == (step == 0)
        np.testing.assert_allclose(plain, compiled, rtol=1e-4, atol=1e-5)


def test_a_kind_of_diffaugment_acts_on_the_share_that_its_rate_says(key):
    images = tf.constant(np.random.default_rng(0).uniform(-1, 1, (4000, 4, 4, 1)), tf.float32)
    rule = augment.DiffAugment(("color",), Schedule("linear", 0.0, 0.4, 100))
    whole = augment.DiffAugment(("color",))(images, key, 0).numpy()
    for step, rate in [(0, 0.0), (50, 0.2), (100, 0.4)]:
        found = rule(images, key, tf.constant(step, tf.int64)).numpy()
        changed = (found != images.numpy()).any((1, 2, 3))
        assert abs(changed.mean() - rate) <= 4 * np.sqrt(rate * (1 - rate) / 4000)
        np.testing.assert_array_equal(found[changed], whole[changed])
