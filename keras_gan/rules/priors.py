"""Priors of the latent vector, and interpolation between latents (tip 3)."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_gan.rules.base import Rule, StatefulRule, register, rule
from keras_gan.step.randomness import Key


class Geometry:
    """How one moves among the latents of a prior: here as among Gaussian ones.

    Gaussian latents in many dimensions lie near a sphere, so paths are great circles. A prior
    whose latents lie elsewhere overrides what differs.
    """

    can_truncate = True
    margin = 3.0  # a Gaussian latent's norm exceeds √dimensions + 3 once in about 90,000 draws

    def path(self, start: tf.Tensor, end: tf.Tensor, fraction: float | tf.Tensor) -> tf.Tensor:
        """Latents on the way from `start` to `end`.

        Args:
            start: float32 [..., dimensions].
            end: float32 [..., dimensions].
            fraction: float32, broadcast against [..., 1]; 0 returns `start`, 1 returns `end`.

        Returns:
            float32 [..., dimensions].
        """
        return slerp(start, end, fraction)

    def distance(self, start: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
        """The length of `path`: an angle in radians, or of straight lines a distance.

        Args:
            start: float32 [..., dimensions].
            end: float32 [..., dimensions].

        Returns:
            float32 [...].
        """
        return tf.squeeze(angle(start, end), -1)

    def truncate(self, latents: tf.Tensor, truncation: float | tf.Tensor) -> tf.Tensor:
        """Latents nearer to the prior's mean: each norm is multiplied by `truncation`.

        Args:
            latents: float32 [n, dimensions].
            truncation: ψ, float32 scalar in [0, 1]; 1 changes nothing, 0 gives the mean.

        Returns:
            float32 [n, dimensions].

        Raises:
            ValueError: the prior has no mean among its latents.
        """
        return latents * truncation

    def nearest(self, latents: tf.Tensor) -> tf.Tensor:
        """The nearest latents that the prior can be expected to draw.

        Args:
            latents: float32 [n, dimensions].

        Returns:
            float32 [n, dimensions].
        """
        bound = math.sqrt(latents.shape[-1]) + self.margin
        return tf.clip_by_norm(latents, bound, axes=[-1])


class Prior(Geometry, Rule):
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

    def sample(self, key: Key, shape: Sequence[int], training: bool = False) -> tf.Tensor:
        return key.normal(shape)


@rule
class Uniform(Prior):
    """U(-√3, √3) per dimension, with the Gaussian's unit variance; for comparison."""

    def sample(self, key: Key, shape: Sequence[int], training: bool = False) -> tf.Tensor:
        return key.uniform(shape, -math.sqrt(3.0), math.sqrt(3.0))

    def path(self, start: tf.Tensor, end: tf.Tensor, fraction: float | tf.Tensor) -> tf.Tensor:
        """The straight line, which stays in the cube; great circles leave it."""
        return start + fraction * (end - start)

    def distance(self, start: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
        return tf.norm(end - start, axis=-1)

    def nearest(self, latents: tf.Tensor) -> tf.Tensor:
        return tf.clip_by_value(latents, -math.sqrt(3.0), math.sqrt(3.0))


@rule
class Hypersphere(Prior):
    """Uniform on the sphere of radius √dimensions (White, 2016)."""

    def sample(self, key: Key, shape: Sequence[int], training: bool = False) -> tf.Tensor:
        normal = key.normal(shape)
        return normal * math.sqrt(shape[-1]) / tf.norm(normal, axis=-1, keepdims=True)

    can_truncate = False

    def truncate(self, latents: tf.Tensor, truncation: float | tf.Tensor) -> tf.Tensor:
        raise ValueError("latents on a sphere have no mean on it: the prior can't be truncated")

    def nearest(self, latents: tf.Tensor) -> tf.Tensor:
        return tf.math.l2_normalize(latents, -1) * math.sqrt(latents.shape[-1])


@register
class OrnsteinUhlenbeck(Geometry, StatefulRule):
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
        **kwargs: Any,
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

    def on_step_end(self, step: tf.Tensor, key: Key, metrics: dict[str, tf.Tensor]) -> None:
        key = key.at(0).fold(self.last).fold("latent")
        before = tf.convert_to_tensor(self.latent.value)
        after = self._next(before, key.normal(before.shape))
        metrics["latents/correlation"] = tf.reduce_mean(before * after)
        self.latent.assign(after)

    def _next(self, latent: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        rho = self.correlation
        return rho * latent + math.sqrt(1.0 - rho**2) * noise


def _standard_normal(shape: Sequence[int], dtype: Any) -> tf.Tensor:
    return tf.random.stateless_normal(shape, (0, 0), dtype=dtype)


PRIORS = {"gaussian": Gaussian, "uniform": Uniform, "hypersphere": Hypersphere}


def walk(prior: Geometry, points: np.ndarray, count: int, closed: bool = False) -> np.ndarray:
    """Latents on a way through some points, in steps of equal length.

    Args:
        prior: whose `path` leads from point to point.
        points: float32 [k, dimensions], two or more.
        count: number of latents, at least one.
        closed: whether the way returns to the first point. The last latent is then one step
            before it, so that a film of them repeats without a jump or a halt.

    Returns:
        float32 [count, dimensions]; an open walk begins and ends at its end points.
    """
    points = np.asarray(points, np.float32)
    if points.ndim != 2 or len(points) < 2:
        raise ValueError(f"a walk needs two points or more, not {len(points)}")
    ends = np.roll(points, -1, axis=0) if closed else points[1:]
    starts = points[: len(ends)]
    lengths = np.asarray(prior.distance(starts, ends), np.float64)
    before = np.concatenate([[0.0], np.cumsum(lengths)])
    where = np.linspace(0.0, before[-1], count, endpoint=not closed)
    leg = np.clip(np.searchsorted(before, where, side="right") - 1, 0, len(ends) - 1)
    fraction = (where - before[leg]) / np.maximum(lengths[leg], 1e-12)
    fraction = np.clip(fraction, 0.0, 1.0).astype(np.float32)[:, None]
    return np.asarray(prior.path(starts[leg], ends[leg], fraction), np.float32)


def angle(start: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
    """The angle between vectors, in radians; exact for small ones too.

    Args:
        start: float32 [..., dimensions].
        end: float32 [..., dimensions].

    Returns:
        float32 [..., 1].
    """
    a, b = _direction(start), _direction(end)
    # Both chords are exact where arccos of the dot product is not.
    return 2.0 * tf.math.atan2(
        tf.norm(a - b, axis=-1, keepdims=True), tf.norm(a + b, axis=-1, keepdims=True)
    )


def _direction(vector: tf.Tensor) -> tf.Tensor:
    return tf.math.divide_no_nan(vector, tf.norm(vector, axis=-1, keepdims=True))


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
    a, b = _direction(start), _direction(end)
    whole = angle(start, end)
    # The direction of travel: b made orthogonal to a, or any orthogonal direction if b is ∓a.
    across = b - a * tf.reduce_sum(a * b, -1, keepdims=True)
    across_norm = tf.norm(across, axis=-1, keepdims=True)
    axis = tf.one_hot(tf.argmin(tf.abs(a), axis=-1), tf.shape(a)[-1])
    spare = axis - a * tf.reduce_sum(a * axis, -1, keepdims=True)
    across = tf.where(across_norm > 1e-6, across, spare)
    across = tf.math.divide_no_nan(across, tf.norm(across, axis=-1, keepdims=True))
    turned = a * tf.cos(fraction * whole) + across * tf.sin(fraction * whole)
    return turned * ((1.0 - fraction) * start_norm + fraction * end_norm)
