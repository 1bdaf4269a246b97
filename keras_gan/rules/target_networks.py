"""Target networks: each player trains against a slow copy of the other (tip 8, from DDPG)."""

import weakref

import tensorflow as tf

from keras_gan.rules.base import StatefulRule, register

PLAYERS = ("generator", "discriminator")


class Opponent(StatefulRule):
    """Whom a player trains against, if not the other one as it is now. Called without side effects.

    Subclasses reach the networks by `network(name)`, through a weak reference: Keras would take
    networks that are attributes for parts of the rule.
    """

    read_when_compiled = False

    def build_for(self, gan):
        self._gan = weakref.ref(gan)
        super().build_for(gan)

    def network(self, name):
        """The network in training of this name."""
        return self._gan().networks[name]

    def replace(self, name, now):
        """The values that a turn reads, with those of the opponent in place.

        Args:
            name: the network whose opponent is in training.
            now: `Snapshot` of what compiled functions read.

        Returns:
            A `Snapshot` in which this network has its opponent's values.
        """
        variables = self.network(name).variables
        return now.replaced(variables, self.values(name, [now[v] for v in variables]))

    def values(self, name, current):
        """The opponent's values of a network's variables, given their current ones."""
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
        super().build_for(gan)
        self.copies = {
            name: [
                self.state(f"{name}_{i}", v.shape, v.dtype, _start(v))
                for i, v in enumerate(self.network(name).variables)
            ]
            for name in PLAYERS
        }

    def values(self, name, current):
        return [tf.convert_to_tensor(copy.value) for copy in self.copies[name]]

    def on_step_end(self, step, key, metrics):
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
