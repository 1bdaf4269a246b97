"""Step metrics on the device: callbacks read a block of them every N steps, so no step waits."""

import keras
import numpy as np
import tensorflow as tf

from keras_gan.step import replicas


class Recorder(keras.layers.Layer):
    """A ring buffer of the last `window` steps' metrics, one row per step.

    A step that was not finite is recorded with "finite" 0 and with zeros in place of the values
    that were not finite, so a checkpoint never contains them.

    Args:
        window: int, number of steps that are kept. Defaults to 100.
        columns: int, maximum number of metrics. Defaults to 96.
        **kwargs: arguments of `keras.layers.Layer`, such as `name`.
    """

    def __init__(self, window: int = 100, columns: int = 96, **kwargs):
        super().__init__(dtype="float32", trainable=False, **kwargs)
        self.window, self.columns, self.names = window, columns, ()
        self.rows = self.add_weight(
            name="rows", shape=(window, columns), initializer="zeros", trainable=False
        )
        self.built = True

    def write(self, step: tf.Tensor, metrics: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Records one step.

        Args:
            step: int64 scalar, the step of the metrics, from 0.
            metrics: name → float32 scalar of this replica; the replicas' mean is recorded.

        Returns:
            The replicas' means by name, also those that are not finite.

        Raises:
            ValueError: there are more metrics than columns.
        """
        self.names = tuple(sorted(metrics))
        if len(self.names) > self.columns:
            raise ValueError(f"{len(self.names)} metrics, but only {self.columns} columns")
        row = tf.stack([tf.cast(metrics[name], tf.float32) for name in self.names])
        row = replicas.all_reduce("MEAN", row)
        means = dict(zip(self.names, tf.unstack(row)))
        row = tf.where(tf.math.is_finite(row), row, tf.zeros_like(row))
        row = tf.pad(row, [[0, self.columns - len(self.names)]])
        index = tf.cast(step % self.window, tf.int32)
        here = tf.range(self.window)[:, None] == index
        self.rows.assign(tf.where(here, row[None], self.rows.value))
        return means

    def read(self, step: int, count: int | None = None) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The last rows before `step`.

        Args:
            step: int, number of completed steps.
            count: int, number of rows, at most `window`. Defaults to `window`.

        Returns:
            steps int64 [m], and name → float32 [m].
        """
        count = min(count or self.window, self.window, step)
        steps = np.arange(step - count, step)
        rows = np.asarray(self.rows)[steps % self.window]
        return steps, {name: rows[:, i] for i, name in enumerate(self.names)}
