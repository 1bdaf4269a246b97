"""What `fit` and `evaluate` show: means over the epoch, on the device."""

from typing import Any

import keras
import tensorflow as tf

LOSS_NAMES = {"discriminator": "d_loss", "generator": "g_loss"}
ACCURACIES = ("accuracy_real", "accuracy_fake")


class Logs:
    """The `keras.metrics.Mean`s of a model, under the keys of the logs. No part of its state.

    "loss" is the sum of all players' losses, and NaN where a step changed nothing because something
    was not finite: `keras.callbacks.TerminateOnNaN` looks at that key alone.

    Args:
        gan: a compiled `GAN`.

    Attributes:
        metrics: the means, a list.
    """

    def __init__(self, gan: Any):
        losses = {LOSS_NAMES.get(name, f"{name}_loss"): f"{name}/loss" for name in gan.players}
        accuracies = {f"d_{name}": f"discriminator/{name}" for name in ACCURACIES}
        penalties = {penalty.name: f"penalty/{penalty.name}" for penalty in gan.penalties}
        # Discriminators are trained on one loss, under the first one's name.
        self._losses = losses
        self._recorded = {**self._losses, **accuracies, **penalties}
        self._means = {key: keras.metrics.Mean(name=key) for key in (*self._recorded, "loss")}
        strategy = gan.distribute_strategy
        # Several workers reduce logs along an axis, so there has to be one.
        self._workers = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)

    @property
    def metrics(self) -> list:
        return list(self._means.values())

    def update(self, recorded: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Takes a step's metrics and returns the logs.

        Args:
            recorded: name → float32 scalar, equal on all replicas, as `Recorder.write` returns it.
        """
        values = {key: recorded[name] for key, name in self._recorded.items() if name in recorded}
        total = tf.add_n([values[key] for key in self._losses if key in values])
        nan = tf.constant(float("nan"), total.dtype)
        values["loss"] = tf.where(recorded["finite"] < 1.0, nan, total)
        return self._update(values)

    def update_held_out(self, values: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Takes values of held-out images, name → float32 [n], and returns the logs."""
        return self._update(values)

    def _update(self, values: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        for key, value in values.items():
            self._means[key].update_state(value)
        results = {key: self._means[key].result() for key in values}
        return {k: tf.reshape(v, [1]) for k, v in results.items()} if self._workers else results
