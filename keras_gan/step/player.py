"""A player: a network, the optimizer that trains it, and the check before every update."""

import contextlib
from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from keras_gan.errors import UsageError
from keras_gan.step import functional, keras_private, network_state, replicas


class Player:
    """A network in training.

    Args:
        name: str, its name in logs and checkpoints, e.g. "generator".
        network: `keras.Model`.
        optimizer: `keras.Optimizer`. Its clipping options are refused, since they would clip each
            replica's gradient before the sum; `clip_norm` clips the sum.
        clip_norm: float, bound of the gradient's global norm. Defaults to none.
        loss_scale: `LossScale`, in mixed float16. Defaults to none.
        rate_schedule: `schedules.Schedule`, factor of the learning rate; the optimizer's own
            `learning_rate` stays what callbacks and roll-backs change. Defaults to 1.
        beta_2_schedule: `schedules.Schedule`, the optimizer's β2. Defaults to its own.

    Raises:
        UsageError: the optimizer clips, averages or accumulates gradients itself, trains another
            network already, or has no β2 to schedule.
    """

    def __init__(
        self,
        name: str,
        network: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        clip_norm: float | None = None,
        loss_scale: "LossScale | None" = None,
        rate_schedule: Callable[[tf.Tensor], tf.Tensor] | None = None,
        beta_2_schedule: Callable[[tf.Tensor], tf.Tensor] | None = None,
    ):
        for option in ("clipnorm", "global_clipnorm", "clipvalue", "use_ema"):
            if getattr(optimizer, option, None):
                raise UsageError(
                    f"{name}'s optimizer has {option}={getattr(optimizer, option)}, which would act"
                    " on each replica apart; use compile(clip_norm=…) and compile(average=…)"
                )
        if optimizer.gradient_accumulation_steps:
            raise UsageError(f"{name}'s optimizer accumulates gradients, which is not supported")
        self.name, self.network, self.optimizer = name, network, optimizer
        if beta_2_schedule is not None and not hasattr(optimizer, "beta_2"):
            raise UsageError(f"{name}'s optimizer, {type(optimizer).__name__}, has no β2")
        self.clip_norm, self.loss_scale = clip_norm, loss_scale
        self.rate_schedule, self.beta_2_schedule = rate_schedule, beta_2_schedule
        if keras_private.trains_others(optimizer, network.trainable_variables):
            raise UsageError(
                f"{name}'s optimizer trains another network already; each network needs its own"
            )
        optimizer.build(network.trainable_variables)

    @property
    def weights(self) -> list[keras.Variable]:
        """The Keras variables that the optimizer updates."""
        return self.network.trainable_variables

    def statistics(self) -> list[tf.Tensor]:
        """The values of the network's other variables, such as batch statistics."""
        return [v.value for v in network_state.statistics(self.network)]

    def scale(self) -> tf.Tensor | float:
        """The factor of the loss before its gradient is taken, a float32 scalar."""
        share = 1.0 / replicas.count()  # gradients are summed over the replicas
        return share * (self.loss_scale.value() if self.loss_scale else 1.0)

    def agree(self, gradients: Sequence[tf.Tensor]) -> tuple[list[tf.Tensor], tf.Tensor]:
        """Sums the gradients of all replicas.

        Args:
            gradients: this replica's gradients of the scaled loss, in the order of `weights`.

        Returns:
            The summed gradients without the loss scale, and their global norm, a float32 scalar.

        Raises:
            ValueError: a weight has no gradient.
        """
        missing = [
            v.path
            for v, g in zip(self.network.trainable_variables, gradients, strict=True)
            if g is None
        ]
        if missing:
            raise ValueError(f"no gradient reaches {', '.join(missing)} of the {self.name}")
        gradients = replicas.all_reduce("SUM", gradients)
        if self.loss_scale:
            gradients = [g / self.loss_scale.value() for g in gradients]
        return gradients, tf.linalg.global_norm(gradients)

    def learning_rate(self, step: tf.Tensor) -> tf.Tensor:
        """The learning rate at `step`: the optimizer's own times the schedule's factor."""
        rate = tf.convert_to_tensor(self.optimizer.learning_rate)
        return rate if self.rate_schedule is None else rate * self.rate_schedule(step)

    def update(
        self,
        gradients: Sequence[tf.Tensor],
        norm: tf.Tensor,
        accepted: tf.Tensor,
        step: tf.Tensor,
    ) -> None:
        """Takes one step of the optimizer if `accepted`; else weights and slots stay the same.

        A zero gradient would not be enough: Adam moves on its momentum. The loop is that of Keras'
        `apply`, without its merge over replicas, which can't be inside a condition; every replica
        writes the same numbers into its own copy.

        Args:
            gradients: from `agree`.
            norm: float32 scalar, their global norm.
            accepted: boolean scalar.
            step: int64 scalar, the model's step, for the schedules.
        """
        weights = self.network.trainable_variables
        optimizer = self.optimizer
        if self.clip_norm:
            gradients, _ = tf.clip_by_global_norm(gradients, self.clip_norm, use_norm=norm)
        rate, iterations = self.learning_rate(step), optimizer.iterations
        if self.rate_schedule is not None:
            accepted &= rate > 0.0  # Ftrl divides by the rate

        def apply():
            if isinstance(optimizer, keras.optimizers.Nadam):
                keras_private.advance_nadam(optimizer, 0.96 ** tf.cast(iterations + 1, tf.float32))
            for gradient, weight in zip(gradients, weights):
                if keras_private.decays(optimizer, weight):
                    weight.assign(weight - weight * optimizer.weight_decay * rate)
                optimizer.update_step(tf.cast(gradient, weight.dtype), weight, rate)
                if weight.constraint is not None:
                    weight.assign(weight.constraint(weight))
            return True

        with self._scheduled_beta_2(step):
            tf.cond(accepted, apply, lambda: False)
        iterations.assign_add(tf.cast(accepted, iterations.dtype))

    @contextlib.contextmanager
    def _scheduled_beta_2(self, step):
        """Inside, the optimizer's β2 is that of the schedule, if there is one."""
        if self.beta_2_schedule is None:
            yield
            return
        constant, self.optimizer.beta_2 = self.optimizer.beta_2, self.beta_2_schedule(step)
        try:
            yield
        finally:
            self.optimizer.beta_2 = constant


