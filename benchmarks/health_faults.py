"""Faults that are injected into training, for the benchmarks of health and recovery."""

import keras
import numpy as np

from keras_gan.monitoring.callbacks import EveryNSteps

FAULTS = {
    "nan D": "a weight of D becomes NaN",
    "nan G": "a weight of G becomes NaN",
    "rate": "the learning rates times 1,000",
    "freeze G": "G's learning rate becomes 0",
    "collapse": "from then on G does not see its latents",
}


class Fault(EveryNSteps):
    """Injects a fault after a step, in the first attempt only, so not again after a roll-back.

    Args:
        fault: a key of `FAULTS`, or None for no fault.
        at: number of steps after which it is injected.
    """

    def __init__(self, fault: str | None, at: int):
        super().__init__(1)
        self.fault, self.at = fault, at

    def on_nth_step(self, step):
        if self.fault is None or step < self.at or int(self.model.attempt.numpy()):
            return
        if step == self.at or self.fault == "collapse":
            inject(self.model, self.fault)


def inject(gan: keras.Model, fault: str) -> None:
    """Injects a fault into a model now."""
    generator, discriminator = gan.players["generator"], gan.players["discriminator"]
    if fault in ("nan D", "nan G"):
        network = (generator if fault == "nan G" else discriminator).network
        weight = network.trainable_variables[0]
        values = np.array(weight)
        values.flat[0] = np.nan
        weight.assign(values)
    elif fault == "rate":
        for player in gan.players.values():
            player.optimizer.learning_rate = 1000 * float(player.optimizer.learning_rate)
    elif fault == "freeze G":
        generator.optimizer.learning_rate = 0.0
    elif fault == "collapse":
        weight = generator.network.trainable_variables[0]
        weight.assign(np.zeros(weight.shape, np.float32))
    else:
        raise ValueError(fault)
