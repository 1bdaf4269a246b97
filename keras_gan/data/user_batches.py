"""Data sets, loaders and generators of a user's as one `tf.data.Dataset` of batches."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_gan.data.pipeline import ENDLESS
from keras_gan.errors import UsageError


class Batches(NamedTuple):
    """Batches of a user's.

    Attributes:
        data: `tf.data.Dataset` of (images,) or (images, labels), with labels if they are used.
        first: the first batch of images, NumPy; where they are turns already and have no range to
            be found out, their `tf.TensorSpec`.
        in_turns: whether images are turns already [n, turns, …]; then elements are as they came.
    """

    data: Any
    first: np.ndarray
    in_turns: bool


def is_array(x: Any) -> bool:
    """Whether this is one array or tensor, not something that gives batches."""
    return isinstance(x, (np.ndarray, tf.Tensor, tf.Variable)) or (
        hasattr(x, "__array__") and hasattr(x, "shape") and hasattr(x, "dtype")
    )


def to_numpy(x: Any) -> np.ndarray:
    """An array, a tensor or a list as a NumPy array."""
    if hasattr(x, "detach"):  # PyTorch
        x = x.detach().cpu()
    return np.asarray(x)


def open_batches(
    x: Any, steps: int | None, labels: bool, rank: int, on_error: Callable = lambda error: None
) -> Batches:
    """Opens what gives batches.

    Args:
        x: `tf.data.Dataset`, `keras.utils.PyDataset`, generator or iterable (such as a PyTorch
            `DataLoader`) of images, (images,) or (images, labels).
        steps: steps per epoch as the user asks for, or None.
        labels: whether labels are used; then each batch has to have them.
        rank: dimensions of one image.
        on_error: function that is called with an exception of the user's own loader.

    Raises:
        UsageError: it is none of these.
    """
    if isinstance(x, tf.data.Dataset):
        count = int(x.cardinality())
        if steps is None and (count == tf.data.INFINITE_CARDINALITY or count >= ENDLESS):
            raise UsageError("the data set has no end: say how long an epoch is, steps_per_epoch")
        spec = x.element_spec
        images = spec[0] if isinstance(spec, (tuple, list)) and spec else spec
        if isinstance(images, tf.TensorSpec) and images.shape.rank == rank + 2:
            if images.dtype == tf.uint8 or rank == 1:  # nothing to be found out about pixels
                return Batches(x, images, True)
        first = _first(iter(x.take(1)))
        parts = _parts(first, labels, rank)
        images = to_numpy(parts[0])
        if images.ndim == rank + 2:
            return Batches(x, images, True)
        wanted = len(parts)
        select = tf.autograph.experimental.do_not_convert(lambda *element: _select(element, wanted))
        return Batches(x.map(select), images, False)
    if isinstance(x, keras.utils.PyDataset):
        return _from_iterable(_PyDatasetBatches(x), labels, rank, on_error)
    if isinstance(x, Iterator):
        if steps is None:
            raise UsageError(
                "a generator's end is not known: say how long an epoch is, steps_per_epoch"
            )
        return _from_iterable(x, labels, rank, on_error)
    if isinstance(x, Iterable) and not isinstance(x, (str, bytes, dict, list, tuple)):
        return _from_iterable(x, labels, rank, on_error)
    raise UsageError(
        f"x is a {type(x).__name__}; an array [n, height, width, channels], a tf.data.Dataset, a"
        " PyDataset, a generator or a source (keras_gan.open_source) is needed"
    )


class _PyDatasetBatches:
    """A PyDataset, read from its beginning to its end; then its `on_epoch_end` is called."""

    def __init__(self, data):
        self.data = data

    def __iter__(self):
        try:
            count = self.data.num_batches
        except NotImplementedError:
            count = None
        if count is None:
            raise UsageError("a PyDataset without an end can't be read; give it a length")
        for index in range(count):
            yield self.data[index]
        self.data.on_epoch_end()


def _from_iterable(x, labels, rank, on_error):
    """Batches of a Python iterable; one that can be read only once has its first one put back."""
    iterator = iter(x)
    first = _first(iterator)
    parts = [to_numpy(part) for part in _parts(first, labels, rank)]
    once = iterator is x
    rest = itertools.chain([first], iterator) if once else None

    def batches():
        try:
            for element in rest if once else x:
                yield tuple(to_numpy(part) for part in _parts(element, labels, rank))
        except Exception as error:  # TensorFlow would raise another one in its place
            on_error(error)
            raise

    spec = tuple(tf.TensorSpec([None] * part.ndim, part.dtype) for part in parts)
    in_turns = parts[0].ndim == rank + 2
    if in_turns:
        spec = tuple(tf.TensorSpec(part.shape, part.dtype) for part in parts)
    data = tf.data.Dataset.from_generator(batches, output_signature=spec)
    return Batches(data, parts[0], in_turns)


def _first(iterator):
    """The first element."""
    nothing = object()
    first = next(iterator, nothing)
    if first is nothing:
        raise UsageError("the data set is empty")
    return first


def _parts(element, labels, rank):
    """(images,) or (images, labels) of an element."""
    if isinstance(element, dict):
        raise UsageError(
            f"elements are dictionaries with {', '.join(map(str, element))}; make them (images,"
            " labels), with TFDS by as_supervised=True"
        )
    if not isinstance(element, (tuple, list)):
        element = (element,)
    if len(element) not in (1, 2):
        raise UsageError(
            f"elements have {len(element)} parts; images, or images and labels, are needed"
        )
    if not hasattr(element[0], "shape"):
        raise UsageError(
            f"elements hold a {type(element[0]).__name__}; an array or a tensor of images, or such"
            " images and labels, are needed"
        )
    if len(element[0].shape) not in (rank - 1, rank, rank + 1, rank + 2):
        raise UsageError(f"images are {list(element[0].shape)}; batches of images are needed")
    if labels and len(element) < 2:
        raise UsageError(
            "the model is conditional, and elements have no labels: (images, labels) are needed"
        )
    return element if labels else element[:1]


def _select(element, wanted):
    if len(element) == 1 and isinstance(element[0], (tuple, list)):
        element = element[0]
    return tuple(element[:wanted])
