"""Several processes that train together: who writes, what all agree on, what a lost one means."""

import contextlib
import json
import os
import sys
import threading

import numpy as np
import tensorflow as tf

from keras_gan.errors import PeerLost, UsageError

JOIN_SECONDS = 600  # for all workers to come; a peer that never starts would hang the others


def task():
    """This process' place in the cluster, from TF_CONFIG or Slurm.

    Returns:
        index and number of processes; (0, 1) outside a cluster. The one with index 0 is the chief.

    Raises:
        UsageError: TF_CONFIG can't be read, or names a task that does not train.
    """
    if "TF_CONFIG" in os.environ:
        try:
            given = json.loads(os.environ["TF_CONFIG"])
            cluster, own = given.get("cluster", {}), given.get("task", {})
            sizes = [len(cluster.get(kind, [])) for kind in ("chief", "worker")]
            kind, index = own.get("type", "worker"), int(own.get("index", 0))
        except (ValueError, TypeError, AttributeError) as error:
            raise UsageError(f"TF_CONFIG is not what TensorFlow expects: {error}") from error
        if kind not in ("chief", "worker") or cluster.get("ps"):
            raise UsageError(
                f"TF_CONFIG: a task of type {kind} beside {sorted(cluster)} has no part in"
                " synchronous training; allowed: chief and worker"
            )
        return (index + sizes[0] * (kind == "worker"), max(1, sum(sizes)))
    if "SLURM_PROCID" in os.environ:
        return int(os.environ["SLURM_PROCID"]), int(os.environ.get("SLURM_NTASKS", 1))
    return 0, 1


def slurm():
    """TensorFlow's resolver of a Slurm job step, also where there are no GPUs."""
    make = tf.distribute.cluster_resolver.SlurmClusterResolver
    try:
        resolver = make()
        resolver.cluster_spec()
        return resolver
    except (OSError, ValueError):  # it shares out GPUs, and stumbles where a task gets none
        return make(gpus_per_node=task()[1], gpus_per_task=1, auto_set_gpu=False)


class Workers:
    """The processes of a run that train together; often there is only one.

    Args:
        strategy: `tf.distribute` strategy.

    Attributes:
        index, count: this process and all; `chief` is the first one, who alone writes.
    """

    def __init__(self, strategy):
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

    def all_gather(self, value):
        """Each process' integer, in order: int32 [count]. All wait for the last to call this."""
        if self.count == 1:
            return np.array([value], np.int32)
        found = self.strategy.experimental_local_results(
            self._gather(tf.constant(value, tf.int32))
        )[0]
        return np.asarray(found)[:: self.strategy.num_replicas_in_sync // self.count]

    def broadcast_from_chief(self, value):
        """The chief's integer."""
        return int(self.all_gather(value)[0])

    def restore(self, checkpoints, gan, at_most=None):
        """Restores the checkpoint that the chief takes, on all.

        Returns:
            What `Checkpoints.restore` returns: None if there is none.
        """
        restored = checkpoints.restore(gan, at_most) if self.chief else None
        if self.count > 1:
            step = self.broadcast_from_chief(-1 if restored is None else restored.step)
            if not self.chief and step >= 0:
                restored = checkpoints.restore(gan, exactly=step)
            self.all_gather(0)  # nobody writes before everybody has read
        return restored


@contextlib.contextmanager
def joining(seconds=JOIN_SECONDS):
    """Ends the process with a message if what is inside takes too long.

    TensorFlow waits without end, deaf to signals, for a worker that never starts.
    """

    def give_up():
        print(
            f"after {seconds} s not all workers have come; check the addresses in TF_CONFIG and"
            " that all were started",
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
def losing_peers(workers):
    """Turns TensorFlow's many ways to say that a worker is gone into one error."""
    try:
        yield
    except LOST as error:
        if workers.count == 1:
            raise
        raise PeerLost(
            f"worker {workers.index} of {workers.count} lost another one"
            f" ({type(error).__name__}); start all workers again, and the run goes on from its last"
            " checkpoint"
        ) from error
