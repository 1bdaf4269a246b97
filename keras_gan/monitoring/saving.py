"""Checkpoints in training."""

from keras_gan.monitoring.callbacks import EveryNSteps


class Saving(EveryNSteps):
    """Saves a checkpoint every N steps, with the health monitor's verdict and state.

    Args:
        checkpoints: the run's `Checkpoints`.
        every: steps between two checkpoints; 0 is never.
        health: its `HealthMonitor`.
        recovery: its `Recovery`.
    """

    def __init__(self, checkpoints, every, health, recovery):
        super().__init__(every)
        self.checkpoints, self.health, self.recovery = checkpoints, health, recovery

    def on_nth_step(self, step):
        self.recovery.protect(step)
        self.checkpoints.save(self.model, step, self.health.metadata(), self.health.state())
