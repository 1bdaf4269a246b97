"""Schedules: pure functions of the step, and the number of turns of each side per step."""

import math

import tensorflow as tf

from keras_gan.rules.base import Rule, rule
from keras_gan.step.randomness import Key


@rule
class Schedule(Rule):
    """A value that goes from `start` to `end` over `steps`, then is exactly `end`.

    A pure function of the step, so that a continued run has the values of an uninterrupted one.

    Args:
        kind: str, "constant", "linear", "cosine" or "exponential" (which covers all but a
            thousandth of the difference, then jumps to `end`). Defaults to "linear".
        start: float, first value. Defaults to 0.1.
        end: float, last value. Defaults to 0.
        steps: int, absolute number of steps. Defaults to 1000.
        warm_up: int, number of first steps over which the value is also multiplied by a factor that
            rises linearly to 1. Defaults to 0.

    Example:

    ```python
    factor = Schedule("cosine", 1.0, 0.0, steps=5000, warm_up=100)
    ```
    """

    kind: str = "linear"
    start: float = 0.1
    end: float = 0.0
    steps: int = 1000
    warm_up: int = 0

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The value at `step` (integer tensor), float32."""
        value = self._without_warm_up(step)
        if not self.warm_up:
            return value
        return value * tf.minimum(1.0, tf.cast(step + 1, tf.float32) / float(self.warm_up))

    def _without_warm_up(self, step: tf.Tensor) -> tf.Tensor:
        if self.kind == "constant":
            return tf.constant(self.start, tf.float32)
        done = tf.cast(step, tf.float32) / float(self.steps)
        left = {
            "linear": 1.0 - done,
            "cosine": 0.5 * (1.0 + tf.cos(math.pi * done)),
            "exponential": tf.exp(math.log(1e-3) * done),
        }[self.kind]
        # Weighted so that both ends are exact, in floating point too.
        value = self.start * left + self.end * (1.0 - left)
        return tf.where(tf.cast(step, tf.float32) >= self.steps, self.end, value)


def value_at(quantity: float | Schedule, step: tf.Tensor) -> float | tf.Tensor:
    """The value of a number, which it is itself, or of a `Schedule`.

    Args:
        quantity: float or `Schedule`.
        step: integer scalar.

    Returns:
        A float, or float32 scalar.
    """
    return quantity(step) if callable(quantity) else quantity


@rule
class FixedSchedule(Rule):
    """A fixed number of turns of D, then of G, per step (tip 11: don't balance by statistics).

    Args:
        d_turns: int, turns of D per step. Defaults to 1.
        g_turns: int, turns of G per step. Defaults to 1.
    """

    d_turns: int = 1
    g_turns: int = 1

    def keeps_training(self, side: str, loss: tf.Tensor, active: tf.Tensor) -> tf.Tensor:
        """Whether a side trains in this turn.

        Args:
            side: str, "discriminator" or "generator".
            loss: float32 scalar, the side's loss.
            active: boolean scalar, whether it trained in all earlier turns of this step.

        Returns:
            A boolean scalar.
        """
        return active


@rule
class ThresholdLoop(Rule):
    """while loss_D > A: train D; while loss_G > B: train G; at most `bound` turns each.

    Balancing by statistics, off by default: the tip advises against it, and a loss says little
    about which player is ahead (tip 11).

    Args:
        d_threshold: float, A. Defaults to 0.9.
        g_threshold: float, B. Defaults to 0.5.
        bound: int, maximum number of turns of a side per step. Defaults to 3.
    """

    d_threshold: float = 0.9
    g_threshold: float = 0.5
    bound: int = 3

    @property
    def d_turns(self) -> int:
        return self.bound

    @property
    def g_turns(self) -> int:
        return self.bound

    def keeps_training(self, side: str, loss: tf.Tensor, active: tf.Tensor) -> tf.Tensor:
        threshold = self.d_threshold if side == "discriminator" else self.g_threshold
        return tf.logical_and(active, loss > threshold)

    def on_step_end(self, step: tf.Tensor, key: Key, metrics: dict[str, tf.Tensor]) -> None:
        for side in ("discriminator", "generator"):
            hit = metrics[f"{side}/turns"] >= self.bound
            metrics[f"{side}/bound_hit"] = tf.cast(hit, tf.float32)
