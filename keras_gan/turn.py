"""One turn of one player: what its loss may look at, and what it wants logged."""

import tensorflow as tf


class Turn:
    """A turn in the game.

    Attributes:
        key: the turn's randomness (`randomness.Key`).
        step: int64 scalar.
        real: real images, float32 [n, h, w, c] in [-1, 1], or points [n, 2].
        labels: int32 [n] or None; reals and fakes have the same.
        fake: what `GAN.make_fakes` returned, with "images" shaped like `real`.
        real_output, fake_output: D's outputs, dictionaries with "logits" float32 [n];
            `real_output` is None in a G turn that needs no reals.
        critic: function images → logits, the way D sees images of this turn (`GAN.judge`).
        metrics: name → float32 scalar, this replica's means.
    """

    def __init__(self, key, step, real, labels, fake):
        self.key, self.step = key, step
        self.real, self.labels, self.fake = real, labels, fake
        self.real_output = self.fake_output = self.critic = None
        self.metrics = {}

    @property
    def count(self):
        """Number of images a side on this replica."""
        return self.fake["images"].shape[0]

    def log(self, name, values):
        """Logs the mean of `values` and returns it."""
        mean = tf.reduce_mean(tf.cast(values, tf.float32))
        self.metrics[name] = mean
        return mean


def distance_in_pairs(images):
    """Mean absolute difference of neighbours in the batch, float32 scalar.

    Neighbours (2i, 2i+1) lie on one replica, so replicas and one device see the same pairs.
    """
    pairs = images.shape[0] // 2 * 2
    return tf.reduce_mean(tf.abs(images[0:pairs:2] - images[1:pairs:2]))
