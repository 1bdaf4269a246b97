"""The moving average of the generator's weights: sampled, scored and exported from."""

import keras
import tensorflow as tf

from keras_gan.rules.base import Rule, rule
from keras_gan.rules.schedules import Schedule, value_at


@rule
class MovingAverage(Rule):
    """Exponential moving average of weights (Yazıcı et al., 2019); statistics are copied.

    Args:
        decay: float, β of average ← β·average + (1-β)·weights; 0 copies the weights. Defaults to
            0.999.
        warm_up: bool, whether β is at most (1+t)/(10+t) at step t, so that the first weights are
            soon forgotten. Defaults to True.
        half_life: float or `schedules.Schedule`, number of images after which a weight counts half;
            β is then 0.5^(batch_size / half_life). Defaults to None: β is `decay`.
        batch_size: int, images per step over all replicas, for `half_life`. Defaults to 64.
    """

    decay: float = 0.999
    warm_up: bool = True
    half_life: float | Schedule | None = None
    batch_size: int = 64

    @property
    def averages(self) -> bool:
        """Whether it is more than a copy of the weights."""
        return self.half_life is not None or self.decay > 0.0

    def beta(self, step: tf.Tensor) -> tf.Tensor:
        """β at `step`, float32."""
        done = tf.cast(step, tf.float32)
        limit = (1.0 + done) / (10.0 + done) if self.warm_up else 1.0
        if self.half_life is None:
            return tf.minimum(self.decay, limit)
        half_life = tf.maximum(tf.cast(value_at(self.half_life, step), tf.float32), 1e-8)
        return tf.minimum(0.5 ** (self.batch_size / half_life), limit)

    def update(
        self,
        average: keras.Model,
        network: keras.Model,
        step: tf.Tensor,
        accepted: bool | tf.Tensor = True,
    ) -> None:
        """Moves the weights of `average` towards those of `network`.

        Args:
            average: `keras.Model` that holds the average.
            network: `keras.Model` in training.
            step: int64 scalar.
            accepted: boolean scalar; if false, the average does not change. Defaults to True.
        """
        beta = self.beta(step)
        for old, new in zip(average.weights, network.weights, strict=True):
            value = tf.convert_to_tensor(new.value)
            if self.averages and id(new) in {id(v) for v in network.trainable_variables}:
                value = old.value + (1.0 - beta) * (value - old.value)
            old.assign(tf.where(accepted, value, old.value))
