"""Base classes of everything that `compile` takes; all are serialisable."""

import dataclasses
import inspect

import keras


def _restore(config):
    """A rule's configuration with the rules in it made objects again, and lists the tuples."""
    restored = {n: keras.saving.deserialize_keras_object(value) for n, value in config.items()}
    return {n: tuple(v) if isinstance(v, list) else v for n, v in restored.items()}


class Rule:
    """A rule without state: a frozen dataclass that Keras can serialise.

    Rules with state are `StatefulRule`s.
    """

    def on_step_end(self, step, key, metrics):
        """Called after the turns of a step; may add metrics."""

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

    read_when_compiled = True  # whether compiled functions read the variables

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

    def on_discriminator_turn_end(self, metrics, accepted):
        """Called after each turn of D.

        Args:
            metrics: the turn's, name → float32 scalar, equal on all replicas.
            accepted: whether D was updated, boolean scalar.
        """

    def on_step_end(self, step, key, metrics):
        """Called after the turns of a step; may add metrics."""

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
