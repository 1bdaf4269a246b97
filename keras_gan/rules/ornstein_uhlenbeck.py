"""Latents with a memory: an Ornstein-Uhlenbeck process a position of the batch (tip 8)."""

import math

import tensorflow as tf

from keras_gan.rules.base import StatefulRule, register


@register
class OrnsteinUhlenbeck(StatefulRule):
    """z_t = ρ z_{t-1} + √(1-ρ²) ε, ε ~ N(0, I): each z_t is N(0, I) (Lillicrap et al., 2016).

    z_t is the latent of the step's last D turn, the one that trains G too; earlier turns of the
    step go out from z_{t-1} as well. Outside training, latents are plain Gaussian.

    Args:
        batch_size: of a turn, over all replicas.
        correlation: ρ between steps.
    """

    def __init__(self, batch_size=64, correlation=0.85, name="ornstein_uhlenbeck", **kwargs):
        super().__init__(name=name, **kwargs)
        self.batch_size, self.correlation = batch_size, correlation

    def build_for(self, gan):
        self.last = gan.schedule.d_turns - 1
        self.latent = self.state(
            "latent", (self.batch_size, gan.latent_dim), initializer=_standard_normal
        )
        self.built = True

    def sample(self, key, shape, training=False):
        """Latents float32 [n, dimensions]; in training those of the key's rows of the batch."""
        fresh = key.normal(shape)
        if not training:
            return fresh
        if shape[0] > self.batch_size:
            raise ValueError(f"{shape[0]} latents, but the process has {self.batch_size}")
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
