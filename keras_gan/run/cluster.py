"""Training in several processes: roles, collectives, and errors when a worker is lost."""

import contextlib
import json
import os
import sys
import threading
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from keras_gan.errors import PeerLost, UsageError

JOIN_SECONDS = 600  # for all workers to start; TensorFlow itself would wait forever


def task() -> tuple[int, int]:
    """This process' index in the cluster, from TF_CONFIG or Slurm.

    Returns:
        index, number of processes; (0, 1) outside a cluster. The process with index 0 is the chief.

    Raises:
        UsageError: TF_CONFIG can't be read, or names a task that does not train.
    """
    if "TF_CONFIG" in os.environ:
        try:
            settings = json.loads(os.environ["TF_CONFIG"])
            cluster, this = settings.get("cluster", {}), settings.get("task", {})
            sizes = [len(cluster.get(kind, [])) for kind in ("chief", "worker")]
            kind, index = this.get("type", "worker"), int(this.get("index", 0))
        except (ValueError, TypeError, AttributeError) as error:
            raise UsageError(f"TF_CONFIG is not what TensorFlow expects: {error}") from error
        if kind not in ("chief", "worker") or cluster.get("ps"):
            raise UsageError(
                f"TF_CONFIG: a task of type {kind} in a cluster of {sorted(cluster)} can't take"
                " part in synchronous training; allowed: chief and worker"
            )
        return (index + sizes[0] * (kind == "worker"), max(1, sum(sizes)))
    if "SLURM_PROCID" in os.environ:
        return int(os.environ["SLURM_PROCID"]), int(os.environ.get("SLURM_NTASKS", 1))
    return 0, 1


def slurm() -> tf.distribute.cluster_resolver.ClusterResolver:
    """TensorFlow's resolver of a Slurm job step, also without GPUs."""
    make = tf.distribute.cluster_resolver.SlurmClusterResolver
    try:
        resolver = make()
        resolver.cluster_spec()
        return resolver
    except (OSError, ValueError):  # it assigns GPUs, and fails if a task gets none
        return make(gpus_per_node=task()[1], gpus_per_task=1, auto_set_gpu=False)


class Workers:
    """The worker processes of a run; a single process is a team of one.

    Args:
        strategy: `tf.distribute.Strategy`.

    Attributes:
        index: int, index of this process.
        count: int, number of processes.
        chief: bool, whether this is process 0, the only one that writes.
    """

    def __init__(self, strategy: tf.distribute.Strategy):
        self.strategy = strategy
        together = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
        self.index, self.count = task() if together else (0, 1)
        self.chief = self.index == 0

        @tf.function(autograph=False)
        def gather(value):
            def on_replica(value):
                context = tf.distribute.get_replica_context()
                place = tf.one_hot(
                    context.replica_id_in_sync_group, strategy.num_replicas_in_sync, dtype=tf.int32
                )
                return context.all_reduce(tf.distribute.ReduceOp.SUM, place * value)

            return strategy.run(on_replica, args=(value,))

        self._gather = gather

    def all_gather(self, value: int) -> np.ndarray:
        """Gathers one integer per process; all processes must call it.

        Args:
            value: int, the value of this process.

        Returns:
            int32 [count], in order of the index.
        """
        if self.count == 1:
            return np.array([value], np.int32)
        values = self.strategy.experimental_local_results(
            self._gather(tf.constant(value, tf.int32))
        )[0]
        return np.asarray(values)[:: self.strategy.num_replicas_in_sync // self.count]

    def broadcast_from_chief(self, value: int) -> int:
        """The chief's integer; all processes must call it."""
        return int(self.all_gather(value)[0])

    def restore(self, checkpoints, gan, at_most: int | None = None):
        """Restores the chief's choice of a checkpoint in every process.

        Args:
            checkpoints: `Checkpoints`.
            gan: `GAN` whose variables are assigned.
            at_most: int, the last step that is accepted. Defaults to any.

        Returns:
            A `Restored`, or None if there is no checkpoint.
        """
        restored = checkpoints.restore(gan, at_most) if self.chief else None
        if self.count > 1:
            step = self.broadcast_from_chief(-1 if restored is None else restored.step)
            if not self.chief and step >= 0:
                restored = checkpoints.restore(gan, exactly=step)
            self.all_gather(0)  # no process writes before all have read
        return restored


@contextlib.contextmanager
def joining(seconds: float = JOIN_SECONDS) -> Iterator[None]:
    """Ends the process with a message if the block takes longer than `seconds`.

    TensorFlow waits forever for a worker that never starts, and signals don't interrupt it.
    """

    def give_up():
        print(
            f"not all workers have started after {seconds} s; check the addresses in TF_CONFIG and"
            " that each process runs",
            file=sys.stderr,
            flush=True,
        )
        os._exit(PeerLost.exit_status)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
    tf.errors.FailedPreconditionError,
)


@contextlib.contextmanager
def losing_peers(workers: Workers) -> Iterator[None]:
    """Raises a `PeerLost` for each of TensorFlow's errors that mean a lost worker."""
    try:
        yield
    except LOST as error:
        if workers.count == 1:
            raise
        raise PeerLost(
            f"worker {workers.index} of {workers.count} lost another one"
            f" ({type(error).__name__}); start all workers again to continue from the last"
            " checkpoint"
        ) from error
