import numpy as np
import pytest
import tensorflow as tf

from keras_gan.rules import top_k


def at(step):
    return tf.constant(step, tf.int64)


def test_the_share_falls_by_a_hundredth_per_epoch_down_to_its_floor():
    rule = top_k.TopK(0.5, 0.99, every=10)
    steps = np.array([0, 10, 100, 680, 690, 10_000])
    shares = [float(rule.share(tf.constant(step, tf.int64))) for step in steps]
    np.testing.assert_allclose(shares, np.maximum(0.5, 0.99 ** (steps / 10)), rtol=1e-5)


@pytest.mark.parametrize("xla", [False, True])
def test_the_mean_is_that_of_the_best_of_each_group(xla):
    rng = np.random.default_rng(0)
    loss, logits = rng.normal(size=(2, 32)).astype(np.float32)
    rule = top_k.TopK(0.25, every=1, group=16)
    selected = tf.function(lambda a, b: rule(a, b, at(10_000)), jit_compile=xla)(
        loss, logits
    ).numpy()
    best = [16 * g + i for g in (0, 1) for i in np.argsort(-logits[16 * g : 16 * g + 16])[:4]]
    assert selected.mean() == pytest.approx(loss[best].mean(), rel=1e-5)
    assert set(np.nonzero(selected)[0]) == set(best)
    assert float(rule.kept_share(at(10_000), 32)) == 0.25


def test_at_the_start_all_are_kept():
    loss = tf.range(16, dtype=tf.float32)
    np.testing.assert_array_equal(top_k.TopK()(loss, tf.zeros(16), at(0)), loss)


def test_ties_keep_exactly_k():
    selected = top_k.TopK(0.5)(tf.ones(16), tf.zeros(16), at(10_000)).numpy()
    assert (selected > 0).sum() == 8


def test_two_shards_keep_what_one_device_keeps():
    rng = np.random.default_rng(1)
    loss, logits = (tf.constant(x, tf.float32) for x in rng.normal(size=(2, 64)))
    rule = top_k.TopK(0.5)
    whole = rule(loss, logits, at(10_000))
    parts = [rule(loss[i : i + 32], logits[i : i + 32], at(10_000)) for i in (0, 32)]
    np.testing.assert_array_equal(whole, tf.concat(parts, 0))
