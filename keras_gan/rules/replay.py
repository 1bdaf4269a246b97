"""Experience replay: past fakes among the discriminator's new ones (tip 8)."""

from typing import Any

import keras
import tensorflow as tf

from keras_gan.rules.base import StatefulRule, register
from keras_gan.step import functional, replicas
from keras_gan.step.randomness import Key


@register
class Replay(StatefulRule):
    """A first-in-first-out buffer of past fakes on the device.

    In each D turn, each fake is replaced by one from the buffer with probability `rate`; the
    turn's new fakes are inserted afterwards, if D's update was accepted. The buffer holds the
    fakes of the last capacity / batch size D turns. Under a strategy it is global, and the same on
    every replica. With labels, a fake is replaced only by one of its class.

    Source: tip 8 of "How to train a GAN" (Chintala et al., 2016); Shrivastava et al., 2017.

    Args:
        capacity: int, number of fakes in the full buffer. Defaults to 1024.
        rate: float, expected share of D's fakes that come from the buffer, once it is not empty.
            Defaults to 0.25.
        name: str, the Keras name. Defaults to "replay".
        **kwargs: arguments of `keras.layers.Layer`.
    """

    read_when_compiled = False

    def __init__(
        self, capacity: int = 1024, rate: float = 0.25, name: str = "replay", **kwargs: Any
    ):
        super().__init__(name=name, **kwargs)
        self.capacity, self.rate = capacity, rate

    def build_for(self, gan: keras.Model) -> None:
        self.images = self.state("images", (self.capacity, *gan.image_shape))
        self.labels = self.state("labels", (self.capacity,), "int32")
        self.inserted = self.state("inserted", dtype="int64")
        self.built = True

    @property
    def filled(self) -> tf.Tensor:
        """Number of fakes in the buffer, int32 scalar."""
        return tf.cast(tf.minimum(self.inserted.value, self.capacity), tf.int32)

    def mix(
        self,
        fakes: tf.Tensor,
        labels: tf.Tensor | None,
        key: Key,
        metrics: dict[str, tf.Tensor],
    ) -> tf.Tensor:
        """Replaces some fakes by past ones.

        Args:
            fakes: float32 [n, …].
            labels: int32 [n] or None.
            key: `randomness.Key` of the turn.
            metrics: dictionary, to which the replaced share and the buffer's fill are added.

        Returns:
            float32 [n, …].
        """
        key, count, filled = key.fold("replay"), fakes.shape[0], self.filled
        chosen = (key.fold("choose").uniform([count]) < self.rate) & (filled > 0)
        if labels is None:
            index = key.fold("index").integers([count], tf.maximum(filled, 1))
        else:
            fits = (self.labels.value[None] == labels[:, None]) & (
                tf.range(self.capacity)[None] < filled
            )
            order = key.fold("index").uniform([count, self.capacity])
            index = tf.argmax(tf.where(fits, order, 0.0), 1, tf.int32)
            chosen &= tf.reduce_any(fits, 1)
        past = tf.gather(tf.convert_to_tensor(self.images.value), index)
        metrics["replay/share"] = tf.reduce_mean(tf.cast(chosen, tf.float32))
        metrics["replay/fill"] = tf.cast(filled, tf.float32) / self.capacity
        return tf.where(tf.reshape(chosen, [-1] + [1] * (len(fakes.shape) - 1)), past, fakes)

    def insert(self, fakes: tf.Tensor, labels: tf.Tensor | None, accepted: tf.Tensor) -> None:
        """Inserts a turn's fakes of all replicas, if `accepted` and all of them are finite."""
        fakes = replicas.all_gather(fakes)[-self.capacity :]
        count = fakes.shape[0]
        places = (tf.range(count, dtype=tf.int64) + self.inserted.value) % self.capacity
        if labels is not None:
            labels = replicas.all_gather(labels)[-self.capacity :]

        def write() -> bool:
            at = places[:, None]
            self.images.assign(tf.tensor_scatter_nd_update(self.images.value, at, fakes))
            if labels is not None:
                self.labels.assign(tf.tensor_scatter_nd_update(self.labels.value, at, labels))
            self.inserted.assign_add(count)
            return True

        tf.cond(accepted & functional.all_finite(fakes), write, lambda: False)
