"""Augmentations of all images that D sees: differentiable, XLA-safe, keyed by position.

They apply to reals and fakes, in D's turns and in G's. Images are float32 [n, h, w, c] in [-1, 1];
pixels that are shifted in or cut out are 0, mid-grey.
"""

from typing import Any

import keras
import tensorflow as tf

from keras_gan.rules.base import Rule, StatefulRule, register, rule
from keras_gan.rules.schedules import Schedule, value_at
from keras_gan.step import functional
from keras_gan.step.randomness import Key

KINDS = ("color", "translation", "cutout")


def _each(numbers: tf.Tensor) -> tf.Tensor:
    return numbers[:, None, None, None]


def shift(images: tf.Tensor, down: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Moves each image by whole pixels, filling with 0.

    Computed as two products with shifted identities, which have all derivatives, in XLA too.

    Args:
        images: float32 [n, h, w, c] in [-1, 1].
        down: int32 [n], pixels.
        right: int32 [n], pixels.

    Returns:
        float32 [n, h, w, c].
    """
    _, height, width, _ = images.shape
    rows = tf.one_hot(tf.range(height)[None] - down[:, None], height)
    columns = tf.one_hot(tf.range(width)[None] - right[:, None], width)
    return tf.einsum("nij,njkc,nlk->nilc", rows, images, columns)


def random_shift(images: tf.Tensor, key: Key, share: float = 0.125) -> tf.Tensor:
    """Shifts each image by whole pixels, filling with 0.

    Args:
        images: float32 [n, h, w, c] in [-1, 1].
        key: `randomness.Key` of the turn and purpose.
        share: float, largest shift in each direction, of the sides. Defaults to an eighth.

    Returns:
        float32 [n, h, w, c].
    """
    count, height, width, _ = images.shape
    tall, wide = round(height * share), round(width * share)
    down = key.fold("down").integers([count], 2 * tall + 1) - tall
    right = key.fold("right").integers([count], 2 * wide + 1) - wide
    return shift(images, down, right)


def random_flip(images: tf.Tensor, key: Key) -> tf.Tensor:
    """Mirrors each image left to right with probability ½.

    Args:
        images: float32 [n, h, w, c] in [-1, 1].
        key: `randomness.Key` of the turn and purpose.

    Returns:
        float32 [n, h, w, c].
    """
    flipped = key.fold("flip").uniform([images.shape[0]]) < 0.5
    return tf.where(_each(flipped), images[:, :, ::-1], images)


@tf.custom_gradient
def transposed(images: tf.Tensor) -> tf.Tensor:
    """Exchanges rows and columns of square images.

    It is its own derivative. That of `tf.transpose` inverts the permutation, which XLA gets wrong
    in the second derivative of a `tf.cond`, and so in a lazy penalty.
    """
    return tf.transpose(images, (0, 2, 1, 3)), transposed


def flip_and_shift(images: tf.Tensor, key: Key) -> tf.Tensor:
    """The transformation of consistency regularisation (Zhang et al., 2020).

    The border is filled with 0, not with the image's reflection as in the paper.

    Args:
        images: float32 [n, h, w, c] in [-1, 1].
        key: `randomness.Key` of the turn and purpose.

    Returns:
        float32 [n, h, w, c].
    """
    return random_shift(random_flip(images, key), key)


def brightness(images: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    """Adds an amount to all pixels.

    Args:
        images: float32 [n, h, w, c] in [-1, 1].
        amount: float32 [n].

    Returns:
        float32 [n, h, w, c], not clipped.
    """
    return images + _each(amount)


def saturation(images: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    """Scales each pixel's distance from its grey value.

    Args:
        images: float32 [n, h, w, c] in [-1, 1].
        factor: float32 [n].

    Returns:
        float32 [n, h, w, c], not clipped.
    """
    grey = tf.reduce_mean(images, 3, keepdims=True)
    return grey + (images - grey) * _each(factor)


def contrast(images: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    """Scales each image's distance from its mean.

    Args:
        images: float32 [n, h, w, c] in [-1, 1].
        factor: float32 [n].

    Returns:
        float32 [n, h, w, c], not clipped.
    """
    mean = tf.reduce_mean(images, (1, 2, 3), keepdims=True)
    return mean + (images - mean) * _each(factor)


def cutout(images: tf.Tensor, key: Key, share: float = 0.5) -> tf.Tensor:
    """Sets a rectangle, centred anywhere, to 0.

    Args:
        images: float32 [n, h, w, c] in [-1, 1].
        key: `randomness.Key` of the turn and purpose.
        share: float, its sides, of the image's. Defaults to ½.

    Returns:
        float32 [n, h, w, c].
    """
    count, height, width, _ = images.shape
    inside = []
    for name, side in (("row", height), ("column", width)):
        size = int(side * share + 0.5)
        start = key.fold(name).integers([count], side + 1 - size % 2)[:, None] - size // 2
        place = tf.range(side)[None]
        inside.append((place >= start) & (place < start + size))
    hole = inside[0][:, :, None] & inside[1][:, None, :]
    return images * tf.cast(~hole, tf.float32)[..., None]


@rule
class DiffAugment(Rule):
    """Differentiable augmentation (Zhao et al., 2020); helps when data are few.

    "color": brightness + U(-½, ½), saturation × U(0, 2), contrast × U(½, 1½); "translation": by up
    to an eighth; "cutout": half of each side.

    Args:
        kinds: tuple of str, some of `KINDS`. Defaults to all.
        rate: float or `schedules.Schedule`, probability that a kind acts on an image. Defaults to
            1.
    """

    kinds: tuple = KINDS
    rate: float | Schedule = 1.0
    purpose = "diff_augment"

    def __call__(self, images: tf.Tensor, key: Key, step: tf.Tensor) -> tf.Tensor:
        changes = {
            "color": _color,
            "translation": lambda images, key: random_shift(images, key.fold("translation")),
            "cutout": lambda images, key: cutout(images, key.fold("cutout")),
        }
        for kind, change in changes.items():
            if kind not in self.kinds:
                continue
            changed = change(images, key)
            if self.rate != 1.0:
                lot = key.fold("choose").fold(kind).uniform([images.shape[0]])
                changed = tf.where(_each(lot < value_at(self.rate, step)), changed, images)
            images = changed
        return images

    def on_step_end(self, step: tf.Tensor, key: Key, metrics: dict[str, tf.Tensor]) -> None:
        if callable(self.rate):
            metrics["augment/rate"] = self.rate(step)


def _color(images: tf.Tensor, key: Key) -> tf.Tensor:
    count = images.shape[0]
    images = brightness(images, key.fold("brightness").uniform([count], -0.5, 0.5))
    if images.shape[-1] > 1:
        images = saturation(images, key.fold("saturation").uniform([count], 0.0, 2.0))
    return contrast(images, key.fold("contrast").uniform([count], 0.5, 1.5))


@register
class ADA(StatefulRule):
    """Adaptive discriminator augmentation (Karras et al., 2020).

    Each transformation is applied to an image with probability p. p rises while D overfits,
    E sign D(x) > target on reals, and falls otherwise; it is clipped to [0, 1].

    The transformations: mirroring, quarter turns (half turns if h ≠ w), shifts by up to an eighth,
    brightness + N(0, 0.2²), contrast × 2^N(0, 0.5²), inverted luma, saturation × 2^N(0, 1) (both
    for colour images).

    Departs from the paper: its transformations that resample (scaling, free rotation) and hue are
    left out.

    Args:
        target: float, target of E sign D(x). Defaults to 0.6.
        step_size: float, change of p per D turn; the paper's is batch size / 500,000. Defaults to
            that of a batch size of 64.
        interval: int, D turns between changes of p. Defaults to 4.
        name: str, the Keras name. Defaults to "ada".
        **kwargs: arguments of `keras.layers.Layer`.
    """

    purpose = "ada"

    def __init__(
        self,
        target: float = 0.6,
        step_size: float = 64 / 500_000,
        interval: int = 4,
        name: str = "ada",
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self.target, self.step_size, self.interval = target, step_size, interval

    def build_for(self, gan: keras.Model) -> None:
        self.p = self.state("p")
        self.total = self.state("total")
        self.turns = self.state("turns")
        self.built = True

    def __call__(self, images: tf.Tensor, key: Key, step: tf.Tensor) -> tf.Tensor:
        count, height, width, depth = images.shape
        p = self.p.value

        def normal(name: str) -> tf.Tensor:
            return key.fold(name).normal([count])

        def maybe(name: str, changed: tf.Tensor) -> None:
            nonlocal images
            chosen = key.fold("choose").fold(name).uniform([count]) < p
            images = tf.where(_each(chosen), changed, images)

        maybe("flip", random_flip(images, key))
        quarters = key.fold("quarters").integers([count], 4)
        turned = images[:, ::-1, ::-1]
        maybe("half", tf.where(_each(quarters % 2 == 1), turned, images))
        if height == width:
            maybe(
                "quarter",
                tf.where(_each(quarters >= 2), transposed(images)[:, ::-1], images),
            )
        maybe("shift", random_shift(images, key))
        maybe("brightness", brightness(images, 0.2 * normal("brightness")))
        maybe("contrast", contrast(images, 2.0 ** (0.5 * normal("contrast"))))
        if depth >= 3:
            luma = tf.reduce_mean(images, 3, keepdims=True)
            inverted = key.fold("luma").uniform([count]) < 0.5
            maybe("luma", tf.where(_each(inverted), images - 2.0 * luma, images))
            maybe("saturation", saturation(images, 2.0 ** normal("saturation")))
        return images

    def on_discriminator_turn_end(self, metrics: dict[str, tf.Tensor], accepted: tf.Tensor) -> None:
        counted = tf.cast(accepted, tf.float32)
        sign = tf.where(accepted, metrics["discriminator/sign_real"], 0.0)
        total, turns = self.total.value + sign, self.turns.value + counted
        due = accepted & (turns >= self.interval)
        direction = tf.sign(total / tf.maximum(turns, 1.0) - self.target)
        moved = tf.clip_by_value(self.p.value + direction * turns * self.step_size, 0.0, 1.0)
        functional.assign([self.p], [moved], due)
        self.total.assign(tf.where(due, 0.0, total))
        self.turns.assign(tf.where(due, 0.0, turns))

    def on_step_end(self, step: tf.Tensor, key: Key, metrics: dict[str, tf.Tensor]) -> None:
        metrics["ada/p"] = self.p.value
