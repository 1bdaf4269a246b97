"""Saves checkpoints during training."""

from keras_gan.monitoring.callbacks import EveryNSteps


class Saving(EveryNSteps):
    """Saves a checkpoint every N steps, with the state of the health monitor.

    Args:
        checkpoints: the run's `Checkpoints`.
        every: int, steps between two checkpoints; 0 is never.
        health: its `HealthMonitor`.
        recovery: its `Recovery`.
    """

    def __init__(self, checkpoints, every: int, health, recovery):
        super().__init__(every)
        self.checkpoints, self.health, self.recovery = checkpoints, health, recovery

    def on_nth_step(self, step):
        self.recovery.protect(step)
        self.checkpoints.save(self.model, step, self.health.metadata(), self.health.state())
