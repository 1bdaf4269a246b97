"""Where and how a step runs: replicas, XLA, precision. What `fit` can't express is bent here."""

import contextlib
import os

import keras
import tensorflow as tf

from keras_gan import cluster
from keras_gan.errors import UsageError, refuse


def set_up(config):
    """Splits the CPU if asked to; must come before TensorFlow is used."""
    if config.logical_devices:
        cpu = tf.config.list_physical_devices("CPU")[0]
        parts = [tf.config.LogicalDeviceConfiguration()] * config.logical_devices
        try:
            tf.config.set_logical_device_configuration(cpu, parts)
        except RuntimeError as error:
            raise UsageError(
                f"TensorFlow has started: {error}",
                flag="logical_devices",
                value=config.logical_devices,
            ) from None


def uses_xla(config):
    """Whether to compile: as asked, by default on a GPU only, where it is faster."""
    if config.xla is not None:
        return config.xla
    return bool(tf.config.list_logical_devices("GPU"))


def strategy(config):
    """The strategy of `--strategy`, checked against batch size, XLA and precision."""
    made = _strategy(config)
    count = made.num_replicas_in_sync
    rows_per_replica(config.batch_size, count)
    if count > 1 and uses_xla(config) and config.sync_batch_norm:
        refuse(
            "sync_batch_norm",
            "true",
            "XLA can't hold the collective of synchronised batch norm",
            "--noxla, or --nosync_batch_norm",
        )
    return made


def rows_per_replica(batch_size, replicas):
    """Each replica's share of a batch.

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


def _strategy(config):
    if config.strategy == "multi_worker":
        resolver = None
        if "TF_CONFIG" not in os.environ and "SLURM_PROCID" in os.environ:
            resolver = cluster.slurm()
        with cluster.joining():
            return tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
    gpus = [device.name for device in tf.config.list_logical_devices("GPU")]
    cpus = [device.name for device in tf.config.list_logical_devices("CPU")]
    if config.strategy == "mirrored" or (config.strategy == "auto" and len(gpus) > 1):
        return tf.distribute.MirroredStrategy(gpus or cpus)
    if config.strategy == "auto" and not gpus and config.logical_devices > 1:
        return tf.distribute.MirroredStrategy(cpus)
    return tf.distribute.get_strategy()


def environment(config, strategy, source):
    """Facts besides the settings that a run's bits depend on, as JSON values by name."""
    return {
        "replicas": strategy.num_replicas_in_sync,
        "XLA": uses_xla(config),
        "GPU": bool(tf.config.list_logical_devices("GPU")),
        "TensorFlow": tf.__version__,
        "images": len(source),
    }


def replicas():
    """Number of replicas that train together."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def replica_index():
    """This replica's position among all, a tensor; 0 on one device."""
    return tf.distribute.get_replica_context().replica_id_in_sync_group


def all_reduce(op, tensors):
    """Reduces a structure of tensors over the replicas with `op`, "SUM" or "MEAN"."""
    if replicas() == 1:
        return tensors
    flat = tf.nest.flatten(tensors)
    if not flat:
        return tensors
    reduced = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp[op], flat)
    return tf.nest.pack_sequence_as(tensors, reduced)


def all_gather(tensor):
    """The replicas' rows in the order of the global batch, on every replica."""
    if replicas() == 1:
        return tensor
    gathered = tf.distribute.get_replica_context().all_gather(tensor, axis=0)
    return tf.ensure_shape(gathered, (replicas() * tensor.shape[0], *tensor.shape[1:]))


def values(variables):
    """The values of Keras variables as tensors."""
    return [tf.convert_to_tensor(v.value) for v in variables]


def pure(function, variables, xla):
    """Makes `function` a pure function of its arguments and of the variables' values.

    What the function reads from and assigns to Keras variables stays inside; it returns what it is
    asked for. Compiled with XLA if asked; without, it is traced in place, since collectives
    (synchronised batch norm) can't stand in a function of their own.

    Returns:
        A function (values, *arguments), with `values` as `values(variables)` gives them.
    """

    def stateless(current, *arguments):
        with keras.StatelessScope(state_mapping=list(zip(variables, current))):
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


def assign(variables, new, go=None):
    """Writes new values, or keeps the old ones where the boolean `go` is false."""
    for variable, value in zip(variables, new):
        value = tf.cast(value, variable.dtype)
        if go is not None:
            value = tf.where(go, value, variable.value)
        variable.assign(value)


def all_finite(tensors):
    """Whether every number of a structure of tensors is finite, a boolean scalar."""
    checks = [tf.reduce_all(tf.math.is_finite(t)) for t in tf.nest.flatten(tensors)]
    return tf.reduce_all(tf.stack(checks)) if checks else tf.constant(True)
