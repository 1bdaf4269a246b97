"""Puts back what a step has already changed when a later turn of it is not finite."""

from collections.abc import Iterable

import tensorflow as tf

from keras_gan.step import functional, network_state
from keras_gan.step.player import Player


class Undo:
    """The values of players before a step.

    Args:
        players: those that are updated before it is known whether the whole step is finite.
    """

    def __init__(self, players: Iterable[Player]):
        self._variables = [
            variable
            for player in players
            for variable in (
                *network_state.variables(player.network),
                *player.optimizer.variables,
            )
        ]
        self._values = functional.read(self._variables)

    def unless(self, finite: tf.Tensor) -> None:
        """Puts the values back where the boolean scalar `finite` is false."""
        pairs = list(zip(self._variables, self._values))
        # What the replicas agree on when it is written can't be written inside a condition.
        agreed = [pair for pair in pairs if pair[0].aggregation not in (None, "none")]
        of_replica = [pair for pair in pairs if pair[0].aggregation in (None, "none")]

        def restore():
            functional.assign(*zip(*of_replica))
            return False

        if of_replica:
            tf.cond(finite, lambda: True, restore)
        if agreed:
            functional.assign(*zip(*agreed), ~finite)
