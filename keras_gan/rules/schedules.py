"""Schedules: pure functions of the step, and who trains how often."""

import math

import tensorflow as tf

from keras_gan.rules.base import Rule, rule


@rule
class Decay(Rule):
    """A quantity that falls from `start` to `end` over `steps`, then stays at exactly `end`.

    Args:
        kind: "constant", "linear", "cosine" or "exponential" (which reaches a thousandth of the
            way at the end, and then `end`).
        start, end: first and last value.
        steps: absolute number of steps.
    """

    kind: str = "linear"
    start: float = 0.1
    end: float = 0.0
    steps: int = 1000

    def __call__(self, step):
        """The value at `step` (integer tensor), float32."""
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


@rule
class FixedSchedule(Rule):
    """k turns of D, then m of G, every step: the default (tip 11: don't balance by statistics)."""

    d_turns: int = 1
    g_turns: int = 1

    def keeps_training(self, side, loss, active):
        """Whether a side trains in this turn.

        Args:
            side: "discriminator" or "generator".
            loss: its loss, float32 scalar.
            active: whether it trained in the turns before, boolean scalar.
        """
        return active


@rule
class ThresholdLoop(Rule):
    """while loss_D > A: train D; while loss_G > B: train G; at most `bound` turns each.

    The principled form of balancing by statistics. Off by default: its authors advise against it,
    and a loss says little about who is ahead (tip 11).

    Args:
        d_threshold, g_threshold: A and B, on the losses' values.
        bound: the most turns a side takes in one step.
    """

    d_threshold: float = 0.9
    g_threshold: float = 0.5
    bound: int = 3

    @property
    def d_turns(self):
        return self.bound

    @property
    def g_turns(self):
        return self.bound

    def keeps_training(self, side, loss, active):
        threshold = self.d_threshold if side == "discriminator" else self.g_threshold
        return tf.logical_and(active, loss > threshold)

    def on_step_end(self, step, key, metrics):
        for side in ("discriminator", "generator"):
            hit = metrics[f"{side}/turns"] >= self.bound
            metrics[f"{side}/bound_hit"] = tf.cast(hit, tf.float32)
