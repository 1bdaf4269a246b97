"""Penalties on the discriminator: one value per sample, added to its loss.

g = ∇ₓD(x), norms are taken over a whole image. The gradient is the one with respect to the image
itself, through D's input noise and augmentation; D's statistics and power iterations don't move.
"""

import math

import tensorflow as tf

from keras_gan.rules.augment import flip_and_shift
from keras_gan.rules.base import Rule, StatefulRule, register, rule
from keras_gan.step import functional

TINY = 1e-12  # keeps the root's derivative finite at 0, lost in float32's rounding near 1


def gradient(logits_of, images):
    """∇ₓD(x) of each sample, shaped like `images`; differentiable once more."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        logits = logits_of(images)
    gradients = tape.gradient(logits, images)
    if gradients is None:
        raise ValueError("D's output has no gradient with respect to its images")
    return gradients


def squared_norm(tensor):
    """‖·‖² of each sample, float32 [n]."""
    return tf.reduce_sum(tf.square(tensor), axis=list(range(1, len(tensor.shape))))


def per_image(reduce, logits):
    """Logits [n], or maps of them [n, h, w], reduced to one value per image, float32 [n]."""
    axes = list(range(1, len(logits.shape)))
    return reduce(logits, axis=axes) if axes else logits


def column(uniform, images):
    """Numbers [n], one a sample, shaped to be multiplied with images [n, …]."""
    return tf.reshape(uniform, [-1] + [1] * (len(images.shape) - 1))


class Penalty(Rule):
    """Base class: called with a D turn, gives float32 [n], its weight included.

    Subclasses have `weight` and `interval` (computed every so many steps and multiplied by them,
    "lazily": Karras et al., 2020) and give the unweighted values by `per_sample(turn)`.

    Attributes:
        name: the flag of its weight; in the logs it is "penalty/NAME".
        second_order: whether D is differentiated by its input, and so twice in a step.
    """

    interval = 1
    name = "penalty"
    second_order = False

    def __call__(self, turn):
        if self.interval == 1:
            return self.weight * self.per_sample(turn)
        return tf.cond(
            turn.step % self.interval == 0,
            lambda: self.interval * self.weight * self.per_sample(turn),
            lambda: tf.zeros([turn.count]),
        )

    def per_sample(self, turn):
        raise NotImplementedError


@rule
class GradientPenalty(Penalty):
    """λ(‖g(x̂)‖ - 1)², x̂ = αx + (1-α)G(z), α ~ U(0, 1) a sample (Gulrajani et al., 2017)."""

    weight: float = 10.0
    interval: int = 1
    name = "gradient_penalty"
    second_order = True

    def per_sample(self, turn):
        real, fake = turn.real, turn.fake["images"]
        alpha = column(turn.key.fold(self.name).uniform([turn.count]), real)
        between = alpha * real + (1.0 - alpha) * fake
        return (tf.sqrt(squared_norm(gradient(turn.logits_of, between)) + TINY) - 1.0) ** 2


@rule
class Dragan(Penalty):
    """λ(‖g(x̂)‖ - 1)², x̂ = x + ½·std(x)·α·u, α ~ U(0, 1) a sample, u a pixel (Kodali et al., 2017).

    std is taken over groups of consecutive images, so that replicas and one device see the same.
    """

    weight: float = 10.0
    interval: int = 1
    group: int = 8
    name = "dragan"
    second_order = True

    def per_sample(self, turn):
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
        weight: γ; it scales with the resolution, try ×2, ×4, /2, /4 around a known one.
        finite_difference: ((D(x) - D(x+σε))/σ)² in place of ‖g‖², ε ~ N(0, I): one more pass of D
            and no second derivative. Right on average to first order, its variance is 2‖g‖⁴.
        sigma: σ of that difference.
    """

    weight: float = 1.0
    interval: int = 1
    finite_difference: bool = False
    sigma: float = 0.01
    name = "r1"
    side = "real"

    @property
    def second_order(self):
        return not self.finite_difference

    def per_sample(self, turn):
        images = turn.real if self.side == "real" else turn.fake["images"]

        def logits_of(images):
            return turn.logits_of(images, self.side)

        if not self.finite_difference:
            return 0.5 * squared_norm(gradient(logits_of, images))
        near = images + self.sigma * turn.key.fold(self.name).normal(images.shape)
        output = turn.real_output if self.side == "real" else turn.fake_output
        difference = per_image(tf.reduce_sum, output["logits"] - logits_of(near))
        return 0.5 * (difference / self.sigma) ** 2


@rule
class R2(R1):
    """γ/2·‖g(G(z))‖² on fakes (Mescheder, Geiger & Nowozin, 2018); arguments as R1's."""

    name = "r2"
    side = "fake"


@rule
class Consistency(Penalty):
    """λ(D(x) - D(T(x)))², T a flip and a shift by up to an eighth (CR, Zhang et al., 2020)."""

    weight: float = 10.0
    interval: int = 1
    name = "consistency"
    sides = ("real",)

    def per_sample(self, turn):
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
    """Consistency on reals and fakes alike, λ each (bCR, Zhao et al., 2021)."""

    name = "balanced_consistency"
    sides = ("real", "fake")


# Those without state; the interval is theirs alone.
PENALTIES = {
    cls.name: cls for cls in (GradientPenalty, Dragan, R1, R2, Consistency, BalancedConsistency)
}


@register
class LeCam(StatefulRule):
    """λ(relu(D(x) - α_F)² + relu(α_R - D(G(z)))²) (Tseng et al., 2021).

    α_R and α_F are running means of D on reals and fakes. They cross: the reals are held to the
    mean of the fakes and the other way round. The means are free of the pull towards their start,
    so the penalty needs no waiting time.

    Args:
        weight: λ.
        decay: of the running means, a D turn.
        start: step from which on it acts.
    """

    second_order = False

    def __init__(self, weight=0.3, decay=0.99, start=0, name="lecam", **kwargs):
        super().__init__(name=name, **kwargs)
        self.weight, self.decay, self.start = weight, decay, start

    def build_for(self, gan):
        self.real = self.state("real")
        self.fake = self.state("fake")
        self.seen = self.state("seen")
        self.built = True

    def anchors(self):
        """α_R and α_F, float32 scalars."""
        # `seen` is 1 - decay^turns, the weight that the means have gathered.
        return tuple(
            tf.math.divide_no_nan(m.value, self.seen.value) for m in (self.real, self.fake)
        )

    def __call__(self, turn):
        anchor_real, anchor_fake = self.anchors()
        real, fake = turn.real_output["logits"], turn.fake_output["logits"]
        value = tf.nn.relu(real - anchor_fake) ** 2 + tf.nn.relu(anchor_real - fake) ** 2
        active = (self.seen.value > 0.0) & (turn.step >= self.start)
        return tf.where(active, self.weight * value, 0.0)

    def on_discriminator_turn_end(self, metrics, accepted):
        new = (
            (self.real, metrics["discriminator/logits_real"]),
            (self.fake, metrics["discriminator/logits_fake"]),
            (self.seen, 1.0),
        )
        for mean, value in new:
            functional.assign(
                [mean], [self.decay * mean.value + (1.0 - self.decay) * value], accepted
            )

    def on_step_end(self, step, key, metrics):
        metrics["lecam/anchor_real"], metrics["lecam/anchor_fake"] = self.anchors()
