"""Top-k training: only the most realistic fakes train the generator."""

import math

import tensorflow as tf

from keras_gan.rules.base import Rule, rule
from keras_gan.rules.penalties import per_image


@rule
class TopK(Rule):
    """Only the fakes with the highest logits train G (Sinha et al., 2020).

    Their share falls from 1 as decay^(step/every) down to `floor`. They are selected within groups
    of consecutive samples, so that replicas and one device select the same ones.

    Args:
        floor: float, the smallest share. Defaults to 0.5.
        decay: float, factor of the share per `every` steps (the paper: 0.99 per epoch). Defaults
            to 0.99.
        every: int, steps per factor. Defaults to 100.
        group: int, images per group; its greatest common divisor with the batch size is used.
            Defaults to 16.
    """

    floor: float = 0.5
    decay: float = 0.99
    every: int = 100
    group: int = 16

    def share(self, step: tf.Tensor) -> tf.Tensor:
        """The share at `step`, float32 scalar."""
        epochs = tf.cast(step, tf.float32) / float(self.every)
        return tf.maximum(self.floor, self.decay**epochs)

    def kept_share(self, step: tf.Tensor, count: int) -> tf.Tensor:
        """The share of samples that train G, in whole samples per group.

        Args:
            step: int64 scalar.
            count: int, number of samples.

        Returns:
            float32 scalar in (0, 1].
        """
        group = math.gcd(count, self.group)
        return self._k(step, group) / group

    def _k(self, step: tf.Tensor, group: int) -> tf.Tensor:
        return tf.maximum(1.0, tf.math.ceil(self.share(step) * group - 1e-4))

    def __call__(self, loss: tf.Tensor, logits: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """Selects the losses of the best fakes.

        Args:
            loss: float32 [n], or maps [n, h, w], G's losses.
            logits: float32 of the same shape, D's logits of the fakes.
            step: int64 scalar.

        Returns:
            float32 [n], 0 for the other fakes, scaled so that its mean is that of the selected
            losses.
        """
        loss, logits = per_image(tf.reduce_mean, loss), per_image(tf.reduce_mean, logits)
        group = math.gcd(logits.shape[0], self.group)
        grouped = tf.stop_gradient(tf.reshape(logits, [-1, group]))
        order = tf.argsort(grouped, direction="DESCENDING", stable=True)
        rank = tf.reshape(tf.argsort(order, stable=True), [-1])
        k = self._k(step, group)
        return tf.where(tf.cast(rank, tf.float32) < k, loss * (group / k), 0.0)
