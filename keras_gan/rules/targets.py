"""Targets of the discriminator's turns: soft, noisy, flipped (tip 6)."""

import tensorflow as tf

from keras_gan.rules.base import Rule, rule
from keras_gan.step.randomness import Key
from keras_gan.step.turn import Turn


@rule
class Targets(Rule):
    """The targets of real and fake images in D's turns, drawn per sample.

    G's target is always 1. In expectation U(0.7, 1.2) is the constant 0.95, and flips with
    probability p are smoothing to 1-p: the noise-free equivalent is `real=(0.95, 0.95)`. For a
    loss without targets a flip exchanges the two logits of a pair.

    Source: tip 6 of "How to train a GAN" (Chintala et al., 2016); Salimans et al., 2016 for
    one-sided smoothing, `Targets(real=(0.9, 0.9))`.

    Args:
        real: (low, high), range of the real images' targets, e.g. (0.7, 1.2). Defaults to (1, 1),
            the hard target.
        fake: (low, high), range of the fakes' targets, e.g. (0.0, 0.3). Defaults to (0, 0).
        flip: float, probability of replacing a sample's target by one of the other side. Defaults
            to 0.
    """

    real: tuple = (1.0, 1.0)
    fake: tuple = (0.0, 0.0)
    flip: float = 0.0

    @property
    def soft(self) -> bool:
        """Whether any target differs from the hard 1 and 0."""
        return tuple(self.real) != (1.0, 1.0) or tuple(self.fake) != (0.0, 0.0)

    def flips(self, key: Key, count: int) -> tuple[tf.Tensor, tf.Tensor]:
        """Which samples are flipped.

        Args:
            key: `randomness.Key` of the turn.
            count: int, number of images per side.

        Returns:
            Two independent boolean [count], for reals and fakes.
        """
        return tuple(
            key.fold("flip").fold(side).uniform([count]) < self.flip for side in ("real", "fake")
        )

    def draw(self, key: Key, count: int, rank: int = 1) -> tuple[tf.Tensor, tf.Tensor]:
        """Draws the targets of `count` reals and `count` fakes, including flips.

        Args:
            key: `randomness.Key` of the turn.
            count: int, number of images per side.
            rank: int, dimensions of the logits; a map of logits has one target per image.
                Defaults to 1.

        Returns:
            float32 [count, 1, …] each, of `rank` dimensions.
        """
        shape = [count] + [1] * (rank - 1)
        return tuple(tf.reshape(targets, shape) for targets in self._draw(key, count))

    def log(self, turn: Turn) -> None:
        """Logs the targets of a turn of D, if they differ from the hard ones."""
        if self.soft:
            real, fake = self._draw(turn.key, turn.count)
            turn.log("targets/real", real)
            turn.log("targets/fake", fake)
        if self.flip:
            turn.log("targets/flipped", tf.stack(self.flips(turn.key, turn.count)))

    def _draw(self, key: Key, count: int) -> tuple[tf.Tensor, tf.Tensor]:
        real, fake = (
            self._uniform(key, "real", self.real, count),
            self._uniform(key, "fake", self.fake, count),
        )
        if not self.flip:
            return real, fake
        flipped_real, flipped_fake = self.flips(key, count)
        return (
            tf.where(flipped_real, self._uniform(key, "real as fake", self.fake, count), real),
            tf.where(flipped_fake, self._uniform(key, "fake as real", self.real, count), fake),
        )

    def exchange(self, key: Key, real: tf.Tensor, fake: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The logits, real and fake exchanged where a pair is flipped.

        Args:
            key: `randomness.Key` of the turn.
            real: float32 [n], or maps [n, h, w].
            fake: float32 of the same shape.

        Returns:
            The two, float32 of the same shape.
        """
        if not self.flip:
            return real, fake
        flipped, _ = self.flips(key, real.shape[0])
        flipped = tf.reshape(flipped, [-1] + [1] * (len(real.shape) - 1))
        return tf.where(flipped, fake, real), tf.where(flipped, real, fake)

    def _uniform(self, key: Key, purpose: str, limits: tuple, count: int) -> tf.Tensor:
        low, high = limits
        if low == high:
            return tf.fill([count], tf.constant(low, tf.float32))
        return key.fold("target").fold(purpose).uniform([count], low, high)
