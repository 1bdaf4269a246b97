"""Targets of the discriminator's turns: soft, noisy, flipped (tip 6)."""

import tensorflow as tf

from keras_gan.rules.base import Rule, rule


@rule
class Targets(Rule):
    """What D is told is real and fake, drawn a sample at a time, in D's turns only.

    G's target is always 1. In expectation U(0.7, 1.2) is the constant 0.95, and flips with
    probability p are smoothing to 1-p: a noisy target's twin is `Targets(real=(0.95, 0.95), …)`.
    For a loss without targets a flip exchanges the roles of the two logits.

    Args:
        real: range of the real images' targets, e.g. (0.7, 1.2); (1, 1) is the hard label.
        fake: range of the fakes' targets, e.g. (0.0, 0.3).
        flip: probability of swapping a sample's target for one of the other side's.

    Source: tip 6 of "How to train a GAN" (Chintala et al., 2016); Salimans et al., 2016 for
    one-sided smoothing, `Targets(real=(0.9, 0.9))`.
    """

    real: tuple = (1.0, 1.0)
    fake: tuple = (0.0, 0.0)
    flip: float = 0.0

    @property
    def soft(self):
        """Whether any target differs from the hard 1 and 0."""
        return tuple(self.real) != (1.0, 1.0) or tuple(self.fake) != (0.0, 0.0)

    def flips(self, key, count):
        """Which samples are flipped: two boolean [count], for reals and fakes, independent."""
        return tuple(
            key.fold("flip").fold(side).uniform([count]) < self.flip for side in ("real", "fake")
        )

    def draw(self, key, count, rank=1):
        """Targets of `count` reals and `count` fakes, flips included.

        Args:
            key: the turn's randomness.
            count: number of images per side.
            rank: dimensions of the logits; the targets of maps are one per image.

        Returns:
            float32 [count, 1, …] each, of `rank` dimensions.
        """
        shape = [count] + [1] * (rank - 1)
        return tuple(tf.reshape(targets, shape) for targets in self._draw(key, count))

    def log(self, turn):
        """Logs the targets of a turn of D, where they differ from the hard ones."""
        if self.soft:
            real, fake = self._draw(turn.key, turn.count)
            turn.log("targets/real", real)
            turn.log("targets/fake", fake)
        if self.flip:
            turn.log("targets/flipped", tf.stack(self.flips(turn.key, turn.count)))

    def _draw(self, key, count):
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

    def exchange(self, key, real, fake):
        """The logits [n] (or maps [n, h, w]) with their roles exchanged where a pair is flipped."""
        if not self.flip:
            return real, fake
        flipped, _ = self.flips(key, real.shape[0])
        flipped = tf.reshape(flipped, [-1] + [1] * (len(real.shape) - 1))
        return tf.where(flipped, fake, real), tf.where(flipped, real, fake)

    def _uniform(self, key, purpose, limits, count):
        low, high = limits
        if low == high:
            return tf.fill([count], tf.constant(low, tf.float32))
        return key.fold("target").fold(purpose).uniform([count], low, high)
