"""Opponents other than the current networks: target networks and past players (tip 8)."""

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_gan.rules.base import StatefulRule, register
from keras_gan.step import network_state
from keras_gan.step.functional import Snapshot
from keras_gan.step.randomness import Key

PLAYERS = ("generator", "discriminator")


class Opponent(StatefulRule):
    """Base class: replaces the network that a player trains against by other weights.

    Subclasses access the networks by `network(name)`, through a weak reference, since Keras would
    track networks that are attributes as parts of the rule.
    """

    read_when_compiled = False

    def build_for(self, gan: keras.Model) -> None:
        self._gan = weakref.ref(gan)
        super().build_for(gan)

    def network(self, name: str) -> keras.Model:
        """The network in training of this name."""
        gan = self._gan()
        assert gan is not None, "an opponent lives as long as its model"
        return gan.networks[name]

    def replace(self, name: str, now: Snapshot) -> Snapshot:
        """The values that a turn reads, with a network's replaced by the opponent's.

        Args:
            name: str, the network to replace: "generator" in D's turns, "discriminator" in G's.
            now: `Snapshot` of what compiled functions read.

        Returns:
            A `Snapshot` in which this network has the opponent's values.
        """
        variables = network_state.variables(self.network(name))
        return now.replaced(variables, self.values(name, [now[v] for v in variables]))

    def values(self, name: str, current: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """The opponent's values of a network's variables, given their current ones."""
        raise NotImplementedError


@register
class TargetNetworks(Opponent):
    """Target networks, θ' ← τθ + (1-τ)θ' after each step (Lillicrap et al., 2016).

    D's fakes come from the target G, and G's loss uses the target D. Batch statistics are copied.
    Costs one more pass of G per D turn. The target G is not the moving average that is sampled.

    Args:
        tau: float, τ; 1 is the current network. Defaults to 0.01.
        name: str, the Keras name. Defaults to "target_networks".
        **kwargs: arguments of `keras.layers.Layer`.
    """

    def __init__(self, tau: float = 0.01, name: str = "target_networks", **kwargs: Any):
        super().__init__(name=name, **kwargs)
        self.tau = tau

    def build_for(self, gan: keras.Model) -> None:
        super().build_for(gan)
        self.copies = {
            name: [
                self.state(f"{name}_{i}", v.shape, v.dtype, _start(v))
                for i, v in enumerate(network_state.variables(self.network(name)))
            ]
            for name in PLAYERS
        }

    def values(self, name: str, current: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        return [tf.convert_to_tensor(copy.value) for copy in self.copies[name]]

    def on_step_end(self, step: tf.Tensor, key: Key, metrics: dict[str, tf.Tensor]) -> None:
        finite = metrics.get("finite", tf.constant(1.0)) > 0.0
        for name in PLAYERS:
            network = self.network(name)
            trainable = {id(v) for v in network.trainable_variables}
            distance = 0.0
            for new, old in zip(network_state.variables(network), self.copies[name]):
                value = tf.convert_to_tensor(new.value)
                if id(new) in trainable:
                    value = self.tau * value + (1.0 - self.tau) * old.value
                    distance += tf.reduce_sum(tf.square(new.value - value))
                old.assign(tf.where(finite, value, tf.convert_to_tensor(old.value)))
            metrics[f"target_networks/{name}_distance"] = tf.sqrt(distance)


@register
class PastPlayers(Opponent):
    """A ring buffer of snapshots of G and D to train against.

    For each block of `duration` steps it is drawn, with probability `rate`, whether the players
    train against a snapshot, chosen uniformly: D then sees fakes of an old G, and G's loss uses an
    old D. The current players continue training; no old weight is written into them. Costs one
    more pass of G per D turn, and the memory of the snapshots.

    Source: tip 8 of "How to train a GAN" (Chintala et al., 2016).

    Args:
        slots: int, number of snapshots that are kept. Defaults to 5.
        every: int, steps between snapshots. Defaults to 100.
        rate: float, expected share of steps against a snapshot, once there is one. Defaults to
            0.1.
        duration: int, steps per draw. Defaults to 5.
        name: str, the Keras name. Defaults to "past_players".
        **kwargs: arguments of `keras.layers.Layer`.
    """

    def __init__(
        self,
        slots: int = 5,
        every: int = 100,
        rate: float = 0.1,
        duration: int = 5,
        name: str = "past_players",
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self.slots, self.every, self.rate, self.duration = slots, every, rate, duration

    def build_for(self, gan: keras.Model) -> None:
        super().build_for(gan)
        self.snapshots = {
            name: [
                self.state(f"{name}_{i}", (self.slots, *v.shape), v.dtype)
                for i, v in enumerate(network_state.variables(self.network(name)))
            ]
            for name in PLAYERS
        }
        self.taken = self.state("taken", dtype="int64")
        self.slot = self.state("slot", dtype="int32")
        self.active = self.state("active", dtype="bool")
        self.swaps = self.state("swaps", dtype="int64")

    def values(self, name: str, current: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        active, slot = tf.convert_to_tensor(self.active.value), self.slot.value
        return [
            tf.where(active, ring.value[slot], value)
            for ring, value in zip(self.snapshots[name], current, strict=True)
        ]

    def on_step_end(self, step: tf.Tensor, key: Key, metrics: dict[str, tf.Tensor]) -> None:
        metrics["past_players/active"] = tf.cast(self.active.value, tf.float32)
        metrics["past_players/swaps"] = tf.cast(self.swaps.value, tf.float32)
        metrics["past_players/filled"] = tf.cast(
            tf.minimum(self.taken.value, self.slots), tf.float32
        )
        tf.cond((step + 1) % self.every == 0, self._take, lambda: False)
        self._decide(step, key.at(0).fold("past_players"))

    def _take(self) -> bool:
        """Writes the current players over the oldest snapshot."""
        place = tf.reshape(self.taken.value % self.slots, [1, 1])
        for name in PLAYERS:
            for v, ring in zip(network_state.variables(self.network(name)), self.snapshots[name]):
                now = tf.convert_to_tensor(v.value)[None]
                ring.assign(tf.tensor_scatter_nd_update(ring.value, place, now))
        self.taken.assign_add(1)
        return True

    def _decide(self, step: tf.Tensor, key: Key) -> None:
        """Draws whether the next steps train against a snapshot, and which one."""
        filled = tf.cast(tf.minimum(self.taken.value, self.slots), tf.int32)
        due = (step + 1) % self.duration == 0
        wins = (key.fold("swap").uniform([1])[0] < self.rate) & (filled > 0)
        slot = key.fold("slot").integers([1], tf.maximum(filled, 1))[0]
        self.swaps.assign_add(tf.cast(due & wins, tf.int64))
        self.active.assign(tf.where(due, wins, self.active.value))
        self.slot.assign(tf.where(due, slot, self.slot.value))


def _start(variable: keras.Variable) -> Callable:
    """An initializer that returns a variable's current value."""
    return lambda shape, dtype: tf.cast(variable.numpy(), dtype)
