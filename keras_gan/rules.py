"""What the rules of a game have in common: they are small, and they can be written down."""

import dataclasses
import inspect

import keras


def _restore(config):
    """A rule's configuration with the rules in it made objects again, and lists the tuples."""
    restored = {n: keras.saving.deserialize_keras_object(value) for n, value in config.items()}
    return {n: tuple(v) if isinstance(v, list) else v for n, v in restored.items()}


class Rule:
    """A rule without state: a frozen dataclass that Keras can serialise.

    Rules with state are `StatefulRule`s. Neither kind knows another rule.
    """

    def conclude(self, step, key, metrics):
        """Ends a step; may add metrics of its own."""

    def get_config(self):
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    @classmethod
    def from_config(cls, config):
        return cls(**_restore(config))


class StatefulRule(keras.layers.Layer):
    """A rule with state: a Keras layer, so the strategy places its variables and they are saved.

    Subclasses create their variables in `build_for(gan)`, with `state`, and write them with
    `assign` outside compiled functions, alike on every replica. Every argument of the constructor
    is kept under its name.
    """

    inside = True  # whether compiled functions read the variables

    def __init__(self, **kwargs):
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)

    def state(self, name, shape=(), dtype="float32", initializer="zeros"):
        """A new variable that is no weight; each replica writes its own copy."""
        return self.add_weight(
            name=name, shape=shape, dtype=dtype, initializer=initializer, trainable=False
        )

    def build_for(self, gan):
        """Creates the variables that depend on the players."""
        self.built = True

    def observe(self, metrics, go):
        """Learns from D's turn: its metrics, equal on all replicas, and whether it counted."""

    def conclude(self, step, key, metrics):
        """Ends a step; may add metrics of its own."""

    def get_config(self):
        own = [n for n in inspect.signature(type(self).__init__).parameters if n != "self"]
        return {
            "name": self.name,
            **{n: getattr(self, n) for n in own if n not in ("name", "kwargs")},
        }

    @classmethod
    def from_config(cls, config):
        return cls(**_restore(config))


register = keras.saving.register_keras_serializable(package="keras_gan")


def rule(cls):
    """Class decorator: a frozen, serialisable rule without state."""
    return register(dataclasses.dataclass(frozen=True)(cls))
