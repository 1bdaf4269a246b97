"""One turn of a step: what losses and penalties may look at, and what they log."""

from typing import Any, NamedTuple

import tensorflow as tf


class Fakes(NamedTuple):
    """One pass of the generators.

    Attributes:
        outputs: what `GAN.make_fakes` returned, a dictionary with "images".
        statistics: name of a network → new values of its non-trainable variables.
        weights: name of a network → the weights that made the outputs.
        tape: leads from the outputs back to the weights.
    """

    outputs: dict[str, Any]
    statistics: dict[str, list[tf.Tensor]]
    weights: dict[str, list[tf.Tensor]]
    tape: tf.GradientTape


class Turn:
    """One update of one side inside a step.

    Args:
        key: the turn's randomness (`randomness.Key`).
        step: int64 scalar.
        real: real images, float32 [n, h, w, c] in [-1, 1], or points [n, 2].
        labels: int32 [n] or None; reals and fakes have the same.
        fake: what `GAN.make_fakes` returned, with "images".
        discriminate: function (images, labels, key, step) → D's outputs, its new
            statistics, and what its layers gave to `add_loss`.

    Attributes:
        real_output, fake_output: D's outputs, dictionaries with "logits" float32 [n];
            `real_output` is None in a turn of the generators that needs no reals.
        statistics: name of a discriminator → its statistics after the reals.
        metrics: name → float32 scalar, this replica's means.
        own_losses: what the discriminators' layers gave to `add_loss`, scalars.
    """

    def __init__(self, key, step, real, labels, fake, discriminate=None):
        self.key, self.step = key, step
        self.real, self.labels, self.fake = real, labels, fake
        self.real_output = self.fake_output = self.statistics = None
        self.metrics, self.own_losses = {}, []
        self._discriminate = discriminate

    @property
    def count(self):
        """Number of images per side on this replica."""
        return self.real.shape[0]

    def log(self, name, values):
        """Logs the mean of `values` and returns it."""
        mean = tf.reduce_mean(tf.cast(values, tf.float32))
        self.metrics[name] = mean
        return mean

    def outputs_of(self, images, purpose):
        """D's outputs on images, as D was when the turn began; its statistics stay as they are.

        Args:
            images: float32 [n, …].
            purpose: "real" or "fake" gives D the noise and augmentation of that pass; another
                word gives others.

        Returns:
            A dictionary with "logits" float32 [n].
        """
        outputs, *_ = self._discriminate(images, self.labels, self.key.fold(purpose), self.step)
        return outputs

    def logits_of(self, images, side="real"):
        """D's logits on images, float32 [n]; the rest as in `outputs_of`."""
        return self.outputs_of(images, side)["logits"]

    def call_on_both(self, separately=True):
        """Calls D on the fakes, then on the reals, whose statistics are the ones to keep.

        Args:
            separately: False puts both into one batch, so that batch norm mixes them.
        """
        fake, real, key = self.fake["images"], self.real, self.key.fold("real")
        if separately:
            self.fake_output, _, of_fakes = self._discriminate(
                fake, self.labels, self.key.fold("fake"), self.step
            )
            self.real_output, self.statistics, of_reals = self._discriminate(
                real, self.labels, key, self.step
            )
            self.own_losses = [*of_fakes, *of_reals]
            return
        labels = None if self.labels is None else tf.concat([self.labels] * 2, 0)
        both, self.statistics, self.own_losses = self._discriminate(
            tf.concat([real, fake], 0), labels, key, self.step
        )
        self.real_output = {name: value[: self.count] for name, value in both.items()}
        self.fake_output = {name: value[self.count :] for name, value in both.items()}
