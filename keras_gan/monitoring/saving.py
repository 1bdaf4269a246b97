"""Saves checkpoints during training."""

from keras_gan.monitoring.best import best_step
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

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        # After a restart or a roll-back: what was the best may not have happened yet.
        self.checkpoints.best = best_step(self.health.run.scores())

    def keep_best(self, step: int) -> None:
        """Saves a checkpoint of this step, the best so far, that is kept until a better one."""
        if self.every:
            self.checkpoints.best = step
            self.on_nth_step(step)

    def on_nth_step(self, step):
        self.recovery.protect(step)
        self.checkpoints.save(self.model, step, self.health.metadata(), self.health.state())
