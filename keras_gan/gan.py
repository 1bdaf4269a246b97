"""GAN: a Keras model of two networks that train against each other.

The constructor takes the networks, `compile` everything about training, `fit` trains, callbacks
watch.
"""

import inspect

import keras
import numpy as np
import tensorflow as tf

from keras_gan.layers.noise import number_random_layers
from keras_gan.rules import losses, priors, schedules
from keras_gan.rules.base import StatefulRule, register
from keras_gan.rules.ema import MovingAverage
from keras_gan.rules.targets import Targets
from keras_gan.step import pixels, randomness, replicas
from keras_gan.step.recorder import Recorder
from keras_gan.step.updates import Updates

DEFAULT_AVERAGE = MovingAverage(decay=0.999)


@register
class GAN(keras.Model):
    """A generative adversarial network (Goodfellow et al., 2014).

    A subclass overrides `make_fakes`, `discriminator_loss` or `generator_loss`, never the step.

    Args:
        generator: `keras.Model`, latents float32 [n, z] (and labels int32 [n]) → float32 images
            [n, h, w, c] in [-1, 1], or points [n, 2].
        discriminator: `keras.Model`, images (and labels) → dictionary with "logits" [n].
        prior: `priors.Prior`, the distribution of the latents. Defaults to `priors.Gaussian()`.
        **kwargs: arguments of `keras.Model`, such as `name`.

    Example:

    ```python
    gan = GAN(generator, discriminator)
    gan.compile(loss=losses.Hinge())
    gan.fit(batches, steps_per_epoch=1000)  # batches of uint8 [n, turns, h, w, c]
    images = gan.sample(16, seed=0)  # uint8 [16, h, w, c]
    ```
    """

    discriminators = ("discriminator",)  # the names in `networks` that train in D's turns
    needs_reals_for_generator = False
    num_classes = None  # set by conditional models
    chunk = 256  # images that `sample` generates at a time

    def __init__(self, generator, discriminator, prior=None, **kwargs):
        super().__init__(**kwargs)
        self.generator, self.discriminator = generator, discriminator
        for network in (generator, discriminator):
            number_random_layers(network)
        # Sampled, scored and exported from; without averaging it is a copy of the generator.
        self.average_generator = keras.models.clone_model(generator)
        self.average_generator.set_weights(generator.get_weights())
        self.average_generator.trainable = False
        self.prior = prior or priors.Gaussian()
        self.recorder = Recorder(name="recorder")
        counter = dict(
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )
        self.step = self.add_weight(name="step", **counter)
        self.attempt = self.add_weight(name="attempt", **counter)
        self.run_seed = self.add_weight(name="seed", **counter)
        self.built = True

    # The networks ---------------------------------------------------------------------------------

    @property
    def networks(self):
        """The networks in training, by name; D first. A subclass may add some."""
        return {"discriminator": self.discriminator, "generator": self.generator}

    @property
    def latent_dim(self):
        return self.generator.inputs[0].shape[-1]

    @property
    def image_shape(self):
        return tuple(self.discriminator.inputs[0].shape[1:])

    @property
    def conditional(self):
        """Whether the generator takes labels."""
        return len(self.generator.inputs) > 1

    # The rules ----------------------------------------------------------------------------------

    def compile(
        self,
        d_optimizer=None,
        g_optimizer=None,
        loss=None,
        targets=None,
        penalties=(),
        d_inputs=(),
        replay=None,
        opponent=None,
        schedule=None,
        average=DEFAULT_AVERAGE,
        top_k=None,
        separate_batches=True,
        clip_norm=None,
        d_constraint=None,
        xla=False,
        loss_scaling=False,
        seed=0,
    ):
        """Sets the rules of training and builds the optimizers.

        Args:
            d_optimizer: `keras.Optimizer` or its name. Defaults to Adam(2e-4, β1 0.5).
            g_optimizer: `keras.Optimizer` or its name. Defaults to Adam(2e-4, β1 0.5).
            loss: `losses.Loss`. Defaults to `losses.NonSaturating()`.
            targets: `targets.Targets` of D's turns. Defaults to 1 for reals, 0 for fakes.
            penalties: sequence of `penalties.Penalty`, added to D's loss. Defaults to none.
            d_inputs: functions (images, key, step) → images, applied in this order to everything
                that D sees: noise, augmentation. Defaults to none.
            replay: `replay.Replay`, a buffer of past fakes for D. Defaults to none.
            opponent: `opponents.Opponent`, target networks or past players to train against.
                Defaults to the current networks.
            schedule: `schedules.FixedSchedule` or `ThresholdLoop`. Defaults to one turn each.
            average: `ema.MovingAverage` of the generator's weights; None switches it off.
                Defaults to a decay of 0.999, as on the command line.
            top_k: `top_k.TopK`, which fakes train the generator. Defaults to all.
            separate_batches: bool, whether real and fake images go through D apart, so that batch
                norm never mixes them (tip 4). Defaults to True; False is for comparison.
            clip_norm: float, bound of each player's gradient norm. Defaults to none.
            d_constraint: Keras constraint on D's weights after each update. Defaults to none.
            xla: bool, compile losses and gradients with XLA. Defaults to False.
            loss_scaling: bool, dynamic loss scaling, for mixed float16. Defaults to False.
            seed: int, random seed of everything drawn in a step. Defaults to 0.

        Raises:
            ValueError: an optimizer clips, averages or accumulates gradients itself.
        """
        adam = dict(learning_rate=2e-4, beta_1=0.5)
        self.d_optimizer = keras.optimizers.get(d_optimizer or keras.optimizers.Adam(**adam))
        self.g_optimizer = keras.optimizers.get(g_optimizer or keras.optimizers.Adam(**adam))
        # Keras creates a default optimizer if none is passed.
        super().compile(optimizer=self.g_optimizer, jit_compile=False)
        self.loss_rule = loss or losses.NonSaturating()
        self.targets = targets or Targets()
        self.penalties, self.d_inputs = list(penalties), list(d_inputs)
        self.replay, self.opponent, self.top_k = replay, opponent, top_k
        self.schedule = schedule or schedules.FixedSchedule()
        self.average = average or MovingAverage(decay=0.0)
        self.separate_batches, self.clip_norm = separate_batches, clip_norm
        self.d_constraint = keras.constraints.get(d_constraint)
        self.xla, self.loss_scaling, self.seed = xla, loss_scaling, seed
        self.run_seed.assign(seed)

        for rule in self.stateful_rules:
            rule.build_for(self)
        if self.d_constraint is not None:
            for weight in self.discriminator.trainable_variables:
                weight.constraint = self.d_constraint
        for network in self.networks.values():  # a subclass may have added some
            number_random_layers(network)
        self.updates = Updates(self)
        scales = [p.loss_scale for p in self.players.values() if p.loss_scale]
        self.loss_scales = list(dict.fromkeys(scales))  # several networks may share one

    @property
    def players(self):
        """The networks in training with their optimizers, by name."""
        return self.updates.players

    def optimizer_for(self, name):
        """The optimizer of a player, by name; a subclass that adds players overrides this."""
        return {"discriminator": self.d_optimizer, "generator": self.g_optimizer}[name]

    @property
    def rules(self):
        """Rules whose `on_step_end` is called, in a fixed order, on which checkpoints depend."""
        rules = [self.replay, self.opponent, self.prior, self.schedule]
        return [r for r in (*self.penalties, *self.d_inputs, *rules) if r is not None]

    @property
    def stateful_rules(self):
        """The stateful ones among `rules`."""
        return [rule for rule in self.rules if isinstance(rule, StatefulRule)]

    def get_compile_config(self):
        """The arguments of `compile`, serialised, so that a loaded model can continue training."""
        attributes = {"loss": "loss_rule"}
        names = [name for name in inspect.signature(GAN.compile).parameters if name != "self"]
        return {
            name: keras.saving.serialize_keras_object(getattr(self, attributes.get(name, name)))
            for name in names
        }

    def compile_from_config(self, config):
        """Calls `compile` with the arguments in `config`, a result of `get_compile_config`."""
        self.compile(
            **{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()}
        )

    def get_config(self):
        """The networks and the prior, serialised; without them if a subclass builds its own."""
        config = {"name": self.name}
        if "generator" in inspect.signature(type(self).__init__).parameters:
            parts = {name: getattr(self, name) for name in ("generator", "discriminator", "prior")}
            config |= {n: keras.saving.serialize_keras_object(p) for n, p in parts.items()}
        return config

    @classmethod
    def from_config(cls, config):
        return cls(
            **{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()}
        )

    # Training -----------------------------------------------------------------------------------

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Does nothing: all is built. Keras would first reduce a batch over the replicas, which
        fails for several workers with labels."""

    def train_step(self, data):
        """One step: the turns of `Updates.step`, then the moving average, the rules and metrics.

        Args:
            data: images uint8 [n, turns, h, w, c] (or points float32 [n, turns, 2]) of this
                replica, or (images, labels int32 [n, turns]).
        """
        images, labels = data if isinstance(data, (tuple, list)) else (data, None)
        step = self.step.value
        # This replica's rows of the global batch.
        row = tf.cast(replicas.index(), tf.int64) * images.shape[0]
        key = randomness.Key.create(self.run_seed.value, self.attempt.value, row).fold(step)
        metrics = self.updates.step(images, labels, key)
        finite = metrics["finite"] > 0.0
        self.average.update(self.average_generator, self.generator, step, finite)
        for rule in self.rules:
            rule.on_step_end(step, key, metrics)
        self.recorder.write(step, metrics)
        self.step.assign_add(1)
        return {"step": tf.zeros((1,))}  # Keras requires an output; nothing reads it

    # What callbacks use -------------------------------------------------------------------------

    def state(self):
        """Every variable that the next step depends on, by owner: the content of a checkpoint."""
        state = {name: network.variables for name, network in self.networks.items()}
        state["average_generator"] = self.average_generator.variables
        for name, player in self.players.items():
            state[f"{name}'s optimizer"] = player.optimizer.variables
        state["rules"] = [
            v for rule in (*self.stateful_rules, *self.loss_scales) for v in rule.variables
        ]
        state["recorder"] = self.recorder.variables
        state["counters"] = [self.step, self.attempt, self.run_seed]
        return state

    # What a subclass overrides ------------------------------------------------------------------

    def make_fakes(self, real, labels, key):
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

    def discriminator_loss(self, turn):
        """D's loss without penalties, a float32 scalar: this replica's mean."""
        real, fake = turn.real_output["logits"], turn.fake_output["logits"]
        turn.log("discriminator/logits_real", real)
        turn.log("discriminator/logits_fake", fake)
        turn.log("discriminator/accuracy_real", real > 0)
        turn.log("discriminator/accuracy_fake", fake < 0)
        turn.log("discriminator/sign_real", tf.sign(real))
        self.targets.log(turn)
        parts = self.adversarial_parts(turn, turn.real_output, turn.fake_output)
        return turn.log("discriminator/loss_real", parts[0]) + turn.log(
            "discriminator/loss_fake", parts[1]
        )

    def generator_loss(self, turn):
        """The generators' losses: a dictionary name → float32 scalar, this replica's mean."""
        if self.top_k is not None:
            turn.log("top_k/share", self.top_k.kept_share(turn.step, turn.count))
        return {"generator": tf.reduce_mean(self.adversarial_loss(turn, turn.fake_output))}

    # What a subclass' losses are made of --------------------------------------------------------

    def adversarial_parts(self, turn, real_output, fake_output):
        """The real and the fake part of D's adversarial loss, one value per logit; logs nothing."""
        real, fake = real_output["logits"], fake_output["logits"]
        if not self.loss_rule.has_targets:
            return self.loss_rule.discriminator(*self.targets.exchange(turn.key, real, fake))
        targets = self.targets.draw(turn.key, turn.count, len(real.shape))
        return self.loss_rule.discriminator(real, fake, *targets)

    def adversarial_loss(self, turn, fake_output):
        """G's adversarial loss, one value per logit (per image with top-k); logs nothing."""
        fake = fake_output["logits"]
        real = turn.real_output["logits"] if turn.real_output else None
        loss = self.loss_rule.generator(fake, real)
        return loss if self.top_k is None else self.top_k(loss, fake, turn.step)

    def call_generator(self, latents, labels=None, training=True):
        """G's images, float32, for latents [n, z], and labels [n] if G takes them."""
        inputs = [latents, labels] if self.conditional else latents
        return tf.cast(self.generator(inputs, training=training), tf.float32)

    def call_discriminator(self, images, labels=None, training=True):
        """D's outputs, float32, for images, and labels [n] if D takes them.

        Returns:
            A dictionary with "logits" [n], or maps of logits [n, h, w], and D's other outputs.
        """
        inputs = [images, labels] if len(self.discriminator.inputs) > 1 else images
        output = self.discriminator(inputs, training=training)
        return {name: tf.cast(value, tf.float32) for name, value in output.items()}

    # Using what has been trained ----------------------------------------------------------------

    def sample(self, count, seed=0, labels=None, noise=False, truncation=1.0):
        """Samples images from the averaged generator.

        Args:
            count: int, number of images.
            seed: int, random seed of the latents. Defaults to 0.
            labels: int32 [count] for a conditional generator. Defaults to all classes in turn.
            noise: bool, whether G's noise layers are active. Defaults to False.
            truncation: float in [0, 1], ψ of the prior's `truncate`. Defaults to 1, which samples
                the prior itself.

        Returns:
            uint8 [count, h, w, c], or float32 points [count, 2].
        """
        if self.conditional:
            labels = np.arange(count) % self.num_classes if labels is None else labels
            labels = np.asarray(labels, np.int32)
        parts = []
        for row in range(0, count, self.chunk):
            key = randomness.Key.create(seed, row=row)  # the images don't depend on the chunk
            rows = min(self.chunk, count - row)
            latents = self.prior.sample(key.fold("latent"), (rows, self.latent_dim))
            if truncation != 1.0:
                latents = self.prior.truncate(latents, truncation)
            some = labels[row : row + rows] if self.conditional else None
            parts.append(self.generate(latents, some, key.fold("noise") if noise else None))
        return np.concatenate(parts)

    def generate(self, latents, labels=None, key=None):
        """Images of the averaged generator: uint8 [n, h, w, c], or float32 points [n, 2]."""
        latents = tf.convert_to_tensor(latents)
        inputs = [latents, tf.convert_to_tensor(labels)] if self.conditional else latents
        with randomness.scope(key):
            images = self.average_generator(inputs, training=False)
        return (
            pixels.to_uint8(images) if len(self.image_shape) == 3 else tf.cast(images, tf.float32)
        )

    def discriminate(self, images, labels=None):
        """D's logits, float32 [n], of uint8 images (or points), with the reals' statistics."""
        x = pixels.to_float(images)
        labels = None if labels is None else tf.convert_to_tensor(labels)
        return self.call_discriminator(x, labels, training=False)["logits"]

    def extra_endpoints(self):
        """Endpoints that a subclass adds to the export, by name: (function, input signature)."""
        return {}

    def extra_samples(self, source):
        """Pictures that a subclass adds to its samples, by name: uint8 [h, w, c]."""
        return {}
