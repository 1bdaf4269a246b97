"""The updates of a step: the turns of the discriminators, then those of the generators.

Methods named `_compiled_…` are pure functions of the model's variables, compiled with XLA if asked.
The methods that call them reduce over the replicas, check the results and write them.
"""

import functools

import keras
import tensorflow as tf

from keras_gan.step import (
    accumulation,
    batch_statistics,
    functional,
    network_state,
    pixels,
    randomness,
    replicas,
)
from keras_gan.step.functional import Snapshot
from keras_gan.step.player import players_of, update_side
from keras_gan.step.turn import Discriminate, Fakes, Turn
from keras_gan.step.undo import Undo


class Updates:
    """The updates of a model's networks.

    It uses the model through its hooks: `networks` and `discriminators`, `optimizer_for`,
    `make_fakes`, `call_discriminator`, `discriminator_loss` and `generator_loss`.

    Args:
        gan: `GAN` whose rules are set.

    Attributes:
        players: name of a network → `Player`.
        variables: the variables that compiled functions read, in the order of a `Snapshot`.
    """

    def __init__(self, gan: keras.Model):
        self.gan, self.players = gan, players_of(gan)
        self.discriminators = [p for p in self.players.values() if p.name in gan.discriminators]
        self.generators = [p for p in self.players.values() if p.name not in gan.discriminators]
        self._discriminate = Discriminate(gan, self.discriminators)
        read = [rule for rule in gan.stateful_rules if rule.read_when_compiled]
        self.variables = [
            gan.step,
            *(v for network in gan.networks.values() for v in network_state.variables(network)),
            *(v for rule in read for v in rule.variables),
        ]
        pure = functools.partial(functional.pure, variables=self.variables, xla=gan.xla)
        self._make_fakes = pure(self._compiled_fakes)
        self._discriminator_gradients = pure(self._compiled_discriminator_gradients)
        self._generator_gradients = pure(self._compiled_generator_gradients)

    def step(
        self, images: tf.Tensor, labels: tf.Tensor | None, key: randomness.Key
    ) -> dict[str, tf.Tensor]:
        """The discriminators' turns on new reals, then the generators' against the updated D.

        G's first turn uses the fakes of D's last one: a single forward pass, whose backward pass
        starts from the gradient with respect to the fakes.

        Args:
            images: [n, turns, …] of this replica, from `fit`.
            labels: int32 [n, turns], or None.
            key: `randomness.Key` of the step.

        Returns:
            The metrics: name → float32 scalar of this replica.
        """
        schedule, metrics, active = self.gan.schedule, {}, tf.constant(True)
        undo = Undo(self.players.values() if schedule.g_turns > 1 else self.discriminators)
        for turn in range(schedule.d_turns):
            real, turn_key = pixels.to_float(images[:, turn]), key.fold(turn)
            label = None if labels is None else labels[:, turn]
            taped = turn == schedule.d_turns - 1 and self.gan.accumulate == 1
            fakes = self.fakes(real, label, turn_key, taped)
            active = self.update_discriminators(real, label, fakes, turn_key, active, metrics)
        active = tf.constant(True)
        for turn in range(schedule.g_turns):
            turn_key = key.fold(schedule.d_turns + turn)
            if turn > 0:
                fakes = self.fakes(real, label, turn_key, taped=True)
            active = self.update_generators(real, label, fakes, turn_key, active, metrics)
        undo.unless(metrics["finite"] > 0.0)
        return metrics

    def fakes(
        self, real: tf.Tensor, labels: tf.Tensor | None, key: randomness.Key, taped: bool
    ) -> Fakes:
        """One pass of the generators, with a tape back to their weights if `taped`."""
        now = Snapshot(self.variables)
        weights = {p.name: [now[v] for v in p.weights] for p in self.generators}
        tape = tf.GradientTape(persistent=True, watch_accessed_variables=False)
        with tape:
            tape.watch(weights if taped else [])
            return Fakes(*self._make_fakes(now.values, real, labels, key), weights, tape, key)

    def _compiled_fakes(self, real, labels, turn_key):
        key = turn_key.fold("generator's layers")
        networks = {p.name: p.network for p in self.generators}
        with randomness.scope(key), network_state.seeded(networks.values(), key):
            fakes = self.gan.make_fakes(real, labels, turn_key)
        own = {name: network_state.own_losses(network) for name, network in networks.items()}
        own = {name: tf.add_n(losses) for name, losses in own.items() if losses}
        fakes = {**fakes, "own_losses": own} if own else fakes
        return fakes, {p.name: p.statistics() for p in self.generators}

    def update_discriminators(self, real, labels, fakes, key, active, metrics):
        """A turn of the discriminators; returns whether they stay active in this step."""
        gan, now, fake = self.gan, Snapshot(self.variables), fakes.outputs
        if gan.opponent is not None:
            opponents = gan.opponent.replace("generator", now)
            fake, _ = self._make_fakes(opponents.values, real, labels, key)
        if gan.replay is not None:
            fake = {**fake, "images": gan.replay.mix(fake["images"], labels, key, metrics)}
        scale = self.discriminators[0].scale()

        def gradients_of(rows, real, labels, fake):
            key_of_rows = key.from_row(rows.start)
            return self._discriminator_gradients(now.values, real, labels, fake, key_of_rows, scale)

        parts = accumulation.mean_over_parts(gradients_of, gan.accumulate, (real, labels, fake))
        loss, gradients, statistics, logs = parts
        losses = dict.fromkeys(gradients, loss)
        new = losses, gradients, statistics
        active, accepted = update_side(
            gan, "discriminator", self.discriminators, new, active, metrics
        )
        metrics.update(logs)
        if gan.replay is not None:
            gan.replay.insert(fakes.outputs["images"], labels, accepted)
        if gan.stateful_rules:
            means = replicas.all_reduce("MEAN", logs)
            for rule in gan.stateful_rules:
                rule.on_discriminator_turn_end(means, accepted)
        return active

    def _compiled_discriminator_gradients(self, real, labels, fake, key, scale):
        gan, fake = self.gan, tf.nest.map_structure(tf.stop_gradient, fake)
        turn = Turn(key, gan.step.value, real, labels, fake, self._discriminate)
        weights = {p.name: [v.value for v in p.weights] for p in self.discriminators}
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            turn.call_on_both(gan.separate_batches)
            loss = turn.log("discriminator/loss", gan.discriminator_loss(turn))
            batch_statistics.log_features(turn)
            for own in (*turn.own_losses, *self._discriminate.weight_losses()):
                loss += own
            for penalty in gan.penalties:
                loss += turn.log(f"penalty/{penalty.name}", penalty(turn))
            scaled = loss * scale
        return loss, tape.gradient(scaled, weights), turn.statistics, turn.metrics

    def update_generators(self, real, labels, fakes, key, active, metrics):
        """A turn of the generators; returns whether they stay active in this step."""
        now = Snapshot(self.variables)
        if self.gan.opponent is not None:
            now = self.gan.opponent.replace("discriminator", now)
        scales, accumulate = {p.name: p.scale() for p in self.generators}, self.gan.accumulate

        def gradients_of(rows, real, labels):
            of_rows = fakes
            if accumulate > 1:  # only now, so that one part's activations are kept at a time
                of_rows = self.fakes(real, labels, fakes.key.from_row(rows.start), taped=True)
            losses, cotangents, logs = self._generator_gradients(
                now.values, real, labels, of_rows.outputs, key.from_row(rows.start), scales
            )
            gradients = {
                name: of_rows.tape.gradient(of_rows.outputs, of_rows.weights[name], cotangent)
                for name, cotangent in cotangents.items()
            }
            return losses, gradients, of_rows.statistics, logs

        *new, logs = accumulation.mean_over_parts(gradients_of, accumulate, (real, labels))
        metrics.update(logs)
        active, _ = update_side(self.gan, "generator", self.generators, new, active, metrics)
        return active

    def _compiled_generator_gradients(self, real, labels, fake, key, scales):
        gan = self.gan
        turn = Turn(key, gan.step.value, real, labels, fake, self._discriminate)
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch([t for t in tf.nest.flatten(fake) if t.dtype.is_floating])
            turn.fake_output = turn.outputs_of(fake["images"], "fake")
            if gan.loss_rule.paired or gan.needs_reals_for_generator:
                turn.real_output = turn.outputs_of(real, "real")
            losses = gan.generator_loss(turn)
            for name, own in fake.get("own_losses", {}).items():
                losses[name] += own
            scaled = {name: loss * scales[name] for name, loss in losses.items()}
        cotangents = {
            name: tape.gradient(loss, fake, unconnected_gradients="zero")
            for name, loss in scaled.items()
        }
        for name, loss in losses.items():
            turn.log(f"{name}/loss", loss)
        batch_statistics.log_images(turn)
        return losses, cotangents, turn.metrics
