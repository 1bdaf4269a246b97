"""The rest of a training is logged once, from steps after the first, which is compiled."""

import types

import pytest
from absl import logging

from keras_gan.monitoring import expected_time


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 seconds"), (89, "89 seconds"), (120, "2 minutes"), (5400, "1.5 hours")],
)
def test_durations(seconds, words):
    assert expected_time.duration(seconds) == words


def test_the_first_step_does_not_count_and_one_line_is_logged(monkeypatch):
    clock, lines = types.SimpleNamespace(now=0.0), []
    monkeypatch.setattr(expected_time.time, "perf_counter", lambda: clock.now)
    monkeypatch.setattr(logging, "info", lines.append)
    callback = expected_time.ExpectedTime(1000)
    callback.set_model(types.SimpleNamespace(step=types.SimpleNamespace(numpy=lambda: 100)))
    callback.on_train_begin()
    for batch in range(60):
        clock.now += 100.0 if batch == 0 else 0.5
        callback.on_train_batch_end(batch)
    # Twenty steps of half a second after the second step: 900 - 22 remain.
    assert lines == [expected_time.sentence(878, 0.5)]
    assert lines[0].startswith("about 7 minutes on this machine for the remaining 878 steps (2 st")
