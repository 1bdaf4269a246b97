"""Pure functions of variables' values, for XLA, and guarded writes of their results."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf


def uses_xla(asked: bool | str | None) -> bool:
    """Whether to compile with XLA: `asked`; None and "auto" mean on a GPU, where it is faster."""
    return bool(tf.config.list_logical_devices("GPU")) if asked in (None, "auto") else asked


def read(variables: Sequence[keras.Variable]) -> list[tf.Tensor]:
    """The values of Keras variables as tensors."""
    return [tf.convert_to_tensor(v.value) for v in variables]


def pure(function: Callable, variables: Sequence[keras.Variable], xla: bool) -> Callable:
    """Makes `function` a pure function of its arguments and of the variables' values.

    Assignments to the variables have no effect outside the function.

    Args:
        function: function (*arguments) that reads and assigns Keras variables.
        variables: the Keras variables that it uses.
        xla: bool, whether to compile it with XLA. Without XLA it is traced in place, since
            collectives (synchronised batch norm) can't be in a function of their own.

    Returns:
        A function (values, *arguments), with `values` in the form that `read(variables)` returns.
    """

    def stateless(current, *arguments):
        mapping = list(zip(variables, current))
        scope = keras.StatelessScope(state_mapping=mapping, collect_losses=True)
        with scope, _tracing_for_xla(xla or compiled_with_xla()):
            return function(*arguments)

    if not xla:
        return stateless
    return tf.function(stateless, jit_compile=True, autograph=False)


_tracing = threading.local()  # replicas are traced in threads of their own


def compiled_with_xla() -> bool:
    """Whether the pure function that is being traced is one for XLA."""
    return getattr(_tracing, "xla", False)


@contextlib.contextmanager
def _tracing_for_xla(xla: bool) -> Iterator[None]:
    before, _tracing.xla = compiled_with_xla(), xla
    try:
        yield
    finally:
        _tracing.xla = before


@contextlib.contextmanager
def substituted(
    variables: Sequence[keras.Variable], values: Sequence[tf.Tensor] | None = None
) -> Iterator[None]:
    """Context in which `variables` have other values; their values are restored at its end.

    For pure functions only, where assigning costs nothing. Without values it only restores: a
    network can be called for training without keeping its new statistics.

    Args:
        variables: Keras variables.
        values: tensors in the same order. Defaults to the variables' values.
    """
    before = [variable.value for variable in variables]
    try:
        for variable, value in zip(variables, values or ()):
            variable.assign(value)
        yield
    finally:
        for variable, value in zip(variables, before):
            variable.assign(value)


def assign(
    variables: Sequence[keras.Variable],
    new: Sequence[tf.Tensor],
    accepted: tf.Tensor | None = None,
) -> None:
    """Assigns new values, or keeps the old ones where the boolean `accepted` is false."""
    for variable, value in zip(variables, new):
        value = tf.cast(value, variable.dtype)
        if accepted is not None:
            value = tf.where(accepted, value, variable.value)
        variable.assign(value)


def all_finite(tensors: Any) -> tf.Tensor:
    """Whether every number of a structure of tensors is finite, a boolean scalar."""
    checks = [tf.reduce_all(tf.math.is_finite(t)) for t in tf.nest.flatten(tensors)]
    return tf.reduce_all(tf.stack(checks)) if checks else tf.constant(True)


class Snapshot:
    """The values of Keras variables at one moment of a step.

    Args:
        variables: Keras variables.
        values: their values, tensors in the same order. Defaults to the current ones.
    """

    def __init__(
        self, variables: Sequence[keras.Variable], values: Sequence[tf.Tensor] | None = None
    ):
        self.variables = variables
        self.values = values or read(variables)
        self._positions = {id(v): i for i, v in enumerate(variables)}

    def __getitem__(self, variable: keras.Variable) -> tf.Tensor:
        """The value of a variable."""
        return self.values[self._positions[id(variable)]]

    def replaced(
        self, variables: Sequence[keras.Variable], values: Sequence[tf.Tensor]
    ) -> "Snapshot":
        """A copy of the snapshot in which some variables have other values."""
        changed = list(self.values)
        for variable, value in zip(variables, values, strict=True):
            changed[self._positions[id(variable)]] = value
        return Snapshot(self.variables, changed)