def players_of(gan: keras.Model) -> dict[str, Player]:
    """The players of a `GAN`, by the names of its networks.

    The discriminators have one loss, so they share its scale.
    """
    players = {}
    for name, network in gan.networks.items():
        first = players.get(gan.discriminators[0]) if name in gan.discriminators else None
        scale = first.loss_scale if first else LossScale.of(name, gan.loss_scaling)
        side = "d" if name in gan.discriminators else "g"
        players[name] = Player(
            name,
            network,
            gan.optimizer_for(name),
            gan.clip_norm,
            scale,
            getattr(gan, f"{side}_learning_rate_schedule"),
            getattr(gan, f"{side}_beta_2_schedule"),
        )
    return players


def update_side(
    gan: keras.Model,
    side: str,
    players: Sequence[Player],
    new: tuple[dict, dict, dict],
    active: tf.Tensor,
    metrics: dict[str, tf.Tensor],
) -> tuple[tf.Tensor, tf.Tensor]:
    """Updates the players of a side, unless something of this step was not finite.

    Args:
        gan: the `GAN`.
        side: "discriminator" or "generator".
        players: those of this side.
        new: losses, gradients and statistics, each by the name of a network, of this replica.
        active: boolean scalar, whether this side trained in its turns before.
        metrics: the step's; gets gradient norms, turns and whether all was finite.

    Returns:
        Whether the schedule keeps this side training, and whether all updates were accepted.
    """
    losses, gradients, statistics = new
    agreed, checks = [], []
    for player in players:
        total, norm = player.agree(gradients[player.name])
        loss, state = replicas.all_reduce("MEAN", (losses[player.name], statistics[player.name]))
        checks.append(functional.all_finite((loss, norm, state)))
        agreed.append((player, total, norm, loss, state))
        metrics[f"{player.name}/gradient_norm"] = norm
    finite = tf.reduce_all(tf.stack(checks))
    metrics["finite"] = tf.minimum(metrics.get("finite", 1.0), tf.cast(finite, tf.float32))
    so_far, keeps_training = metrics["finite"] > 0.0, tf.constant(True)
    for player, total, norm, loss, state in agreed:
        trains = gan.schedule.keeps_training(side, loss, active)
        player.update(total, norm, so_far & trains, gan.step.value)
        functional.assign(network_state.statistics(player.network), state, so_far & trains)
        keeps_training = keeps_training & trains
    for scale in {id(p.loss_scale): p.loss_scale for p in players if p.loss_scale}.values():
        scale.adapt(finite & keeps_training)
    turns = metrics.get(f"{side}/turns", 0.0)
    metrics[f"{side}/turns"] = turns + tf.cast(keeps_training, tf.float32)
    return keeps_training, so_far & keeps_training


@keras.saving.register_keras_serializable(package="keras_gan")
class LossScale(keras.layers.Layer):
    """Dynamic loss scaling for mixed float16 (Micikevicius et al., 2018).

    The scale is halved when a step is not finite, and doubled after `growth` finite steps in a
    row. Keras' `LossScaleOptimizer` wraps one optimizer, and can't share the check of `Player`.

    Departs from the paper: the scale starts lower than 2^15, with which D's first steps were seen
    to overflow five times.

    Args:
        initial: float, the scale at the start. Defaults to 2^12.
        growth: int, finite steps until the scale is doubled. Defaults to 2000.
        **kwargs: arguments of `keras.layers.Layer`, such as `name`.
    """

    def __init__(self, initial: float = 2.0**12, growth: int = 2000, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.growth = growth
        self.factor = self.add_weight(
            name="scale", initializer=keras.initializers.Constant(initial), trainable=False
        )
        self.finite_steps = self.add_weight(
            name="finite_steps", initializer="zeros", dtype="int32", trainable=False
        )
        self.built = True

    @classmethod
    def of(cls, name: str, wanted: bool) -> "LossScale | None":
        """The scale of a network's loss, or None if losses are not scaled."""
        return cls(name=f"{name}_loss_scale") if wanted else None

    def value(self) -> tf.Tensor:
        """The scale, a float32 scalar."""
        return self.factor.value

    def adapt(self, finite: tf.Tensor) -> None:
        """Updates the scale after a step that was finite or not, a boolean scalar."""
        grown = self.finite_steps.value + 1 >= self.growth
        bigger = tf.where(grown, self.value() * 2.0, self.value())
        scale = tf.where(finite, bigger, self.value() / 2.0)
        self.factor.assign(tf.clip_by_value(scale, 1.0, 2.0**24))
        self.finite_steps.assign(tf.where(finite & ~grown, self.finite_steps.value + 1, 0))
