"""Target networks: each player trains against a slow copy of the other (tip 8, from DDPG)."""

import tensorflow as tf

from keras_gan.rules import StatefulRule, register

PLAYERS = ("generator", "discriminator")


class Opponent(StatefulRule):
    """Whom a player trains against, if not the other one as it is now. Called without side effects.

    Subclasses reach the players by `network(name)`: a function, since Keras would take networks
    that are attributes for parts of the rule.
    """

    inside = False

    def values(self, name, variables, current):
        """The game's state as the opponent of a turn sees it.

        Args:
            name: the network that plays against the one in training.
            variables: Keras variables of the game; current: their values.

        Returns:
            A list like `current`, with this network's values replaced.
        """
        replaced = self.replacements(name, {id(v): c for v, c in zip(variables, current)})
        return [replaced.get(id(v), c) for v, c in zip(variables, current)]

    def replacements(self, name, current):
        """id of a variable → its value in the opponent; `current` maps id → value."""
        raise NotImplementedError


@register
class TargetNetworks(Opponent):
    """θ' ← τθ + (1-τ)θ' after each step (Lillicrap et al., 2016).

    D's fakes come from the target G, and G is judged by the target D. Batch statistics are copied.
    Costs one more pass of G a D turn. Neither is the moving average that is sampled from.

    Args:
        tau: τ; 1 is the current network.
    """

    def __init__(self, tau=0.01, name="target_networks", **kwargs):
        super().__init__(name=name, **kwargs)
        self.tau = tau

    def build_for(self, gan):
        self.network = gan.networks.get
        self.copies = {
            name: [
                self.state(f"{name}_{i}", v.shape, v.dtype, _start(v))
                for i, v in enumerate(self.network(name).variables)
            ]
            for name in PLAYERS
        }
        self.built = True

    def replacements(self, name, current):
        pairs = zip(self.network(name).variables, self.copies[name])
        return {id(v): tf.convert_to_tensor(copy.value) for v, copy in pairs}

    def conclude(self, step, key, metrics):
        for name in PLAYERS:
            network = self.network(name)
            trainable = {id(v) for v in network.trainable_variables}
            distance = 0.0
            for new, old in zip(network.variables, self.copies[name]):
                value = tf.convert_to_tensor(new.value)
                if id(new) in trainable:
                    value = self.tau * value + (1.0 - self.tau) * old.value
                    distance += tf.reduce_sum(tf.square(new.value - value))
                old.assign(value)
            metrics[f"target_networks/{name}_distance"] = tf.sqrt(distance)


def _start(variable):
    """An initializer that gives a variable's present value."""
    return lambda shape, dtype: tf.cast(variable.numpy(), dtype)
