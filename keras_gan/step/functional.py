"""Pure functions of variables' values: what XLA compiles, and what is written afterwards."""

import contextlib

import keras
import tensorflow as tf


def uses_xla(asked):
    """Whether to compile with XLA: as asked; None is on a GPU only, where it is faster."""
    return bool(tf.config.list_logical_devices("GPU")) if asked is None else asked


def read(variables):
    """The values of Keras variables as tensors."""
    return [tf.convert_to_tensor(v.value) for v in variables]


def pure(function, variables, xla):
    """Makes `function` a pure function of its arguments and of the variables' values.

    What the function reads from and assigns to Keras variables stays inside; it returns what it is
    asked for. Compiled with XLA if asked; without, it is traced in place, since collectives
    (synchronised batch norm) can't stand in a function of their own.

    Returns:
        A function (values, *arguments), with `values` as `read(variables)` gives them.
    """

    def stateless(current, *arguments):
        mapping = list(zip(variables, current))
        with keras.StatelessScope(state_mapping=mapping, collect_losses=True):
            return function(*arguments)

    if not xla:
        return stateless
    return tf.function(stateless, jit_compile=True, autograph=False)


@contextlib.contextmanager
def substituted(variables, values=None):
    """Inside, `variables` have other values; afterwards they have their own again.

    For pure functions only, where assigning costs nothing. Without values it undoes what happens
    inside: a network can be called for training without keeping its new statistics.
    """
    before = [variable.value for variable in variables]
    try:
        for variable, value in zip(variables, values or ()):
            variable.assign(value)
        yield
    finally:
        for variable, value in zip(variables, before):
            variable.assign(value)


def assign(variables, new, accepted=None):
    """Writes new values, or keeps the old ones where the boolean `accepted` is false."""
    for variable, value in zip(variables, new):
        value = tf.cast(value, variable.dtype)
        if accepted is not None:
            value = tf.where(accepted, value, variable.value)
        variable.assign(value)


def all_finite(tensors):
    """Whether every number of a structure of tensors is finite, a boolean scalar."""
    checks = [tf.reduce_all(tf.math.is_finite(t)) for t in tf.nest.flatten(tensors)]
    return tf.reduce_all(tf.stack(checks)) if checks else tf.constant(True)


class Snapshot:
    """The values of Keras variables at one moment of a step.

    Args:
        variables: Keras variables.
        values: their values, tensors in the same order. Defaults to the present ones.
    """

    def __init__(self, variables, values=None):
        self.variables = variables
        self.values = values or read(variables)
        self._positions = {id(v): i for i, v in enumerate(variables)}

    def __getitem__(self, variable):
        """The value of a variable."""
        return self.values[self._positions[id(variable)]]

    def replaced(self, variables, values):
        """A snapshot in which some variables have other values."""
        changed = list(self.values)
        for variable, value in zip(variables, values, strict=True):
            changed[self._positions[id(variable)]] = value
        return Snapshot(self.variables, changed)
