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


NUMBERS = 1024  # of an image (or its features) that distances look at, for their cost


def thinned(images):
    """Images [n, …] as rows [n, d] of at most 1,024 of their numbers, evenly spaced."""
    flat = tf.reshape(images, [images.shape[0], -1])
    if flat.shape[1] <= NUMBERS:
        return flat
    # Odd, so that it does not fall on the same channels over and over.
    return flat[:, :: -(-flat.shape[1] // NUMBERS) | 1]


def distance_in_pairs(images):
    """Mean absolute difference of neighbours in the batch, float32 scalar.

    Neighbours (2i, 2i+1) lie on one replica, so replicas and one device see the same pairs.
    """
    flat = thinned(images[: images.shape[0] // 2 * 2])
    size = flat.shape[1]
    pairs = tf.reshape(flat, [-1, 2 * size])
    return tf.reduce_mean(tf.abs(pairs[:, :size] - pairs[:, size:]))


def magnitude(images):
    """The largest number of each image, whatever its sign: float32 [n].

    Not the batch's: that would not be the mean of the replicas'.
    """
    # Along columns, which processors do many of at once; along rows it takes twice as long.
    return tf.reduce_max(tf.abs(tf.transpose(tf.reshape(images, [images.shape[0], -1]))), 0)


GROUP = 32  # images that are compared with each other


def nearest(images, others, same=False):
    """Mean distance of an image to the nearest of `others`, float32 scalar.

    Root mean square over an image's numbers. Looked for among groups of 32 consecutive images, so
    replicas with whole groups and one device see the same.

    Args:
        images, others: float32 [n, …].
        same: they are the same images, and one does not count as its own neighbour.
    """
    count = images.shape[0]
    size = GROUP if count % GROUP == 0 else count
    a, b = (tf.reshape(thinned(x), [count // size, size, -1]) for x in (images, others))
    ones = tf.ones([a.shape[2]], a.dtype)  # a product with them is a much faster sum
    lengths = [tf.linalg.matvec(x**2, ones) for x in (a, b)]
    squares = lengths[0][:, :, None] + lengths[1][:, None, :]
    squares -= 2.0 * tf.matmul(a, b, transpose_b=True)
    if same:
        squares += tf.linalg.diag(tf.fill([size], squares.dtype.max))
    squares = tf.maximum(tf.reduce_min(squares, 2), 0.0) / a.shape[2]
    return tf.reduce_mean(tf.sqrt(squares))
