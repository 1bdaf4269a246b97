"""Statistics of a batch of images that the health monitor watches: spread, distances, range."""

import math

import tensorflow as tf

from keras_gan.step.turn import Turn


def log_features(turn: Turn) -> None:
    """Logs how far apart D's features of neighbouring images are, if D has an output for them."""
    for side, output in (("fakes", turn.fake_output), ("reals", turn.real_output)):
        if "features" in output:
            turn.log(f"{side}/feature_distance", pairwise_distance(output["features"]))


def log_images(turn: Turn) -> None:
    """Logs spread and range of a turn's fakes, and how near fakes and reals are."""
    real, fake = turn.real, turn.fake["images"]
    turn.log("fakes/distance", pairwise_distance(fake))
    turn.log("reals/distance", pairwise_distance(real))
    turn.log("reals/nearest_fake", nearest_distance(real, fake))
    turn.log("reals/nearest_real", nearest_distance(real, real, same=True))
    turn.log("fakes/magnitude", max_abs(fake))


NUMBERS = 1024  # values per image that distances are computed from, to bound their cost


def subsampled(images: tf.Tensor) -> tf.Tensor:
    """Images [n, …] as rows [n, d] of at most 1,024 of their values, evenly spaced."""
    flat = tf.reshape(images, [images.shape[0], -1])
    if flat.shape[1] <= NUMBERS:
        return flat
    stride = math.ceil(flat.shape[1] / NUMBERS)
    stride += 1 - stride % 2  # odd, so that it does not fall on the same channels every time
    return flat[:, ::stride]


def pairwise_distance(images: tf.Tensor) -> tf.Tensor:
    """Mean absolute difference of neighbours in the batch, float32 scalar.

    Neighbours (2i, 2i+1) are on one replica, so replicas and one device see the same pairs.
    """
    flat = subsampled(images[: images.shape[0] // 2 * 2])
    size = flat.shape[1]
    pairs = tf.reshape(flat, [-1, 2 * size])
    return tf.reduce_mean(tf.abs(pairs[:, :size] - pairs[:, size:]))


def max_abs(images: tf.Tensor) -> tf.Tensor:
    """The largest absolute value of each image, float32 [n].

    Per image, since the batch's largest is not the mean of the replicas' largest.
    """
    # Along columns, which is vectorised; along rows it takes twice as long.
    return tf.reduce_max(tf.abs(tf.transpose(tf.reshape(images, [images.shape[0], -1]))), 0)


GROUP = 32  # images that are compared with each other


def nearest_distance(images: tf.Tensor, others: tf.Tensor, same: bool = False) -> tf.Tensor:
    """Mean distance from an image to the nearest of `others`.

    The distance is the root mean square over the values of an image. Images are compared within
    groups of 32 consecutive ones, so replicas with whole groups and one device see the same.

    Args:
        images: float32 [n, …].
        others: float32 [n, …].
        same: bool, whether both are the same images; then an image is not its own neighbour.
            Defaults to False.

    Returns:
        A float32 scalar.
    """
    count = images.shape[0]
    size = GROUP if count % GROUP == 0 else count
    a, b = (tf.reshape(subsampled(x), [count // size, size, -1]) for x in (images, others))
    ones = tf.ones([a.shape[2]], a.dtype)  # a product with them is a much faster sum
    lengths = [tf.linalg.matvec(x**2, ones) for x in (a, b)]
    squares = lengths[0][:, :, None] + lengths[1][:, None, :]
    squares -= 2.0 * tf.matmul(a, b, transpose_b=True)
    if same:
        squares += tf.linalg.diag(tf.fill([size], squares.dtype.max))
    squares = tf.maximum(tf.reduce_min(squares, 2), 0.0) / a.shape[2]
    return tf.reduce_mean(tf.sqrt(squares))
