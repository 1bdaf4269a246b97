"""Penalties on the discriminator: one value per sample, added to its loss.

g = ∇ₓD(x); norms are over a whole image. The gradient is taken with respect to the image itself,
through D's input noise and augmentation; D's statistics and power iterations are not updated.
"""

import math
from collections.abc import Callable
from typing import Any, cast

import keras
import tensorflow as tf

from keras_gan.rules.augment import flip_and_shift
from keras_gan.rules.base import Rule, StatefulRule, register, rule
from keras_gan.rules.schedules import Schedule, value_at
from keras_gan.step import functional
from keras_gan.step.randomness import Key
from keras_gan.step.turn import Turn

TINY = 1e-12  # keeps the root's derivative finite at 0; below float32's precision near 1


def gradient(logits_of: Callable[[tf.Tensor], tf.Tensor], images: tf.Tensor) -> tf.Tensor:
    """∇ₓD(x) of each sample; can be differentiated again.

    Args:
        logits_of: function images → logits [n], such as `turn.logits_of`.
        images: float32 [n, …].

    Returns:
        float32 [n, …].

    Raises:
        ValueError: the logits do not depend on the images.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        logits = logits_of(images)
    gradients = tape.gradient(logits, images)
    if gradients is None:
        raise ValueError("D's output has no gradient with respect to its images")
    return gradients


def squared_norm(tensor: tf.Tensor) -> tf.Tensor:
    """‖·‖² of each sample.

    Args:
        tensor: float32 [n, …].

    Returns:
        float32 [n].
    """
    return tf.reduce_sum(tf.square(tensor), axis=list(range(1, len(tensor.shape))))


def per_image(reduce: Callable, logits: tf.Tensor) -> tf.Tensor:
    """One value per image of logits, or of maps of them.

    Args:
        reduce: function of a tensor and `axis`, such as `tf.reduce_mean`.
        logits: float32 [n] or [n, h, w].

    Returns:
        float32 [n].
    """
    axes = list(range(1, len(logits.shape)))
    return reduce(logits, axis=axes) if axes else logits


def column(values: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
    """One value per sample, shaped to be multiplied with images.

    Args:
        values: float32 [n].
        images: tensor [n, …].

    Returns:
        float32 [n, 1, …], of as many dimensions as the images.
    """
    return tf.reshape(values, [-1] + [1] * (len(images.shape) - 1))


class Penalty(Rule):
    """Base class: called with a turn of D, returns float32 [n], including the weight.

    Subclasses have the fields `weight` (a float or a `schedules.Schedule`) and `interval`, and
    return the unweighted values from `per_sample(turn)`. With an interval of N the penalty is lazy:
    computed every N steps, with N times the weight (Karras et al., 2020).

    Attributes:
        name: str, the flag of its weight; its metric is "penalty/NAME".
        second_order: bool, whether D is differentiated with respect to its input, and so twice
            per step.
    """

    weight: float | Schedule
    interval = 1
    name = "penalty"
    second_order = False

    def __call__(self, turn: Turn) -> tf.Tensor:
        weight = value_at(self.weight, turn.step)
        if callable(self.weight):
            turn.log(f"penalty/{self.name}_weight", weight)
        if self.interval == 1:
            return weight * self.per_sample(turn)
        return tf.cond(
            turn.step % self.interval == 0,
            lambda: self.interval * weight * self.per_sample(turn),
            lambda: tf.zeros([turn.count]),
        )

    def per_sample(self, turn: Turn) -> tf.Tensor:
        """The penalty of each sample without its weight, float32 [n]."""
        raise NotImplementedError


@rule
class GradientPenalty(Penalty):
    """λ(‖g(x̂)‖ - 1)², x̂ = αx + (1-α)G(z), α ~ U(0, 1) per sample (Gulrajani et al., 2017).

    Args:
        weight: float, λ. Defaults to 10.
        interval: int, steps between computations. Defaults to 1.
    """

    weight: float = 10.0
    interval: int = 1
    name = "gradient_penalty"
    second_order = True

    def per_sample(self, turn: Turn) -> tf.Tensor:
        real, fake = turn.real, turn.fake["images"]
        alpha = column(turn.key.fold(self.name).uniform([turn.count]), real)
        between = alpha * real + (1.0 - alpha) * fake
        return (tf.sqrt(squared_norm(gradient(turn.logits_of, between)) + TINY) - 1.0) ** 2


@rule
class Dragan(Penalty):
    """λ(‖g(x̂)‖ - 1)², x̂ = x + ½·std(x)·α·u (DRAGAN, Kodali et al., 2017).

    α ~ U(0, 1) per sample, u ~ U(0, 1) per pixel. The standard deviation is over groups of
    consecutive images, so that replicas and one device see the same.

    Args:
        weight: float, λ. Defaults to 10.
        interval: int, steps between computations. Defaults to 1.
        group: int, images per group. Defaults to 8.
    """

    weight: float = 10.0
    interval: int = 1
    group: int = 8
    name = "dragan"
    second_order = True

    def per_sample(self, turn: Turn) -> tf.Tensor:
        real, key = turn.real, turn.key.fold(self.name)
        group = math.gcd(turn.count, self.group)
        grouped = tf.reshape(real, [turn.count // group, -1])
        std = tf.reshape(tf.tile(tf.math.reduce_std(grouped, 1, keepdims=True), [1, group]), [-1])
        alpha = key.fold("sample").uniform([turn.count])
        step = key.fold("pixel").uniform(real.shape)
        near = tf.stop_gradient(real + 0.5 * column(std * alpha, real) * step)
        return (tf.sqrt(squared_norm(gradient(turn.logits_of, near)) + TINY) - 1.0) ** 2


@rule
class R1(Penalty):
    """γ/2·‖g(x)‖² on reals (Mescheder, Geiger & Nowozin, 2018).

    Args:
        weight: float or `schedules.Schedule`, γ; it depends on the resolution: try ×2, ×4, /2, /4
            around a known value. Defaults to 1.
        interval: int, steps between computations. Defaults to 1.
        finite_difference: bool, whether to compute ((D(x) - D(x+σε))/σ)² instead of ‖g‖², with
            ε ~ N(0, I): one more pass of D and no second derivative. It is unbiased to first
            order, with variance 2‖g‖⁴. Defaults to False.
        sigma: float, σ of that difference. Defaults to 0.01.
    """

    weight: float | Schedule = 1.0
    interval: int = 1
    finite_difference: bool = False
    sigma: float = 0.01
    name = "r1"
    side = "real"

    @property
    def second_order(self) -> bool:  # type: ignore[override]  # read only, as all attributes here
        return not self.finite_difference

    def per_sample(self, turn: Turn) -> tf.Tensor:
        images = turn.real if self.side == "real" else turn.fake["images"]

        def logits_of(images: tf.Tensor) -> tf.Tensor:
            return turn.logits_of(images, self.side)

        if not self.finite_difference:
            # A lazy penalty is in a branch of its own, where it takes a pass of its own.
            slope = turn.input_gradient(self.side) if self.interval == 1 else None
            return 0.5 * squared_norm(gradient(logits_of, images) if slope is None else slope)
        near = images + self.sigma * turn.key.fold(self.name).normal(images.shape)
        output = turn.real_output if self.side == "real" else turn.fake_output
        difference = per_image(tf.reduce_sum, output["logits"] - logits_of(near))
        return 0.5 * (difference / self.sigma) ** 2


@rule
class R2(R1):
    """γ/2·‖g(G(z))‖² on fakes (Mescheder, Geiger & Nowozin, 2018); arguments as for `R1`."""

    name = "r2"
    side = "fake"


@rule
class Consistency(Penalty):
    """λ(D(x) - D(T(x)))², T a flip and a shift by up to an eighth (CR, Zhang et al., 2020).

    Args:
        weight: float, λ. Defaults to 10.
        interval: int, steps between computations. Defaults to 1.
    """

    weight: float = 10.0
    interval: int = 1
    name = "consistency"
    sides = cast(tuple[str, ...], ("real",))

    def per_sample(self, turn: Turn) -> tf.Tensor:
        both = {
            "real": (turn.real, turn.real_output),
            "fake": (turn.fake["images"], turn.fake_output),
        }
        total = 0.0
        for side in self.sides:
            images, output = both[side]
            moved = flip_and_shift(images, turn.key.fold(self.name).fold(side))
            difference = output["logits"] - turn.logits_of(moved, side)
            total += per_image(tf.reduce_mean, difference**2)
        return total


@rule
class BalancedConsistency(Consistency):
    """Consistency on reals and on fakes, with the same λ (bCR, Zhao et al., 2021)."""

    name = "balanced_consistency"
    sides = ("real", "fake")


# The stateless ones; only these have an interval.
PENALTIES = {
    cls.name: cls for cls in (GradientPenalty, Dragan, R1, R2, Consistency, BalancedConsistency)
}


@register
class LeCam(StatefulRule):
    """λ(relu(D(x) - α_F)² + relu(α_R - D(G(z)))²) (Tseng et al., 2021).

    α_R and α_F are running means of D on reals and fakes. D is pulled on the reals towards the
    mean of the fakes, and on the fakes towards that of the reals. The means are corrected for
    their start at zero, so the penalty can act from the first step.

    Args:
        weight: float, λ. Defaults to 0.3.
        decay: float, decay of the running means per D turn. Defaults to 0.99.
        start: int, first step of the penalty. Defaults to 0.
        name: str, the Keras name. Defaults to "lecam".
        **kwargs: arguments of `keras.layers.Layer`.
    """

    second_order = False

    def __init__(
        self,
        weight: float = 0.3,
        decay: float = 0.99,
        start: int = 0,
        name: str = "lecam",
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self.weight, self.decay, self.start = weight, decay, start

    def build_for(self, gan: keras.Model) -> None:
        self.real = self.state("real")
        self.fake = self.state("fake")
        self.seen = self.state("seen")
        self.built = True

    def anchors(self) -> tuple[tf.Tensor, tf.Tensor]:
        """α_R and α_F, float32 scalars."""
        # `seen` is 1 - decay^turns, the total weight of the values in the means.
        return tuple(
            tf.math.divide_no_nan(m.value, self.seen.value) for m in (self.real, self.fake)
        )

    def __call__(self, turn: Turn) -> tf.Tensor:
        anchor_real, anchor_fake = self.anchors()
        real, fake = turn.real_output["logits"], turn.fake_output["logits"]
        value = tf.nn.relu(real - anchor_fake) ** 2 + tf.nn.relu(anchor_real - fake) ** 2
        active = (self.seen.value > 0.0) & (turn.step >= self.start)
        return tf.where(active, self.weight * value, 0.0)

    def on_discriminator_turn_end(self, metrics: dict[str, tf.Tensor], accepted: tf.Tensor) -> None:
        new = (
            (self.real, metrics["discriminator/logits_real"]),
            (self.fake, metrics["discriminator/logits_fake"]),
            (self.seen, 1.0),
        )
        for mean, value in new:
            functional.assign(
                [mean], [self.decay * mean.value + (1.0 - self.decay) * value], accepted
            )

    def on_step_end(self, step: tf.Tensor, key: Key, metrics: dict[str, tf.Tensor]) -> None:
        metrics["lecam/anchor_real"], metrics["lecam/anchor_fake"] = self.anchors()
