"""Gradient accumulation: a turn's batch in parts, whose results are averaged before the update."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def mean_over_parts(function: Callable, count: int, batch: tuple) -> Any:
    """The mean of a function's results over equal parts of a batch, one part after the other.

    Args:
        function: function (rows, *part) → a structure of tensors without a batch dimension; `rows`
            is the slice of the batch that the part is.
        count: int, number of parts, which divides the number of rows.
        batch: structures of tensors [n, …]; None and scalars in them are passed on as they are.

    Returns:
        The structure, in which numbers are means; what is no float is that of the last part.
    """
    if count == 1:
        return function(slice(0, None), *batch)
    size = next(t.shape[0] for t in tf.nest.flatten(batch) if t is not None) // count
    total = None
    for start in range(0, size * count, size):
        rows = slice(start, start + size)
        part = tf.nest.map_structure(lambda t, rows=rows: _rows_of(t, rows), batch)
        # One part waits for the one before, or all activations would be in memory together.
        before = [t for t in tf.nest.flatten(total) if t is not None]
        with tf.control_dependencies(before):
            results = function(rows, *part)
            total = results if total is None else tf.nest.map_structure(_add, total, results)
    return tf.nest.map_structure(lambda t: _divide(t, count), total)


def _rows_of(tensor, rows):
    return tensor if tensor is None or not tensor.shape.rank else tensor[rows]


def _add(total, new):
    return new if new is None or not new.dtype.is_floating else total + new


def _divide(total, count):
    return total if total is None or not total.dtype.is_floating else total / count
