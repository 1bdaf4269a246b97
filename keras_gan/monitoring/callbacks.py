"""The callbacks' common ground: they act every N steps, and know the step without asking it."""

import keras


class Every(keras.callbacks.Callback):
    """Calls `act(step)` when `step`, the number of steps done, is a multiple of `every`.

    Args:
        every: steps between two calls; 0 is never.
        start: steps done before this `fit`.

    Attributes:
        everywhere: whether each of several processes needs it, not only the one that writes.
    """

    everywhere = False

    def __init__(self, every, start=0):
        super().__init__()
        self.every, self.start = every, start

    def on_train_batch_end(self, batch, logs=None):
        step = self.start + batch + 1
        if self.every and step % self.every == 0:
            self.act(step)

    def act(self, step):
        raise NotImplementedError


def block(gan, step, every):
    """The mean of each metric over the steps since the last multiple of `every`."""
    count = step % every or every
    _, metrics = gan.recorder.read(step, count)
    return {name: float(values.mean()) for name, values in metrics.items()}
