"""Ends training after the current step when a signal was received."""

from keras_gan.monitoring.callbacks import EveryNSteps


class StopOnSignal(EveryNSteps):
    """Stops `fit` when SIGTERM or Ctrl-C was received by any of the worker processes.

    A single process checks after each step; several synchronise every N steps, which takes time.

    Args:
        interruption: `interruption.Interruption` that catches the signals.
        workers: `cluster.Workers`, the processes that stop together.
        every: int, steps between two synchronisations of several processes.
    """

    everywhere = True

    def __init__(self, interruption, workers, every: int):
        super().__init__(every if workers.count > 1 else 1)
        self.interruption, self.workers = interruption, workers

    def on_nth_step(self, step):
        if self.workers.count > 1:
            status = int(max(self.workers.all_gather(self.interruption.status or 0)))
            self.interruption.status = status or None
        if self.interruption.status is not None:
            self.model.stop_training = True
