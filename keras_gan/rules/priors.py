"""Priors of the latent vector, and interpolation between latents (tip 3)."""

import math
from collections.abc import Sequence

import keras
import tensorflow as tf

from keras_gan.rules.base import Rule, StatefulRule, register, rule
from keras_gan.step.randomness import Key


class Prior(Rule):
    """A distribution of latents."""

    def sample(self, key: Key, shape: Sequence[int], training: bool = False) -> tf.Tensor:
        """Draws latents.

        Args:
            key: `randomness.Key`.
            shape: (n, dimensions).
            training: bool, True inside a training step; stateful priors use it. Defaults to
                False.

        Returns:
            float32 [n, dimensions].
        """
        raise NotImplementedError


@rule
class Gaussian(Prior):
    """N(0, I), the default; its mass is near the sphere of radius √dimensions."""

    def sample(self, key, shape, training=False):
        return key.normal(shape)


@rule
class Uniform(Prior):
    """U(-√3, √3) per dimension, with the Gaussian's unit variance; for comparison."""

    def sample(self, key, shape, training=False):
        return key.uniform(shape, -math.sqrt(3.0), math.sqrt(3.0))


@rule
class Hypersphere(Prior):
    """Uniform on the sphere of radius √dimensions (White, 2016)."""

    def sample(self, key, shape, training=False):
        normal = key.normal(shape)
        return normal * math.sqrt(shape[-1]) / tf.norm(normal, axis=-1, keepdims=True)


@register
class OrnsteinUhlenbeck(StatefulRule):
    """z_t = ρ z_{t-1} + √(1-ρ²) ε, ε ~ N(0, I): each z_t is N(0, I) (Lillicrap et al., 2016).

    z_t is the latent of the step's last D turn, which also trains G; earlier turns of the step
    start from z_{t-1} as well. Outside training, latents are independent and Gaussian.

    Args:
        batch_size: int, samples per turn over all replicas. Defaults to 64.
        correlation: float, ρ between steps. Defaults to 0.85.
        name: str, the Keras name. Defaults to "ornstein_uhlenbeck".
        **kwargs: arguments of `keras.layers.Layer`.
    """

    def __init__(
        self,
        batch_size: int = 64,
        correlation: float = 0.85,
        name: str = "ornstein_uhlenbeck",
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        self.batch_size, self.correlation = batch_size, correlation

    def build_for(self, gan: keras.Model) -> None:
        self.last = gan.schedule.d_turns - 1
        self.latent = self.state(
            "latent", (self.batch_size, gan.latent_dim), initializer=_standard_normal
        )
        self.built = True

    def sample(self, key: Key, shape: Sequence[int], training: bool = False) -> tf.Tensor:
        """As `Prior.sample`; in training the rows of the process from `key.row` on."""
        fresh = key.normal(shape)
        if not training:
            return fresh
        if shape[0] > self.batch_size:
            raise ValueError(
                f"{shape[0]} latents asked of a process of {self.batch_size}; use batch_size="
                f"{shape[0]} or more"
            )
        rows = tf.cast(key.row, tf.int32) + tf.range(shape[0])
        return self._next(tf.gather(tf.convert_to_tensor(self.latent.value), rows), fresh)

    def on_step_end(self, step, key, metrics):
        key = key.at(0).fold(self.last).fold("latent")
        before = tf.convert_to_tensor(self.latent.value)
        after = self._next(before, key.normal(before.shape))
        metrics["latents/correlation"] = tf.reduce_mean(before * after)
        self.latent.assign(after)

    def _next(self, latent, noise):
        rho = self.correlation
        return rho * latent + math.sqrt(1.0 - rho**2) * noise


def _standard_normal(shape, dtype):
    return tf.random.stateless_normal(shape, (0, 0), dtype=dtype)


PRIORS = {"gaussian": Gaussian, "uniform": Uniform, "hypersphere": Hypersphere}


def slerp(start: tf.Tensor, end: tf.Tensor, fraction: float | tf.Tensor) -> tf.Tensor:
    """Spherical linear interpolation (White, 2016); norms are interpolated linearly.

    Args:
        start: float32 [..., dimensions].
        end: float32 [..., dimensions].
        fraction: float32, broadcast against [..., 1]; 0 returns `start`, 1 returns `end`.

    Returns:
        float32 [..., dimensions], of constant norm if both norms are equal. The path is the
        straight line between parallel vectors, and a half circle through a fixed orthogonal
        direction between antipodal ones.
    """
    start_norm = tf.norm(start, axis=-1, keepdims=True)
    end_norm = tf.norm(end, axis=-1, keepdims=True)
    a = tf.math.divide_no_nan(start, start_norm)
    b = tf.math.divide_no_nan(end, end_norm)
    # The angle from both chords is accurate at 0 and π, where arccos of the dot product is not.
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
