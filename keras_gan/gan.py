"""GAN: a Keras model of two networks that train against each other.

The constructor takes the networks, `compile` everything about training, `fit` trains, callbacks
watch.
"""

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_gan.layers.noise import number_random_layers
from keras_gan.model import configs, fitting, freezing, held_out, networks
from keras_gan.model.generative import GenerativeModel
from keras_gan.model.logs import Logs
from keras_gan.rules import by_name, losses, opponents, penalties, priors, schedules, targets
from keras_gan.rules.base import Rule, StatefulRule, register
from keras_gan.rules.ema import MovingAverage
from keras_gan.rules.replay import Replay
from keras_gan.rules.top_k import TopK
from keras_gan.step import functional, network_state, randomness, replicas
from keras_gan.step.player import Player
from keras_gan.step.recorder import Recorder
from keras_gan.step.turn import Turn
from keras_gan.step.updates import Updates

DEFAULT_AVERAGE = MovingAverage(decay=0.999)


@register
class GAN(GenerativeModel):
    """A generative adversarial network (Goodfellow et al., 2014).

    A subclass overrides `make_fakes`, `discriminator_loss` or `generator_loss`, never the step.

    Args:
        generator: `keras.Model`, latents float32 [n, z] (and labels int32 [n]) → float32 images
            [n, h, w, c] in [-1, 1], or points [n, 2]. Functional, sequential or subclassed.
        discriminator: `keras.Model`, images (and labels) → logits [n] or [n, 1], or a dictionary
            with "logits". Not probabilities: it ends without a sigmoid.
        prior: `priors.Prior` or its name, the distribution of the latents. Defaults to "gaussian".
        latent_dim: int, z of a generator that does not say it: a subclassed or unbuilt one.
        image_shape: tuple, of a discriminator that does not say it.
        num_classes: int, number of classes of a conditional model. Defaults to none.
        **kwargs: arguments of `keras.Model`, such as `name`.

    Example:

    ```python
    gan = GAN(generator, discriminator)
    gan.compile(loss=losses.Hinge())
    gan.fit(x_train, batch_size=64, epochs=10)  # images uint8 [n, h, w, c]
    images = gan.sample(16, seed=0)  # uint8 [16, h, w, c]
    ```
    """

    # The names in `networks` that train in D's turns.
    discriminators: tuple[str, ...] = ("discriminator",)
    needs_reals_for_generator = False

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        prior: priors.Geometry | str | None = None,
        latent_dim: int | None = None,
        image_shape: Sequence[int] | None = None,
        num_classes: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            generator, discriminator, prior, latent_dim, image_shape, num_classes, **kwargs
        )
        self.recorder = Recorder(name="recorder")
        self.frozen_layers: tuple = ()
        counter = dict(shape=(), dtype="int64", initializer="zeros", trainable=False)
        counter["aggregation"] = "only_first_replica"
        self.step = self.add_weight(name="step", **counter)
        self.attempt = self.add_weight(name="attempt", **counter)
        self.run_seed = self.add_weight(name="seed", **counter)
        self.built = True

    # The networks ---------------------------------------------------------------------------------

    @property
    def networks(self) -> dict[str, keras.Model]:
        """The networks in training, by name; D first. A subclass may add some."""
        return {"discriminator": self.discriminator, "generator": self.generator}

    # The rules ----------------------------------------------------------------------------------

    def compile(
        self,
        d_optimizer: keras.Optimizer | str | None = None,
        g_optimizer: keras.Optimizer | str | None = None,
        loss: losses.Loss | str | Callable | None = None,
        targets: targets.Targets | None = None,
        penalties: Iterable[penalties.Penalty | StatefulRule | str | Callable] = (),
        d_inputs: Iterable[Rule | StatefulRule | Callable] = (),
        replay: Replay | None = None,
        opponent: opponents.Opponent | None = None,
        schedule: schedules.FixedSchedule | schedules.ThresholdLoop | None = None,
        average: MovingAverage | StatefulRule | float | None = DEFAULT_AVERAGE,
        top_k: TopK | float | None = None,
        separate_batches: bool = True,
        clip_norm: float | None = None,
        d_constraint: keras.constraints.Constraint | None = None,
        freeze_d: int = 0,
        accumulate: int = 1,
        d_learning_rate_schedule: schedules.Schedule | None = None,
        g_learning_rate_schedule: schedules.Schedule | None = None,
        d_beta_2_schedule: schedules.Schedule | None = None,
        g_beta_2_schedule: schedules.Schedule | None = None,
        jit_compile: bool | None = None,
        loss_scaling: bool | None = None,
        seed: int = 0,
        augment: str | None = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        **unknown: Any,
    ) -> None:
        """Sets the rules of training and builds the optimizers.

        Args:
            d_optimizer: `keras.Optimizer` or its name; by name its rate is 2e-4 and its β1, if it
                has one, 0.5. Defaults to "adam".
            g_optimizer: as `d_optimizer`.
            loss: `losses.Loss`, its name, or a function (real_logits, fake_logits) → (D's loss,
                G's loss), values per sample. Defaults to "non_saturating".
            targets: `targets.Targets` of D's turns. Defaults to 1 for reals, 0 for fakes.
            penalties: sequence of `penalties.Penalty`, their names, or functions turn → scalar,
                added to D's loss. Defaults to none.
            d_inputs: functions (images, key, step) → images, applied in this order to everything
                that D sees: noise, augmentation. Defaults to none.
            replay: `replay.Replay`, a buffer of past fakes for D. Defaults to none.
            opponent: `opponents.Opponent`, target networks or past players to train against.
                Defaults to the current networks.
            schedule: `schedules.FixedSchedule` or `ThresholdLoop`. Defaults to one turn each.
            average: `ema.MovingAverage` of the generator's weights, or its decay, or
                `power_averages.PowerAverages`; None switches it off. Defaults to a decay of 0.999.
            top_k: `top_k.TopK`, which fakes train the generator, or their share. Defaults to all.
            separate_batches: bool, whether real and fake images go through D apart, so that batch
                norm never mixes them (tip 4). Defaults to True; False is for comparison.
            clip_norm: float, bound of each player's gradient norm. Defaults to none.
            d_constraint: Keras constraint on D's weights after each update. Defaults to none.
            freeze_d: int, number of D's first layers that do not train (FreezeD, Mo et al., 2020);
                only layers with a kernel count. Defaults to 0.
            accumulate: int, number of equal parts that a turn's batch is split into, to save
                memory; their gradients are averaged. Defaults to 1.
            d_learning_rate_schedule: `schedules.Schedule`, factor of D's rate. Defaults to 1.
            g_learning_rate_schedule: `schedules.Schedule`, factor of the other optimizers'
                rates. Defaults to 1.
            d_beta_2_schedule: `schedules.Schedule`, β2 of D's optimizer. Defaults to its own.
            g_beta_2_schedule: `schedules.Schedule`, the same of the other optimizers.
            jit_compile: bool, compile losses and gradients with XLA. Defaults to True on a GPU.
            loss_scaling: bool, dynamic loss scaling. Defaults to True in mixed float16.
            seed: int, random seed of everything drawn in a step. Defaults to 0.
            augment: str, kinds of DiffAugment with commas between, or "ada"; the first of
                `d_inputs`. Defaults to none.
            run_eagerly: bool, without compiling anything, to look for a mistake.
            steps_per_execution: int, steps that Keras runs at once; 1 with several replicas.

        Raises:
            UsageError: an argument is unknown or of a wrong type, or does not fit another one.
        """
        configs.check_compile(
            self, unknown, (d_optimizer, g_optimizer), seed, clip_norm, steps_per_execution
        )
        configs.check_switches(separate_batches, loss_scaling, jit_compile)
        self.d_optimizer = by_name.optimizer(d_optimizer, "d")
        self.g_optimizer = by_name.optimizer(g_optimizer, "g")
        variables = [*self.d_optimizer.variables, *self.g_optimizer.variables]
        networks.check_scope(variables, self.distribute_strategy)
        # Keras creates a default optimizer if none is passed.
        options = {"run_eagerly": run_eagerly, "steps_per_execution": steps_per_execution}
        super().compile(optimizer=self.g_optimizer, jit_compile=False, **options)
        self.loss_rule, self.targets = by_name.loss(loss), by_name.target(targets)
        by_name.check_targets(self.targets, self.loss_rule)
        self.penalties = by_name.distinct(by_name.sequence(penalties, by_name.penalty))
        self.d_inputs = by_name.augmentation(augment) + by_name.sequence(d_inputs, by_name.d_input)
        self.replay, self.opponent = by_name.replay(replay), by_name.opponent(opponent)
        self.top_k, self.schedule = by_name.best_fakes(top_k), by_name.schedule(schedule)
        self.average = by_name.average(average)
        self.separate_batches, self.clip_norm = separate_batches, clip_norm
        self.d_constraint = by_name.constraint(d_constraint)
        factor = by_name.factor
        self.d_learning_rate_schedule = factor("d_learning_rate_schedule", d_learning_rate_schedule)
        self.g_learning_rate_schedule = factor("g_learning_rate_schedule", g_learning_rate_schedule)
        self.d_beta_2_schedule = factor("d_beta_2_schedule", d_beta_2_schedule)
        self.g_beta_2_schedule = factor("g_beta_2_schedule", g_beta_2_schedule)
        self.xla, self.seed = functional.uses_xla(jit_compile), seed
        half = self.generator.dtype_policy.name == "mixed_float16"
        self.loss_scaling = half if loss_scaling is None else loss_scaling
        self.run_seed.assign(seed)
        self.accumulate, self.freeze_d = accumulate, freeze_d
        self.frozen_layers = freezing.freeze(self.discriminator, freeze_d, self.frozen_layers)

        configs.check_accumulation(self)
        for rule in self.stateful_rules:
            rule.build_for(self)
        if self.d_constraint is not None:
            for weight in self.discriminator.trainable_variables:
                weight.constraint = self.d_constraint
        for network in self.networks.values():  # a subclass may have added some
            number_random_layers(network)
        self.updates = Updates(self)
        scales = [p.loss_scale for p in self.players.values() if p.loss_scale]
        self.loss_scales: list[Any] = list(dict.fromkeys(scales))  # several networks may share one
        self.logs, self.traced_for = Logs(self), dict[str, str]()

    @property
    def players(self) -> dict[str, Player]:
        """The networks in training with their optimizers, by name."""
        return self.updates.players

    def optimizer_for(self, name: str) -> keras.Optimizer:
        """The optimizer of a player, by name; a subclass that adds players overrides this."""
        return {"discriminator": self.d_optimizer, "generator": self.g_optimizer}[name]

    @property
    def rules(self) -> list[Any]:
        """Rules whose `on_step_end` is called, in a fixed order, on which checkpoints depend."""
        rules = [self.replay, self.opponent, self.prior, self.schedule, self.average]
        return [r for r in (*self.penalties, *self.d_inputs, *rules) if r is not None]

    @property
    def stateful_rules(self) -> list[StatefulRule]:
        """The stateful ones among `rules`."""
        return [rule for rule in self.rules if isinstance(rule, StatefulRule)]

    def get_compile_config(self) -> dict[str, Any]:
        """The arguments of `compile`, serialised, so that a loaded model can continue training."""
        return configs.compile_config(self, inspect.signature(GAN.compile).parameters)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Calls `compile` with the arguments in `config`, a result of `get_compile_config`."""
        self.compile(**configs.restored(config))

    # Training -----------------------------------------------------------------------------------

    def fit(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, **options: Any
    ) -> keras.callbacks.History:
        """Trains, as `keras.Model.fit` does.

        Args:
            x: images [n, h, w, c] or [n, h, w], or points [n, 2]: an array or a tensor; or what
                gives batches of images, (images,) or (images, labels) of any size: a
                `tf.data.Dataset`, a `keras.utils.PyDataset`, a generator, a loader; or a source of
                `keras_gan.open_source`. Pixels are uint8, or floats in [0, 1], [-1, 1] or [0, 255].
            y: labels of arrays: integers [n] or [n, 1], or one-hot [n, k].
            batch_size: int, images per turn over all replicas. Defaults to 64, or to that of the
                data set; a step takes as many images for each turn of D.
            **options: of `keras.Model.fit`: epochs, verbose, callbacks, validation_split,
                validation_data, shuffle, initial_epoch, steps_per_epoch, validation_steps,
                validation_batch_size, validation_freq; and pixel_range, (low, high) of the pixels
                where the first images don't show it.

        Returns:
            The means of d_loss, g_loss, … in each epoch.

        Raises:
            UsageError: something does not fit; in one sentence, before the first step.
        """
        arguments, reading = fitting.of_fit(self, x, y, batch_size, **options)
        with reading:
            return super().fit(**arguments)

    def evaluate(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, **options: Any
    ) -> list[float] | dict[str, float]:
        """D's loss and accuracies on held-out images, as `keras.Model.evaluate` does.

        In inference mode, against fakes of fixed latents; without softened targets, noise,
        augmentation and penalties. So a discriminator that overfits shows.

        Args:
            x: images, as of `fit`.
            y: labels, as of `fit`.
            batch_size: int, images per batch. Defaults to 64.
            **options: of `keras.Model.evaluate`: verbose, steps, callbacks, return_dict; and
                pixel_range.
        """
        arguments, reading = fitting.of_evaluate(self, x, y, batch_size, **options)
        with reading:
            return super().evaluate(**arguments)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The means that `fit` shows and returns."""
        return self.logs.metrics if self.compiled else []

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """One step: the turns of `Updates.step`, then the moving average, the rules and metrics.

        Args:
            data: images uint8 [n, turns, h, w, c] (or points float32 [n, turns, 2]) of this
                replica, or (images, labels int32 [n, turns]).
        """
        images, labels = fitting.parts(data)
        step = self.step.value
        # This replica's rows of the global batch.
        row = tf.cast(replicas.index(), tf.int64) * images.shape[0]
        key = randomness.Key.create(self.run_seed.value, self.attempt.value, row).fold(step)
        metrics = self.updates.step(images, labels, key)
        finite = metrics["finite"] > 0.0
        self.average.update(self.average_generator, self.generator, step, finite)
        # At the end of a data set what does not need images would be done all the same.
        with tf.control_dependencies([images]):
            for rule in self.rules:
                rule.on_step_end(step, key, metrics)
            means = self.recorder.write(step, metrics)
            self.step.assign_add(1)
            return self.logs.update(means)

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        """D's loss and accuracies on a batch of held-out images, as `evaluate` says."""
        images, labels = fitting.parts(data)
        label = None if labels is None else labels[:, 0]
        values = held_out.values(self, images[:, 0], label)
        with tf.control_dependencies([images]):  # as in `train_step`
            return self.logs.update_held_out(values)

    # What callbacks use -------------------------------------------------------------------------

    def state(self) -> dict[str, list[keras.Variable]]:
        """Every variable that the next step depends on, by owner: the content of a checkpoint."""
        networks = self.networks.items()
        state = {name: network_state.variables(network) for name, network in networks}
        state["average_generator"] = network_state.variables(self.average_generator)
        for name, player in self.players.items():
            state[f"{name}'s optimizer"] = player.optimizer.variables
        rules = [*self.stateful_rules, *self.loss_scales]
        state["rules"] = [v for rule in rules for v in rule.variables]
        state["recorder"] = self.recorder.variables
        state["counters"] = [self.step, self.attempt, self.run_seed]
        return state

    # What a subclass overrides ------------------------------------------------------------------

    def make_fakes(
        self, real: tf.Tensor, labels: tf.Tensor | None, key: randomness.Key
    ) -> dict[str, tf.Tensor]:
        """Generates the fakes of a turn.

        Args:
            real: float32 [n, h, w, c], the turn's real images.
            labels: int32 [n], or None.
            key: `randomness.Key` of the turn.

        Returns:
            A dictionary of tensors with "images" float32 [n, h, w, c].
        """
        shape = (real.shape[0], self.latent_dim)
        latent = self.prior.sample(key.fold("latent"), shape, training=True)
        return {"images": self.call_generator(latent, labels)}

    def discriminator_loss(self, turn: Turn) -> tf.Tensor:
        """D's loss without penalties, a float32 scalar: this replica's mean."""
        real, fake = turn.real_output["logits"], turn.fake_output["logits"]
        turn.log("discriminator/logits_real", real)
        turn.log("discriminator/logits_fake", fake)
        turn.log("discriminator/accuracy_real", real > 0)
        turn.log("discriminator/accuracy_fake", fake < 0)
        turn.log("discriminator/sign_real", tf.sign(real))
        self.targets.log(turn)
        parts = self.adversarial_parts(turn, turn.real_output, turn.fake_output)
        loss = turn.log("discriminator/loss_real", parts[0])
        loss += turn.log("discriminator/loss_fake", parts[1])
        if "direction" in turn.real_output:  # of a `SlicedLogit`
            fake, real = turn.fake_output["direction"], turn.real_output["direction"]
            loss += turn.log("discriminator/direction", tf.reduce_mean(fake) - tf.reduce_mean(real))
        return loss

    def generator_loss(self, turn: Turn) -> dict[str, tf.Tensor]:
        """The generators' losses: a dictionary name → float32 scalar, this replica's mean."""
        if self.top_k is not None:
            turn.log("top_k/share", self.top_k.kept_share(turn.step, turn.count))
        return {"generator": tf.reduce_mean(self.adversarial_loss(turn, turn.fake_output))}

    # What a subclass' losses are made of --------------------------------------------------------

    def adversarial_parts(
        self, turn: Turn, real_output: dict[str, tf.Tensor], fake_output: dict[str, tf.Tensor]
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The real and the fake part of D's adversarial loss, one value per logit; logs nothing."""
        real, fake = real_output["logits"], fake_output["logits"]
        if not self.loss_rule.has_targets:
            return self.loss_rule.discriminator(*self.targets.exchange(turn.key, real, fake))
        targets = self.targets.draw(turn.key, turn.count, len(real.shape))
        return self.loss_rule.discriminator(real, fake, *targets)

    def adversarial_loss(self, turn: Turn, fake_output: dict[str, tf.Tensor]) -> tf.Tensor:
        """G's adversarial loss, one value per logit (per image with top-k); logs nothing."""
        fake = fake_output["logits"]
        real = turn.real_output["logits"] if turn.real_output else None
        loss = self.loss_rule.generator(fake, real)
        return loss if self.top_k is None else self.top_k(loss, fake, turn.step)
