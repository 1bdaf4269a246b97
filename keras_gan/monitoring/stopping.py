"""Ends training after the step in hand when a signal has come."""

from keras_gan.monitoring.callbacks import EveryNSteps


class StopOnSignal(EveryNSteps):
    """Stops `fit` when SIGTERM or Ctrl-C has come, to any of the processes that train together.

    A single process looks after each step; several agree every N steps, since asking costs time.

    Args:
        interruption: the `signals.Interruption` that catches the signals.
        workers: the processes that stop together, a `cluster.Workers`.
        every: steps between two agreements, if there are several processes.
    """

    everywhere = True

    def __init__(self, interruption, workers, every):
        super().__init__(every if workers.count > 1 else 1)
        self.interruption, self.workers = interruption, workers

    def on_nth_step(self, step):
        if self.workers.count > 1:
            status = int(max(self.workers.all_gather(self.interruption.status or 0)))
            self.interruption.status = status or None
        if self.interruption.status is not None:
            self.model.stop_training = True
