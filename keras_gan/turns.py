"""The turns of the players: passes, gradients, and the gate in front of every write.

What stands in `…_inside` is a pure function of the game's variables, compiled with XLA if asked;
the rest of a turn agrees with the other replicas and writes.
"""

import tensorflow as tf

from keras_gan import randomness, runtime
from keras_gan.turn import Turn, distance_in_pairs, magnitude, nearest


class Turns:
    """The turns of a `GAN`, which is the only one to inherit from this."""

    def _fakes(self, real, labels, key, taped):
        """The makers' pass: fakes, their new statistics, and the tape that leads back to them."""
        current = dict(zip(map(id, self._inside), runtime.values(self._inside)))
        makers = [n for n in self.networks if n != "discriminator"]
        weights = {
            n: [current[id(v)] for v in self.networks[n].trainable_variables] for n in makers
        }
        tape = tf.GradientTape(persistent=True, watch_accessed_variables=False)
        if not taped:
            fake, statistics = self._make_fakes(list(current.values()), real, labels, key)
        else:
            with tape:
                tape.watch(weights)
                fake, statistics = self._make_fakes(list(current.values()), real, labels, key)
        return fake, statistics, weights, tape

    def _make_fakes_inside(self, real, labels, key):
        with randomness.scope(key.fold("generator's layers")):
            fake = self.make_fakes(real, labels, key)
        makers = [n for name, n in self.networks.items() if name != "discriminator"]
        return fake, [v.value for n in makers for v in n.non_trainable_variables]

    def _discriminator_turn(self, real, labels, fakes, key, going, metrics):
        """D's turn. Returns whether the turns of this step go on."""
        player = self.players["discriminator"]
        fake = fakes[0]
        current = runtime.values(self._inside)
        if self.opponent is not None:
            against = self.opponent.values("generator", self._inside, current)
            fake, _ = self._make_fakes(against, real, labels, key)
        if self.replay is not None:
            fake = {**fake, "images": self.replay.mix(fake["images"], labels, key, metrics)}
        loss, gradients, statistics, logged = self._d_gradients(
            current, real, labels, fake, key, player.scale()
        )
        going, go = self._update(player, loss, gradients, statistics, going, metrics)
        metrics.update(logged)
        metrics["discriminator/turns"] = metrics.get("discriminator/turns", 0.0) + tf.cast(
            going, tf.float32
        )
        if self.replay is not None:
            self.replay.insert(fakes[0]["images"], labels, go)
        if self.stateful_rules:
            agreed = runtime.all_reduce("MEAN", logged)
            for rule in self.stateful_rules:
                rule.observe(agreed, go)
        return going

    def _d_gradients_inside(self, real, labels, fake, key, scale):
        fake = tf.nest.map_structure(tf.stop_gradient, fake)
        weights = [v.value for v in self.discriminator.trainable_variables]
        turn = Turn(key, self.step.value, real, labels, fake)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            self._judge_both(turn)
            loss = turn.log("discriminator/loss", self.discriminator_loss(turn))
            for side, output in (("fakes", turn.fake_output), ("reals", turn.real_output)):
                if "features" in output:
                    turn.log(f"{side}/feature_distance", distance_in_pairs(output["features"]))
            for penalty in self.penalties:
                loss += turn.log(f"penalty/{penalty.name}", penalty(turn))
            scaled = loss * scale
        gradients = tape.gradient(scaled, weights)
        statistics = [v.value for v in self.discriminator.non_trainable_variables]
        return loss, gradients, statistics, turn.metrics

    def _judge_both(self, turn):
        """D on the fakes, then on the reals; the reals' statistics are the ones D keeps."""
        sides = {side: turn.key.fold(side) for side in ("real", "fake")}
        statistics = self.discriminator.non_trainable_variables
        began = runtime.values(statistics)

        def critic(images, side="real"):
            # The D of this turn: penalties neither see nor leave new statistics.
            with runtime.substituted(statistics, began):
                return self.judge(images, turn.labels, sides[side], turn.step)["logits"]

        turn.critic = critic
        fake, real = turn.fake["images"], turn.real
        if self.separate_batches:
            with runtime.substituted(statistics):
                turn.fake_output = self.judge(fake, turn.labels, sides["fake"], turn.step)
            turn.real_output = self.judge(real, turn.labels, sides["real"], turn.step)
            return
        both = self.judge(
            tf.concat([real, fake], 0),
            None if turn.labels is None else tf.concat([turn.labels] * 2, 0),
            sides["real"],
            turn.step,
        )
        turn.real_output = {name: value[: turn.count] for name, value in both.items()}
        turn.fake_output = {name: value[turn.count :] for name, value in both.items()}

    def _generator_turn(self, real, labels, fakes, key, going, metrics):
        """The turn of G (and of a variant's further makers). Returns whether G's turns go on."""
        fake, statistics, weights, tape = fakes
        current = runtime.values(self._inside)
        if self.opponent is not None:
            current = self.opponent.values("discriminator", self._inside, current)
        makers = list(weights)
        scales = {name: self.players[name].scale() for name in makers}
        found, cotangents, logged = self._g_gradients(current, real, labels, fake, key, scales)
        metrics.update(logged)
        first = going
        for name in makers:
            gradients = tape.gradient(
                fake, weights[name], cotangents[name], unconnected_gradients="none"
            )
            count = len(self.networks[name].non_trainable_variables)
            own, statistics = statistics[:count], statistics[count:]
            goes, _ = self._update(self.players[name], found[name], gradients, own, first, metrics)
            going = tf.logical_and(going, goes)
        metrics["generator/turns"] = metrics.get("generator/turns", 0.0) + tf.cast(
            going, tf.float32
        )
        return going

    def _g_gradients_inside(self, real, labels, fake, key, scales):
        turn = Turn(key, self.step.value, real, labels, fake)
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch([t for t in tf.nest.flatten(fake) if t.dtype.is_floating])
            with runtime.substituted(self.discriminator.non_trainable_variables):
                # An own purpose: D's noise on the same fakes differs from that of D's turn.
                sides = key.fold("generator")
                turn.critic = lambda images: self.judge(images, labels, sides, turn.step)["logits"]
                turn.fake_output = self.judge(fake["images"], labels, sides, turn.step)
                if self.loss_rule.paired or self.needs_reals_for_generator:
                    turn.real_output = self.judge(real, labels, key.fold("real"), turn.step)
                found = self.generator_loss(turn)
            scaled = {name: loss * scales[name] for name, loss in found.items()}
        cotangents = {
            name: tape.gradient(loss, fake, unconnected_gradients="zero")
            for name, loss in scaled.items()
        }
        for name, loss in found.items():
            turn.log(f"{name}/loss", loss)
        turn.log("fakes/distance", distance_in_pairs(fake["images"]))
        turn.log("reals/distance", distance_in_pairs(real))
        turn.log("reals/nearest_fake", nearest(real, fake["images"]))
        turn.log("reals/nearest_real", nearest(real, real, same=True))
        turn.log("fakes/magnitude", magnitude(fake["images"]))
        return found, cotangents, turn.metrics

    def _update(self, player, loss, gradients, statistics, going, metrics):
        """Updates a player unless something is not finite or the schedule says stop.

        Returns:
            Whether the schedule goes on, and whether the update was made; boolean scalars.
        """
        gradients, norm = player.agree(gradients)
        loss, statistics = runtime.all_reduce("MEAN", (loss, statistics))
        finite = runtime.all_finite((loss, norm, statistics))
        side = "discriminator" if player.name == "discriminator" else "generator"
        going = self.schedule.goes(side, loss, going)
        go = tf.logical_and(finite, going)
        player.update(gradients, norm, go)
        runtime.assign(player.network.non_trainable_variables, statistics, go)
        metrics[f"{player.name}/gradient_norm"] = norm
        metrics["finite"] = tf.minimum(metrics.get("finite", 1.0), tf.cast(finite, tf.float32))
        return going, go
