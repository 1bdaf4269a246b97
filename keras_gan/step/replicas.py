"""The replicas of a strategy: their number, this one's index, and collectives."""

from typing import Any

import tensorflow as tf

from keras_gan.errors import refuse


def rows_per_replica(batch_size: int, replicas: int) -> int:
    """Number of samples per replica.

    Raises:
        UsageError: the batch can't be divided; the message names the nearest sizes that can.
    """
    rows, rest = divmod(batch_size, replicas)
    if rest:
        nearest = [n for n in (rows * replicas, (rows + 1) * replicas) if n >= 2]
        refuse(
            "batch_size",
            batch_size,
            f"must be a multiple of the {replicas} replicas",
            " or ".join(map(str, nearest)),
        )
    return rows


def count() -> int:
    """Number of replicas that train together."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def index() -> tf.Tensor | int:
    """This replica's position among all, a tensor; 0 on one device."""
    return tf.distribute.get_replica_context().replica_id_in_sync_group


def all_reduce(op: str, tensors: Any) -> Any:
    """Reduces a structure of tensors over the replicas with `op`, "SUM" or "MEAN"."""
    if count() == 1:
        return tensors
    flat = tf.nest.flatten(tensors)
    if not flat:
        return tensors
    reduced = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp[op], flat)
    return tf.nest.pack_sequence_as(tensors, reduced)


def all_gather(tensor: tf.Tensor) -> tf.Tensor:
    """The rows of all replicas, in the order of the global batch, on every replica."""
    if count() == 1:
        return tensor
    gathered = tf.distribute.get_replica_context().all_gather(tensor, axis=0)
    return tf.ensure_shape(gathered, (count() * tensor.shape[0], *tensor.shape[1:]))
