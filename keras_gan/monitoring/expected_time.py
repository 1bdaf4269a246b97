"""How long the rest of a training will take, from its first steps."""

import time

import keras
from absl import logging

TRACED = 2  # steps that are not timed: the first one is compiled
SECONDS, STEPS = 10.0, 10  # the least that a rate is measured from


class ExpectedTime(keras.callbacks.Callback):
    """Logs once how long the remaining steps will take on this machine.

    Scores, samples and checkpoints are counted as far as they fall into the steps that are timed:
    the first ten seconds.

    Args:
        steps: int, the last step.
    """

    def __init__(self, steps: int):
        super().__init__()
        self.steps, self.reported = steps, False

    def on_train_begin(self, logs=None):
        self.first, self.began = int(self.model.step.numpy()), None

    def on_train_batch_end(self, batch, logs=None):
        if self.reported or batch + 1 < TRACED:
            return
        now = time.perf_counter()
        if self.began is None:
            self.began, self.counted_from = now, batch + 1
            return
        steps, seconds = batch + 1 - self.counted_from, now - self.began
        if steps >= STEPS and seconds >= SECONDS:
            self.reported = True
            remaining = self.steps - self.first - batch - 1
            logging.info(sentence(remaining, seconds / steps))


def sentence(steps: int, seconds_per_step: float) -> str:
    """What the log says of `steps` remaining steps."""
    return (
        f"about {duration(steps * seconds_per_step)} on this machine for the remaining {steps:,}"
        f" steps ({1.0 / seconds_per_step:.3g} steps per second, without scores)"
    )


def duration(seconds: float) -> str:
    """A length of time in words: seconds up to 90, minutes up to 90, then hours."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
