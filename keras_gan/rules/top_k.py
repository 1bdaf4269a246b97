"""Which fakes train the generator."""

import math

import tensorflow as tf

from keras_gan.rules.base import Rule, rule
from keras_gan.rules.penalties import per_image


@rule
class TopK(Rule):
    """Only the fakes that D takes for the most real train G (Sinha et al., 2020).

    The share falls from 1 as decay^(step/every) down to `floor`. It is taken in groups of
    consecutive samples, so that replicas and one device keep the same ones.

    Args:
        floor: the smallest share.
        decay: factor on the share, every so many steps (the paper: 0.99 an epoch).
        every: steps.
        group: images a group; a divisor of it where it does not divide the batch.
    """

    floor: float = 0.5
    decay: float = 0.99
    every: int = 100
    group: int = 16

    def share(self, step):
        """The share at `step`, float32 scalar."""
        epochs = tf.cast(step, tf.float32) / float(self.every)
        return tf.maximum(self.floor, self.decay**epochs)

    def kept_share(self, step, count):
        """The share of `count` samples that is kept, in whole samples per group."""
        group = math.gcd(count, self.group)
        return self._kept(step, group) / group

    def _kept(self, step, group):
        return tf.maximum(1.0, tf.math.ceil(self.share(step) * group - 1e-4))

    def __call__(self, loss, logits, step):
        """Keeps the losses of the best fakes.

        Args:
            loss: G's losses, float32 [n], or maps [n, h, w].
            logits: D's logits of the fakes, of the same shape.
            step: int64 scalar.

        Returns:
            float32 [n], 0 for those left out, scaled so that its mean is the mean of those kept.
        """
        loss, logits = per_image(tf.reduce_mean, loss), per_image(tf.reduce_mean, logits)
        group = math.gcd(logits.shape[0], self.group)
        grouped = tf.stop_gradient(tf.reshape(logits, [-1, group]))
        order = tf.argsort(grouped, direction="DESCENDING", stable=True)
        rank = tf.reshape(tf.argsort(order, stable=True), [-1])
        kept = self._kept(step, group)
        return tf.where(tf.cast(rank, tf.float32) < kept, loss * (group / kept), 0.0)
