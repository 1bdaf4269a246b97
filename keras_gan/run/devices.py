"""The devices of a run and its distribution strategy."""

import contextlib
import os

import tensorflow as tf

from keras_gan.errors import UsageError, refuse
from keras_gan.run import cluster
from keras_gan.settings.config import Config
from keras_gan.step.functional import uses_xla
from keras_gan.step.replicas import rows_per_replica


def set_up(config: Config) -> None:
    """Sets devices up: memory growth of GPUs, `--logical_devices` of the CPU.

    Must be called before TensorFlow starts. GPUs give memory as it is needed, unless
    TF_FORCE_GPU_ALLOW_GROWTH says otherwise.

    Raises:
        UsageError: TensorFlow has started already.
    """
    if "TF_FORCE_GPU_ALLOW_GROWTH" not in os.environ:
        for gpu in tf.config.list_physical_devices("GPU"):
            with contextlib.suppress(RuntimeError):  # in use already
                tf.config.experimental.set_memory_growth(gpu, True)
    if config.logical_devices:
        cpu = tf.config.list_physical_devices("CPU")[0]
        parts = [tf.config.LogicalDeviceConfiguration()] * config.logical_devices
        try:
            tf.config.set_logical_device_configuration(cpu, parts)
        except RuntimeError as error:
            raise UsageError(
                f"TensorFlow has started already: {error}",
                flag="logical_devices",
                value=config.logical_devices,
            ) from None


def strategy(config: Config) -> tf.distribute.Strategy:
    """The strategy `--strategy`.

    Raises:
        UsageError: it can't be combined with the batch size or XLA.
    """
    strategy = _strategy(config)
    count = strategy.num_replicas_in_sync
    rows_per_replica(config.batch_size, count)
    if count > 1 and uses_xla(config.xla) and config.sync_batch_norm:
        refuse(
            "sync_batch_norm",
            "true",
            "XLA can't compile the collective of synchronised batch norm",
            "--noxla, or --nosync_batch_norm",
        )
    return strategy


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


def environment(config: Config, strategy: tf.distribute.Strategy, source) -> dict:
    """Facts in addition to the settings that affect bitwise reproducibility.

    Args:
        config: `Config`.
        strategy: the run's strategy.
        source: the run's data.

    Returns:
        A dict of JSON values by name.
    """
    return {
        "replicas": strategy.num_replicas_in_sync,
        "XLA": uses_xla(config.xla),
        "GPU": bool(tf.config.list_logical_devices("GPU")),
        "TensorFlow": tf.__version__,
        **source.facts(),
    }
