"""Checkpoints in training."""

from keras_gan.monitoring.callbacks import Every


class Saving(Every):
    """Saves a checkpoint every N steps, with the health monitor's judgement beside it."""

    def __init__(self, checkpoints, every, health, start=0):
        super().__init__(every, start)
        self.checkpoints, self.health = checkpoints, health

    def act(self, step):
        self.health.protect(self.checkpoints, step)
        self.checkpoints.save(self.model, step, note=self.health.note(), extra=self.health.memory())
