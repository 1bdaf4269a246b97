"""Faults that are done to a game in training, for the health bench and its recovery."""

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
    """Does a fault after a step, in the first attempt only: a roll-back does not meet it again.

    Args:
        fault: a name of `FAULTS`, or None.
        at: after how many steps.
    """

    def __init__(self, fault, at):
        super().__init__(1)
        self.fault, self.at = fault, at

    def on_nth_step(self, step):
        if self.fault is None or step < self.at or int(self.model.attempt.numpy()):
            return
        if step == self.at or self.fault == "collapse":
            do(self.model, self.fault)


def do(gan, fault):
    """A fault, done to a game now."""
    generator, discriminator = gan.players["generator"], gan.players["discriminator"]
    if fault in ("nan D", "nan G"):
        network = (generator if fault == "nan G" else discriminator).network
        weight = network.trainable_variables[0]
        broken = np.array(weight)
        broken.flat[0] = np.nan
        weight.assign(broken)
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
