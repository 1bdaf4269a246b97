"""Base classes of everything that `compile` takes; all are serialisable."""

import dataclasses
import inspect
from collections.abc import Sequence
from typing import Any, dataclass_transform

import keras
import tensorflow as tf

from keras_gan.step.randomness import Key


def _restore(config: dict[str, Any]) -> dict[str, Any]:
    """A rule's configuration with the rules in it deserialised, and lists turned into tuples."""
    restored = {n: keras.saving.deserialize_keras_object(value) for n, value in config.items()}
    return {n: tuple(v) if isinstance(v, list) else v for n, v in restored.items()}


class Rule:
    """A rule without state: a frozen dataclass that Keras can serialise.

    Rules with state are `StatefulRule`s.
    """

    def on_step_end(self, step: tf.Tensor, key: Key, metrics: dict[str, tf.Tensor]) -> None:
        """Called after the turns of a step; may add metrics."""

    def get_config(self) -> dict[str, Any]:
        # Subclasses are dataclasses, by `rule`.
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Rule":
        return cls(**_restore(config))


class StatefulRule(keras.layers.Layer):
    """A rule with state: a Keras layer, so the strategy places its variables and they are saved.

    Subclasses create their variables in `build_for(gan)`, with `state`, and write them with
    `assign` outside compiled functions, with the same values on every replica. Each argument of
    the constructor is stored as an attribute of the same name.
    """

    read_when_compiled = True  # whether compiled functions read the variables

    def __init__(self, **kwargs: Any):
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)

    def state(
        self,
        name: str,
        shape: Sequence[int] = (),
        dtype: str = "float32",
        initializer: Any = "zeros",
    ) -> keras.Variable:
        """A new variable that is not trained; each replica writes its own copy."""
        return self.add_weight(
            name=name, shape=shape, dtype=dtype, initializer=initializer, trainable=False
        )

    def build_for(self, gan: keras.Model) -> None:
        """Creates the rule's variables; called by `gan.compile`, with the networks built."""
        self.built = True

    def on_discriminator_turn_end(self, metrics: dict[str, tf.Tensor], accepted: tf.Tensor) -> None:
        """Called after each turn of D.

        Args:
            metrics: name → float32 scalar of the turn, equal on all replicas.
            accepted: boolean scalar, whether D was updated.
        """

    def on_step_end(self, step: tf.Tensor, key: Key, metrics: dict[str, tf.Tensor]) -> None:
        """Called after the turns of a step; may add metrics."""

    def get_config(self) -> dict[str, Any]:
        parameters = inspect.signature(type(self).__init__).parameters
        return {
            "name": self.name,
            **{n: getattr(self, n) for n in parameters if n not in ("self", "name", "kwargs")},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "StatefulRule":
        return cls(**_restore(config))


register = keras.saving.register_keras_serializable(package="keras_gan")


@dataclass_transform(frozen_default=True)
def rule(cls: type) -> type:
    """Class decorator: a frozen, serialisable rule without state."""
    return register(dataclasses.dataclass(frozen=True)(cls))
