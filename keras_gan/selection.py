"""Which fakes train the generator."""

import math

import tensorflow as tf

from keras_gan.rules import Rule, rule


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

    def __call__(self, loss, logits, turn):
        """Keeps losses.

        Args:
            loss, logits: G's losses and D's logits of the fakes, float32 [n].
            turn: takes the share that was kept as "top_k/share".

        Returns:
            float32 [n], 0 for those left out, scaled so that its mean is the mean of those kept.
        """
        count = logits.shape[0]
        group = math.gcd(count, self.group)
        grouped = tf.stop_gradient(tf.reshape(logits, [-1, group]))
        order = tf.argsort(grouped, direction="DESCENDING", stable=True)
        rank = tf.reshape(tf.argsort(order, stable=True), [-1])
        kept = tf.maximum(1.0, tf.math.ceil(self.share(turn.step) * group - 1e-4))
        turn.log("top_k/share", kept / group)
        return tf.where(tf.cast(rank, tf.float32) < kept, loss * (group / kept), 0.0)
