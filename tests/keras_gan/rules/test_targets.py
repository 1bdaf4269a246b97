import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from keras_gan.rules import losses
from keras_gan.rules.targets import Targets

COUNT = 4000


def draw(key, **arguments):
    return [t.numpy() for t in Targets(**arguments).draw(key, COUNT)]


def test_soft_targets_are_uniform_on_their_ranges(key):
    real, fake = draw(key, real=(0.7, 1.2), fake=(0.0, 0.3))
    assert stats.kstest(real, stats.uniform(0.7, 0.5).cdf).pvalue > 0.01
    assert stats.kstest(fake, stats.uniform(0.0, 0.3).cdf).pvalue > 0.01
    assert abs(np.corrcoef(real, fake)[0, 1]) < 0.06
    assert len(np.unique(real)) > 0.99 * COUNT  # drawn per sample


def test_one_sided_smoothing_leaves_the_fakes_hard(key):
    real, fake = draw(key, real=(0.9, 0.9))
    assert set(real) == {np.float32(0.9)} and set(fake) == {0.0}


def test_flips_come_at_their_rate_independently_on_both_sides(key):
    real, fake = draw(key, flip=0.2)
    assert set(real) == set(fake) == {0.0, 1.0}
    for flipped in (real == 0, fake == 1):
        assert stats.binomtest(int(flipped.sum()), COUNT, 0.2).pvalue > 0.01
    both = int(((real == 0) & (fake == 1)).sum())
    assert stats.binomtest(both, COUNT, 0.04).pvalue > 0.01


def test_a_flipped_soft_target_is_drawn_from_the_other_side(key):
    real, _ = draw(key, real=(0.7, 1.2), fake=(0.0, 0.3), flip=0.3)
    flipped = real[real < 0.5]
    assert stats.binomtest(len(flipped), COUNT, 0.3).pvalue > 0.01
    assert stats.kstest(flipped, stats.uniform(0.0, 0.3).cdf).pvalue > 0.01


def test_shards_draw_what_one_device_draws(key):
    targets = Targets((0.7, 1.2), (0.0, 0.3), 0.2)
    whole = targets.draw(key, 8)
    parts = [targets.draw(key.at(row), 4) for row in (0, 4)]
    for side in (0, 1):
        np.testing.assert_array_equal(whole[side], tf.concat([p[side] for p in parts], 0))


def test_without_targets_a_flip_exchanges_the_logits_of_a_pair(key):
    real, fake = tf.range(100, dtype=tf.float32), -tf.range(100, dtype=tf.float32) - 1
    new_real, new_fake = (t.numpy() for t in Targets(flip=0.3).exchange(key, real, fake))
    flipped = new_real < 0
    assert 10 < flipped.sum() < 50
    np.testing.assert_array_equal(new_real, np.where(flipped, fake, real))
    np.testing.assert_array_equal(new_fake, np.where(flipped, real, fake))


@pytest.mark.parametrize("loss", [losses.NonSaturating(), losses.Hinge()])
def test_only_d_s_turns_are_flipped(tiny, loss):
    """With a D that does not change, the first step's G loss is that without flips."""
    import keras

    still = keras.optimizers.SGD(0.0)
    flipped = tiny.gan(loss=loss, targets=Targets(flip=0.4), d_optimizer=still)
    plain = tiny.gan(loss=loss, d_optimizer=keras.optimizers.SGD(0.0))
    a, b = tiny.train(flipped, 1), tiny.train(plain, 1)
    assert a["generator/loss"][0] == b["generator/loss"][0]
    assert a["discriminator/loss"][0] != b["discriminator/loss"][0]
    assert 0 < a["targets/flipped"][0] < 1
    # Accuracy is against the true side.
    assert a["discriminator/accuracy_real"][0] == b["discriminator/accuracy_real"][0]
