"""The ring buffer of step metrics."""

import numpy as np
import tensorflow as tf

from keras_gan.step.recorder import Recorder


def test_the_ring_keeps_the_last_rows_in_order():
    recorder = Recorder(window=4, columns=3)
    for step in range(6):
        recorder.write(tf.constant(step, tf.int64), {"b": step * 10.0, "a": float(step)})
    steps, metrics = recorder.read(6)
    np.testing.assert_array_equal(steps, [2, 3, 4, 5])
    np.testing.assert_array_equal(metrics["a"], [2, 3, 4, 5])
    np.testing.assert_array_equal(metrics["b"], [20, 30, 40, 50])
    steps, metrics = recorder.read(6, count=2)
    np.testing.assert_array_equal(metrics["a"], [4, 5])


def test_before_the_first_step_there_is_nothing():
    steps, metrics = Recorder().read(0)
    assert len(steps) == 0 and metrics == {}


def test_no_number_that_is_not_finite_is_kept():
    recorder = Recorder(window=2, columns=2)
    recorder.write(tf.constant(0, tf.int64), {"loss": np.nan, "finite": 0.0})
    assert np.isfinite(np.array(recorder.rows)).all()
