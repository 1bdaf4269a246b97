"""Values of variables as tensors, handed to functions that are pure."""

import tensorflow as tf


class Snapshot:
    """The values of Keras variables at one moment of a step.

    Args:
        variables: Keras variables.
        values: their values, tensors in the same order. Defaults to the present ones.
    """

    def __init__(self, variables, values=None):
        self.variables = variables
        self.values = values or [tf.convert_to_tensor(v.value) for v in variables]
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
