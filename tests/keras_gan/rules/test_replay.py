import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from keras_gan.rules import replay
from keras_gan.step.randomness import Key

ACCEPTED, REFUSED = tf.constant(True), tf.constant(False)


def buffer(capacity=8, rate=0.5, shape=(2, 2, 1)):
    rule = replay.Replay(capacity, rate)

    class Model:
        image_shape = shape

    rule.build_for(Model)
    return rule


def fakes(*numbers):
    return tf.ones((len(numbers), 2, 2, 1)) * tf.constant(numbers, tf.float32)[:, None, None, None]


def content(rule):
    return rule.images.numpy()[:, 0, 0, 0].tolist()


def test_it_holds_the_last_fakes_first_in_first_out():
    rule = buffer(capacity=5)
    for first in (1, 4, 7):
        rule.insert(fakes(first, first + 1, first + 2), None, ACCEPTED)
    assert sorted(content(rule)) == [5, 6, 7, 8, 9]
    assert int(rule.filled) == 5


def test_a_batch_larger_than_the_buffer_leaves_its_last_rows():
    rule = buffer(capacity=3)
    rule.insert(fakes(1, 2, 3, 4, 5), None, ACCEPTED)
    assert sorted(content(rule)) == [3, 4, 5]


@pytest.mark.parametrize(
    "accepted, values", [(REFUSED, (1.0, 2.0)), (ACCEPTED, (1.0, np.nan)), (ACCEPTED, (np.inf, 1))]
)
def test_refused_and_broken_fakes_stay_out(accepted, values):
    rule = buffer()
    rule.insert(fakes(3.0), None, ACCEPTED)
    before = [v.numpy() for v in rule.variables]
    rule.insert(fakes(*values), None, accepted)
    for old, new in zip(before, rule.variables, strict=True):
        np.testing.assert_array_equal(old, new.numpy())


def test_an_empty_buffer_changes_nothing(key):
    new = fakes(*range(8))
    np.testing.assert_array_equal(buffer(rate=1.0).mix(new, None, key, {}), new)


def test_the_share_is_binomial_and_every_slot_is_drawn_alike(key):
    rule, count, metrics = buffer(capacity=8, rate=0.3), 4000, {}
    rule.insert(fakes(*range(1, 7)), None, ACCEPTED)  # six of eight slots
    mixed = rule.mix(tf.zeros((count, 2, 2, 1)), None, key, metrics).numpy()[:, 0, 0, 0]
    replaced = int((mixed > 0).sum())
    assert stats.binomtest(replaced, count, 0.3).pvalue > 0.01
    assert float(metrics["replay/share"]) == pytest.approx(replaced / count)
    assert float(metrics["replay/fill"]) == 0.75
    counts = np.bincount(mixed[mixed > 0].astype(int), minlength=7)[1:]
    assert stats.chisquare(counts).pvalue > 0.01


def test_two_shards_draw_what_one_device_draws(key):
    rule = buffer(rate=0.5)
    rule.insert(fakes(*range(1, 9)), None, ACCEPTED)
    whole = rule.mix(tf.zeros((8, 2, 2, 1)), None, key, {})
    halves = [rule.mix(tf.zeros((4, 2, 2, 1)), None, key.at(row), {}) for row in (0, 4)]
    np.testing.assert_array_equal(whole, tf.concat(halves, 0))


def test_with_labels_a_fake_is_replaced_by_one_of_its_class(key):
    rule = buffer(capacity=6, rate=1.0)
    rule.insert(fakes(10, 11, 12, 20, 21), tf.constant([1, 1, 1, 2, 2]), ACCEPTED)
    labels = tf.constant([0, 1, 2] * 200)
    mixed = rule.mix(tf.zeros((600, 2, 2, 1)), labels, key, {}).numpy()[:, 0, 0, 0]
    assert set(mixed[labels == 0]) == {0}
    assert set(mixed[labels == 1]) == {10, 11, 12}
    assert set(mixed[labels == 2]) == {20, 21}


def test_in_training_d_sees_past_fakes_and_g_does_not(tiny):
    metrics = tiny.train(tiny.gan(replay=replay.Replay(16, 1.0)), 4)
    np.testing.assert_array_equal(metrics["replay/share"], [0, 1, 1, 1])
    np.testing.assert_array_equal(metrics["replay/fill"], [0, 0.5, 1, 1])
    plain = tiny.train(tiny.gan(), 4)
    assert metrics["generator/loss"][0] == plain["generator/loss"][0]
    assert metrics["discriminator/loss"][1] != plain["discriminator/loss"][1]


def test_the_buffer_is_global_and_equal_on_all_replicas(tiny, mirrored):
    one = tiny.gan(replay=replay.Replay(16, 0.5))
    tiny.train(one, 1)
    with mirrored.scope():
        two = tiny.gan(replay=replay.Replay(16, 0.5))
    tiny.train(two, 1)
    for variable in two.replay.variables:
        first, second = tiny.copies(variable)
        np.testing.assert_array_equal(first, second)
    # Up to batch norm, whose statistics are per replica here, the content is the same size.
    assert int(two.replay.filled) == int(one.replay.filled) == 8
    assert len(np.unique(two.replay.images.numpy()[:8].reshape(8, -1), axis=0)) == 8


def test_a_step_is_the_same_in_xla(tiny):
    graph, xla = (
        tiny.train(tiny.gan(replay=replay.Replay(16, 0.5), jit_compile=x), 3) for x in (False, True)
    )
    np.testing.assert_array_equal(graph["replay/share"], xla["replay/share"])
    np.testing.assert_allclose(graph["discriminator/loss"], xla["discriminator/loss"], rtol=1e-5)


def test_turns_of_a_step_mix_differently():
    rule = buffer(rate=0.5)
    rule.insert(fakes(*range(1, 9)), None, ACCEPTED)
    first, second = (
        rule.mix(tf.zeros((64, 2, 2, 1)), None, Key.create(0).fold(turn), {}) for turn in (0, 1)
    )
    assert not np.array_equal(first, second)
