"""The updates of a step: the turns of the discriminators, then those of the generators.

Methods named `_compiled_…` are pure functions of the model's variables, compiled with XLA if asked.
The methods that call them reduce over the replicas, check the results and write them.
"""

import functools

import keras
import tensorflow as tf

from keras_gan.step import (
    batch_statistics,
    functional,
    keras_private,
    network_state,
    pixels,
    randomness,
    replicas,
)
from keras_gan.step.functional import Snapshot
from keras_gan.step.player import players_of
from keras_gan.step.turn import Fakes, Turn


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
        networks = [p.network for p in self.discriminators]
        self._d_statistics = [v for network in networks for v in network_state.statistics(network)]
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
        moved = self._moved_before_the_last_turn()
        before = functional.read(moved)
        for turn in range(schedule.d_turns):
            real, turn_key = pixels.to_float(images[:, turn]), key.fold(turn)
            label = None if labels is None else labels[:, turn]
            fakes = self.fakes(real, label, turn_key, taped=turn == schedule.d_turns - 1)
            active = self.update_discriminators(real, label, fakes, turn_key, active, metrics)
        active = tf.constant(True)
        for turn in range(schedule.g_turns):
            turn_key = key.fold(schedule.d_turns + turn)
            if turn > 0:
                fakes = self.fakes(real, label, turn_key, taped=True)
            active = self.update_generators(real, label, fakes, turn_key, active, metrics)
        self._undo(moved, before, metrics["finite"] > 0.0)
        return metrics

    def _moved_before_the_last_turn(self):
        """The variables that a step has changed by the time it can turn out not to be finite."""
        early = self.players.values() if self.gan.schedule.g_turns > 1 else self.discriminators
        return [
            variable
            for player in early
            for variable in (
                *network_state.variables(player.network),
                *player.optimizer.variables,
            )
        ]

    def _undo(self, variables, before, finite):
        """Gives variables their values before the step back, unless all of it was finite."""

        def restore():
            functional.assign(variables, before)
            return False

        tf.cond(finite, lambda: True, restore)

    def fakes(
        self, real: tf.Tensor, labels: tf.Tensor | None, key: randomness.Key, taped: bool
    ) -> Fakes:
        """One pass of the generators, with a tape back to their weights if `taped`."""
        now = Snapshot(self.variables)
        weights = {p.name: [now[v] for v in p.weights] for p in self.generators}
        tape = tf.GradientTape(persistent=True, watch_accessed_variables=False)
        with tape:
            tape.watch(weights if taped else [])
            return Fakes(*self._make_fakes(now.values, real, labels, key), weights, tape)

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
        loss, gradients, statistics, logs = self._discriminator_gradients(
            now.values, real, labels, fake, key, self.discriminators[0].scale()
        )
        losses = dict.fromkeys(gradients, loss)
        active, accepted = self._apply(
            "discriminator", self.discriminators, losses, gradients, statistics, active, metrics
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
            for own in (*turn.own_losses, *self._weight_losses()):
                loss += own
            for penalty in gan.penalties:
                loss += turn.log(f"penalty/{penalty.name}", penalty(turn))
            scaled = loss * scale
        return loss, tape.gradient(scaled, weights), turn.statistics, turn.metrics

    def _weight_losses(self):
        """The values of the regularizers of the discriminators' weights."""
        return [
            loss for p in self.discriminators for loss in keras_private.weight_losses(p.network)
        ]

    def _discriminate(self, images, labels, key, step):
        """D's outputs on images after its input rules (noise, augmentation), new statistics, and
        what its layers gave to `add_loss`."""
        for position, rule in enumerate(self.gan.d_inputs):
            purpose = getattr(rule, "purpose", f"input {position}")
            images = rule(images, key.fold(purpose), step)
        key, networks = key.fold("discriminator's layers"), [p.network for p in self.discriminators]
        seeded = network_state.seeded(networks, key)
        with randomness.scope(key), seeded, functional.substituted(self._d_statistics):
            outputs = self.gan.call_discriminator(images, labels)
            losses = [v for network in networks for v in keras_private.activity_losses(network)]
            return outputs, {p.name: p.statistics() for p in self.discriminators}, losses

    def update_generators(self, real, labels, fakes, key, active, metrics):
        """A turn of the generators; returns whether they stay active in this step."""
        now = Snapshot(self.variables)
        if self.gan.opponent is not None:
            now = self.gan.opponent.replace("discriminator", now)
        scales = {p.name: p.scale() for p in self.generators}
        losses, cotangents, logs = self._generator_gradients(
            now.values, real, labels, fakes.outputs, key, scales
        )
        metrics.update(logs)
        gradients = {
            name: fakes.tape.gradient(fakes.outputs, fakes.weights[name], cotangent)
            for name, cotangent in cotangents.items()
        }
        active, _ = self._apply(
            "generator", self.generators, losses, gradients, fakes.statistics, active, metrics
        )
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

    def _apply(self, side, players, losses, gradients, statistics, active, metrics):
        """Updates the players of a side, unless something of this step was not finite.

        Returns:
            Whether the schedule keeps this side training, and whether all updates were accepted.
        """
        agreed, checks = [], []
        for player in players:
            total, norm = player.agree(gradients[player.name])
            loss, new = replicas.all_reduce("MEAN", (losses[player.name], statistics[player.name]))
            checks.append(functional.all_finite((loss, norm, new)))
            agreed.append((player, total, norm, loss, new))
            metrics[f"{player.name}/gradient_norm"] = norm
        finite = tf.reduce_all(tf.stack(checks))
        metrics["finite"] = tf.minimum(metrics.get("finite", 1.0), tf.cast(finite, tf.float32))
        so_far, keeps_training = metrics["finite"] > 0.0, tf.constant(True)
        for player, total, norm, loss, new in agreed:
            trains = self.gan.schedule.keeps_training(side, loss, active)
            player.update(total, norm, so_far & trains, self.gan.step.value)
            functional.assign(network_state.statistics(player.network), new, so_far & trains)
            keeps_training = keeps_training & trains
        for scale in {id(p.loss_scale): p.loss_scale for p in players if p.loss_scale}.values():
            scale.adapt(finite & keeps_training)
        turns = metrics.get(f"{side}/turns", 0.0)
        metrics[f"{side}/turns"] = turns + tf.cast(keeps_training, tf.float32)
        return keeps_training, so_far & keeps_training
