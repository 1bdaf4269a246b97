"""A player: a network, the optimizer that trains it, and the check before every update."""

import keras
import tensorflow as tf

from keras_gan.step import keras_private, network_state, replicas


class Player:
    """A network in training.

    Args:
        name: its name in logs and checkpoints, e.g. "generator".
        network: Keras model.
        optimizer: Keras optimizer. Its clipping options are refused: they would clip each
            replica's gradient before the sum; `clip_norm` clips what the replicas agree on.
        clip_norm: bound of the gradient's global norm, or None.
        loss_scale: a `LossScale` in mixed float16, else None.
    """

    def __init__(self, name, network, optimizer, clip_norm=None, loss_scale=None):
        for option in ("clipnorm", "global_clipnorm", "clipvalue", "use_ema"):
            if getattr(optimizer, option, None):
                raise ValueError(
                    f"{name}'s optimizer has {option}={getattr(optimizer, option)}, which would act"
                    " before the replicas agree; use compile(clip_norm=…) and compile(average=…)"
                )
        if optimizer.gradient_accumulation_steps:
            raise ValueError(f"{name}'s optimizer accumulates gradients, which is not supported")
        self.name, self.network, self.optimizer = name, network, optimizer
        self.clip_norm, self.loss_scale = clip_norm, loss_scale
        optimizer.build(network.trainable_variables)

    @property
    def weights(self):
        """The Keras variables that the optimizer moves."""
        return self.network.trainable_variables

    def statistics(self):
        """The values of the network's other variables, such as batch statistics."""
        return [v.value for v in network_state.statistics(self.network)]

    def scale(self):
        """What the loss is multiplied by before its gradient is taken, a float32 scalar."""
        share = 1.0 / replicas.count()  # gradients are summed over the replicas
        return share * (self.loss_scale.value() if self.loss_scale else 1.0)

    def agree(self, gradients):
        """The replicas' gradients as one, unscaled, with their global norm [float32 scalar]."""
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

    def update(self, gradients, norm, accepted):
        """One step of the optimizer where `accepted` holds; else weights and slots stay.

        A zero gradient would not do: Adam moves on its momentum. The loop is Keras' own `apply`
        without its merge over replicas, which can't stand in a condition; every replica writes
        the same numbers into its own copy.
        """
        weights = self.network.trainable_variables
        optimizer = self.optimizer
        if self.clip_norm:
            gradients, _ = tf.clip_by_global_norm(gradients, self.clip_norm, use_norm=norm)
        rate = tf.convert_to_tensor(optimizer.learning_rate)
        iterations = optimizer.iterations

        def apply():
            if isinstance(optimizer, keras.optimizers.Nadam):  # moved outside its `update_step`
                keras_private.advance_nadam(optimizer, 0.96 ** tf.cast(iterations + 1, tf.float32))
            for gradient, weight in zip(gradients, weights):
                if keras_private.decays(optimizer, weight):
                    weight.assign(weight - weight * optimizer.weight_decay * rate)
                optimizer.update_step(tf.cast(gradient, weight.dtype), weight, rate)
                if weight.constraint is not None:
                    weight.assign(weight.constraint(weight))
            return True

        tf.cond(accepted, apply, lambda: False)
        iterations.assign_add(tf.cast(accepted, iterations.dtype))


def players_of(gan):
    """A model's players, by the names of its networks.

    The discriminators have one loss, so they share its scale.
    """
    players = {}
    for name, network in gan.networks.items():
        first = players.get(gan.discriminators[0]) if name in gan.discriminators else None
        scale = first.loss_scale if first else LossScale.of(name, gan.loss_scaling)
        players[name] = Player(name, network, gan.optimizer_for(name), gan.clip_norm, scale)
    return players


@keras.saving.register_keras_serializable(package="keras_gan")
class LossScale(keras.layers.Layer):
    """Dynamic loss scaling for mixed float16 (Micikevicius et al., 2018).

    Halved when a step is not finite, doubled after `growth` finite ones in a row. Keras' own
    wraps one optimizer and can't share our gate. It starts lower than the paper's 2^15, from which
    D's first steps were seen to overflow five times.
    """

    def __init__(self, initial=2.0**12, growth=2000, **kwargs):
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
    def of(cls, name, wanted):
        """The scale of a network's loss, or None if losses are not scaled."""
        return cls(name=f"{name}_loss_scale") if wanted else None

    def value(self):
        return self.factor.value

    def adapt(self, finite):
        grown = self.finite_steps.value + 1 >= self.growth
        bigger = tf.where(grown, self.value() * 2.0, self.value())
        scale = tf.where(finite, bigger, self.value() / 2.0)
        self.factor.assign(tf.clip_by_value(scale, 1.0, 2.0**24))
        self.finite_steps.assign(tf.where(finite & ~grown, self.finite_steps.value + 1, 0))
