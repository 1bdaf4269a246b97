"""What the rules of a game have in common: they are small, and they can be written down."""

import dataclasses

import keras


class Rule:
    """A rule without state: a frozen dataclass that Keras can serialise.

    Rules with state are `StatefulRule`s. Neither kind knows another rule.
    """

    def get_config(self):
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class StatefulRule(keras.layers.Layer):
    """A rule with state: a Keras layer, so the strategy places its variables and they are saved.

    Subclasses create their variables in `build_for(gan)`, with `add_weight(trainable=False)`, and
    write them with `assign` outside compiled functions, alike on every replica.
    """

    inside = True  # whether compiled functions read the variables

    def build_for(self, gan):
        """Creates the variables that depend on the players."""
        self.built = True

    def observe(self, metrics, go):
        """Learns from D's turn: its metrics, equal on all replicas, and whether it counted."""

    def conclude(self, step, key, metrics):
        """Ends a step; may add metrics of its own."""


register = keras.saving.register_keras_serializable(package="keras_gan")


def rule(cls):
    """Class decorator: a frozen, serialisable rule without state."""
    return register(dataclasses.dataclass(frozen=True)(cls))
