"""One turn of a step: the images and outputs that losses and penalties use, and their logs."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from keras_gan.step import functional, keras_private, network_state, randomness
from keras_gan.step.randomness import Key


class Fakes(NamedTuple):
    """One pass of the generators.

    Attributes:
        outputs: the result of `GAN.make_fakes`, a dictionary with "images".
        statistics: name of a network → new values of its non-trainable variables.
        weights: name of a network → the weights that the outputs were computed with.
        tape: `tf.GradientTape` from the weights to the outputs.
        key: `randomness.Key` that they were drawn with.
    """

    outputs: dict[str, Any]
    statistics: dict[str, list[tf.Tensor]]
    weights: dict[str, list[tf.Tensor]]
    tape: tf.GradientTape
    key: Key


class Discriminate:
    """Calls a model's discriminators as a turn does: through its input rules, with keyed layers.

    Args:
        gan: `GAN` whose rules are set.
        players: the discriminators' `Player`s.
    """

    def __init__(self, gan: Any, players: Sequence[Any]):
        self._gan, self._players = gan, players
        self._networks = [player.network for player in players]
        self._statistics = [v for n in self._networks for v in network_state.statistics(n)]

    def __call__(
        self, images: tf.Tensor, labels: tf.Tensor | None, key: Key, step: tf.Tensor
    ) -> tuple[dict[str, tf.Tensor], dict[str, list[tf.Tensor]], list[tf.Tensor]]:
        """D's outputs on images after its input rules (noise, augmentation), its new statistics,
        and what its layers gave to `add_loss`; D itself keeps its statistics."""
        for position, rule in enumerate(self._gan.d_inputs):
            purpose = getattr(rule, "purpose", f"input {position}")
            images = rule(images, key.fold(purpose), step)
        key = key.fold("discriminator's layers")
        seeded = network_state.seeded(self._networks, key)
        with randomness.scope(key), seeded, functional.substituted(self._statistics):
            outputs = self._gan.call_discriminator(images, labels)
            losses = [v for n in self._networks for v in keras_private.activity_losses(n)]
            return outputs, {p.name: p.statistics() for p in self._players}, losses

    def weight_losses(self) -> list[tf.Tensor]:
        """The values of the regularizers of the discriminators' weights."""
        return [loss for n in self._networks for loss in keras_private.weight_losses(n)]


class Turn:
    """One update of one side inside a step.

    Args:
        key: `randomness.Key` of the turn.
        step: int64 scalar.
        real: real images, float32 [n, h, w, c] in [-1, 1], or points [n, 2].
        labels: int32 [n] or None, the same for reals and fakes.
        fake: the result of `GAN.make_fakes`, a dictionary with "images".
        discriminate: function (images, labels, key, step) → D's outputs, its new
            statistics, and what its layers gave to `add_loss`. Defaults to None, for a turn whose
            outputs are set from outside.

    Attributes:
        real_output: D's outputs on the reals, a dictionary with "logits" float32 [n]; None in a
            turn of the generators that needs no reals.
        fake_output: D's outputs on the fakes.
        statistics: name of a discriminator → its statistics after the reals.
        metrics: name → float32 scalar, this replica's means.
        own_losses: what the discriminators' layers gave to `add_loss`, scalars.
    """

    def __init__(
        self,
        key: Key,
        step: tf.Tensor,
        real: tf.Tensor,
        labels: tf.Tensor | None,
        fake: dict[str, tf.Tensor],
        discriminate: Callable | None = None,
    ):
        self.key, self.step = key, step
        self.real, self.labels, self.fake = real, labels, fake
        # Set before a loss is computed; the reals' in D's turns, and in G's where it needs reals.
        self.real_output: Any = None
        self.fake_output: Any = None
        self.statistics: Any = None
        self.metrics: dict[str, tf.Tensor] = {}
        self.own_losses: list[tf.Tensor] = []
        self._discriminate: Any = discriminate
        self._passes: tf.GradientTape | None = None  # of `call_on_both`

    @property
    def count(self) -> int:
        """Number of images per side on this replica."""
        return self.real.shape[0]

    def log(self, name: str, values: tf.Tensor) -> tf.Tensor:
        """Logs a mean under a name: for TensorBoard, and `recorder.read`.

        Args:
            name: str, such as "discriminator/drift".
            values: tensor of any shape and type; booleans count as 0 and 1.

        Returns:
            float32 scalar, the mean of the values.
        """
        mean = tf.reduce_mean(tf.cast(values, tf.float32))
        self.metrics[name] = mean
        return mean

    def outputs_of(self, images: tf.Tensor, purpose: str) -> dict[str, tf.Tensor]:
        """D's outputs on images, with D's weights at the start of the turn; changes no statistics.

        Args:
            images: float32 [n, …].
            purpose: str, the key of D's noise and augmentation: "real" or "fake" for those of that
                pass, another word for different ones.

        Returns:
            A dictionary with "logits" float32 [n].
        """
        outputs, *_ = self._discriminate(images, self.labels, self.key.fold(purpose), self.step)
        return outputs

    def logits_of(self, images: tf.Tensor, side: str = "real") -> tf.Tensor:
        """D's logits on images; otherwise as `outputs_of`.

        Args:
            images: float32 [n, …].
            side: str, the key of D's noise and augmentation. Defaults to "real".

        Returns:
            float32 [n].
        """
        return self.outputs_of(images, side)["logits"]

    def input_gradient(self, side: str) -> tf.Tensor | None:
        """∇ₓD of the pass of `call_on_both` on one side's images; can be differentiated again.

        It saves the pass that `outputs_of` would take.

        Args:
            side: "real" or "fake".

        Returns:
            Shaped like the images; None if there were no separate passes.
        """
        if self._passes is None:
            return None
        real = side == "real"
        output = self.real_output if real else self.fake_output
        return self._passes.gradient(output["logits"], self.real if real else self.fake["images"])

    def call_on_both(self, separately: bool = True) -> None:
        """Calls D on the fakes, then on the reals, and keeps the statistics of the reals.

        Args:
            separately: bool. False puts both into one batch, so that batch norm mixes them.
                Defaults to True.
        """
        fake, real, key = self.fake["images"], self.real, self.key.fold("real")
        if separately:
            self._passes = tf.GradientTape(persistent=True, watch_accessed_variables=False)
            with self._passes:
                self._passes.watch([fake, real])
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
