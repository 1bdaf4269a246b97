"""Priors of the latent vector and paths between latents (tip 3)."""

import math

import tensorflow as tf

from keras_gan.rules.base import Rule, rule


class Prior(Rule):
    """A distribution of latents: `sample(key, shape)` gives float32 [n, dimensions].

    `training` tells a prior with a memory that the latents are those of a step.
    """

    def sample(self, key, shape, training=False):
        raise NotImplementedError


@rule
class Gaussian(Prior):
    """N(0, I), the default: its mass lies near the sphere of radius √dimensions."""

    def sample(self, key, shape, training=False):
        return key.normal(shape)


@rule
class Uniform(Prior):
    """U(-√3, √3): the cube, with the Gaussian's unit variance; to compare."""

    def sample(self, key, shape, training=False):
        return key.uniform(shape, -math.sqrt(3.0), math.sqrt(3.0))


@rule
class Hypersphere(Prior):
    """Uniform on the sphere of radius √dimensions (White, 2016)."""

    def sample(self, key, shape, training=False):
        normal = key.normal(shape)
        return normal * math.sqrt(shape[-1]) / tf.norm(normal, axis=-1, keepdims=True)


PRIORS = {"gaussian": Gaussian, "uniform": Uniform, "hypersphere": Hypersphere}


def slerp(start, end, fraction):
    """Great-circle interpolation (White, 2016); norms are interpolated linearly.

    Args:
        start, end: float32 [..., dimensions].
        fraction: float32, broadcast against [..., 1]; 0 gives `start`, 1 gives `end`.

    Returns:
        float32 [..., dimensions]. Between equal norms the norm stays. Parallel vectors give the
        straight line, antipodal ones a half circle through a fixed orthogonal direction.
    """
    start_norm = tf.norm(start, axis=-1, keepdims=True)
    end_norm = tf.norm(end, axis=-1, keepdims=True)
    a = tf.math.divide_no_nan(start, start_norm)
    b = tf.math.divide_no_nan(end, end_norm)
    # The angle from both chords is exact where arccos of the dot product is not.
    angle = 2.0 * tf.math.atan2(
        tf.norm(a - b, axis=-1, keepdims=True), tf.norm(a + b, axis=-1, keepdims=True)
    )
    # The direction of travel: b made orthogonal to a, or any orthogonal direction if b is ∓a.
    across = b - a * tf.reduce_sum(a * b, -1, keepdims=True)
    across_norm = tf.norm(across, axis=-1, keepdims=True)
    axis = tf.one_hot(tf.argmin(tf.abs(a), axis=-1), tf.shape(a)[-1])
    spare = axis - a * tf.reduce_sum(a * axis, -1, keepdims=True)
    across = tf.where(across_norm > 1e-6, across, spare)
    across = tf.math.divide_no_nan(across, tf.norm(across, axis=-1, keepdims=True))
    turned = a * tf.cos(fraction * angle) + across * tf.sin(fraction * angle)
    return turned * ((1.0 - fraction) * start_norm + fraction * end_norm)
