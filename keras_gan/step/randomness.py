"""Every random number of a training step, drawn without a generator's state.

A draw is a pure function of (seed, attempt, step, turn, purpose, position in the global batch).
A purpose is a fixed word in the code, never a name that depends on what was built before.
So a resumed run equals the uninterrupted one bit for bit, no two replicas draw the same numbers,
and the same global batch gives the same update on one device and on many.
"""

import contextlib
import math
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

_PHILOX = 1  # graph mode and XLA agree on its bits
_DRAW, _FOLD = 0, 1  # upper half of Philox' counter: draws and new keys never share a block


class Key(NamedTuple):
    """The key of a random stream, and the position of a replica's samples in it.

    Attributes:
        key: uint64 [1], Philox' key: a hash of everything but the position.
        row: int64 scalar, position in the global batch of this replica's first sample.
    """

    key: tf.Tensor
    row: tf.Tensor

    @classmethod
    def create(
        cls, seed: int | tf.Tensor, attempt: int | tf.Tensor = 0, row: int | tf.Tensor = 0
    ) -> "Key":
        """The root key of a run, from its seed and the number of roll-backs so far.

        Args:
            seed: int scalar.
            attempt: int scalar, the number of roll-backs. Defaults to 0.
            row: int scalar, position of the first sample in the global batch. Defaults to 0.
        """
        root = tf.reshape(tf.cast(seed, tf.uint64), [1])
        return cls(root, tf.cast(row, tf.int64)).fold(attempt)

    def fold(self, data: int | str | tf.Tensor) -> "Key":
        """The key derived for a step, a turn or a purpose.

        Args:
            data: int scalar, or str for a purpose.
        """
        if isinstance(data, str):
            data = zlib.crc32(data.encode())
        return Key(self._philox(_FOLD, data, [1], tf.uint64), self.row)

    def at(self, row: int | tf.Tensor) -> "Key":
        """The same stream, starting at another position of the global batch.

        Args:
            row: int scalar, that position.
        """
        return Key(self.key, tf.cast(row, tf.int64))

    def from_row(self, row: int) -> "Key":
        """The same stream from the `row`-th of this replica's samples on."""
        return self.at(self.row + row) if row else self

    def normal(self, shape: Sequence[int]) -> tf.Tensor:
        """Draws N(0, 1).

        Args:
            shape: ints, of which the first counts this replica's samples.

        Returns:
            float32 of that shape.
        """
        uniform = self.uniform(shape)
        return _in_whole_vectors(lambda u: math.sqrt(2.0) * tf.math.erfinv(2.0 * u - 1.0), uniform)

    def uniform(self, shape: Sequence[int], low: float = 0.0, high: float = 1.0) -> tf.Tensor:
        """Draws U(low, high).

        Args:
            shape: ints, of which the first counts this replica's samples.
            low: float. Defaults to 0.
            high: float. Defaults to 1; neither end is drawn.

        Returns:
            float32 of that shape.
        """
        # The upper 23 bits and a half: never 0 or 1, and exact in float32. TensorFlow's own
        # conversion of the bits to floats differs between graph mode and XLA.
        mantissa = tf.cast(
            tf.bitwise.right_shift(self._bits(shape), tf.constant(9, tf.uint32)), tf.float32
        )
        return low + (high - low) * ((mantissa + 0.5) * 2.0**-23)

    def integers(self, shape: Sequence[int], high: int | tf.Tensor) -> tf.Tensor:
        """Draws integers in [0, high).

        Args:
            shape: ints, of which the first counts this replica's samples.
            high: int scalar, at least 1.

        Returns:
            int32 of that shape.
        """
        high = tf.cast(high, tf.int32)
        integers = tf.cast(self.uniform(shape) * tf.cast(high, tf.float32), tf.int32)
        return tf.minimum(integers, high - 1)  # the product may round up to `high`

    def noise(self, shape: Sequence[int]) -> tf.Tensor:
        """Draws N(0, 1) coarsely, at half the cost of `normal`: for noise on hidden layers.

        Box & Muller (1958) with 16 bits each for radius and angle: no value beyond 4.9 σ.

        Args:
            shape: ints, of which the first counts this replica's samples.

        Returns:
            float32 of that shape.
        """
        each = _numbers(shape)
        words = self._bits((shape[0], -(-each // 2)))
        radius, angle = (
            (tf.cast(half, tf.float32) + 0.5) * 2.0**-16
            for half in (
                tf.bitwise.right_shift(words, tf.constant(16, tf.uint32)),
                tf.bitwise.bitwise_and(words, tf.constant(0xFFFF, tf.uint32)),
            )
        )
        radius = _in_whole_vectors(lambda r: tf.sqrt(-2.0 * tf.math.log(r)), radius)
        angle = 2.0 * math.pi * angle
        cosine, sine = (_in_whole_vectors(f, angle) for f in (tf.cos, tf.sin))
        normal = tf.concat([radius * cosine, radius * sine], 1)
        return tf.reshape(normal[:, :each], shape)

    def chance(self, shape: Sequence[int], probability: float) -> tf.Tensor:
        """Draws True with a probability.

        Args:
            shape: ints, of which the first counts this replica's samples.
            probability: float in [0, 1], rounded to units of 1/65536.

        Returns:
            bool of that shape.
        """
        below = round(probability * 2**16)
        if below == 2**16:  # does not fit into 16 bits
            return tf.ones(shape, tf.bool)
        each = _numbers(shape)
        words = self._bits((shape[0], -(-each // 2)))
        halves = tf.reshape(tf.bitcast(words, tf.uint16), [shape[0], -1])[:, :each]
        return tf.reshape(halves < tf.constant(below, tf.uint16), shape)

    def _bits(self, shape: Sequence[int]) -> tf.Tensor:
        # Philox gives four numbers per count. Each sample takes a whole number of counts, so the
        # counter of a shard's first sample depends on its position alone.
        each = _numbers(shape)
        counts = -(-each // 4)
        bits = self._philox(_DRAW, self.row * counts, [shape[0], counts * 4], tf.uint32)
        return tf.reshape(bits[:, :each], shape)

    def _philox(self, use: int, count: Any, shape: Any, dtype: Any) -> tf.Tensor:
        counter = tf.stack([tf.cast(count, tf.uint64), tf.constant(use, tf.uint64)])
        return tf.raw_ops.StatelessRandomUniformFullIntV2(
            shape=shape, key=self.key, counter=counter, alg=_PHILOX, dtype=dtype
        )


def _numbers(shape: Sequence[int]) -> int:
    return math.prod(int(n) for n in shape[1:])


def _in_whole_vectors(function: Callable[[tf.Tensor], tf.Tensor], x: tf.Tensor) -> tf.Tensor:
    # A processor takes up to 16 values at once, and what is left over one by one, with another
    # rounding of log, cos and erfinv. Filled up, a value does not depend on where it stands.
    size = x.shape.num_elements()
    if size is not None and size % 16 == 0:
        return function(x)
    size = tf.size(x)  # a batch's length may be unknown
    flat = tf.pad(tf.reshape(x, [-1]), [[0, -size % 16]], constant_values=0.5)
    return tf.reshape(function(flat)[:size], tf.shape(x))


_scope = threading.local()  # each replica is traced in its own thread


@contextlib.contextmanager
def scope(key: Key | None) -> Iterator[None]:
    """Context in which `key` is the key of all random layers; None switches them off."""
    previous = current()
    _scope.key = key
    try:
        yield
    finally:
        _scope.key = previous


def current() -> Key | None:
    """The key of the innermost `scope`, or None: then random layers are inactive."""
    return getattr(_scope, "key", None)
