"""Base class of the callbacks: calls a method every N steps."""

from typing import Any

import keras


class EveryNSteps(keras.callbacks.Callback):
    """Calls `on_nth_step(step)` when `step`, the number of steps done, is a multiple of `every`.

    The model's step is read when training and when an epoch begins, and counted from there:
    reading it after each step would wait for the device. Where Keras runs several steps at once
    (`steps_per_execution`), the call comes after the first of them that passes a multiple.

    Args:
        every: int, steps between two calls; 0 is never.

    Example:

    ```python
    class Norms(keras_gan.callbacks.EveryNSteps):
        def on_nth_step(self, step):
            print(step, self.model.recorder.read(step)[1]["generator/gradient_norm"][-1])

    gan.fit(x_train, callbacks=[Norms(every=100)])
    ```

    Attributes:
        step: int, number of steps that the model has done.
        everywhere: bool, whether all of several processes need this callback, not only the chief.
    """

    everywhere = False

    def __init__(self, every: int):
        super().__init__()
        self.every, self.step, self._before = every, 0, 0

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.step = self._before = int(self.model.step.numpy())

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.step = self._before = int(self.model.step.numpy())

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        done, self.step = self.step, self._before + batch + 1
        if self.every and self.step // self.every > done // self.every:
            self.on_nth_step(self.step)

    def on_nth_step(self, step: int) -> None:
        """Called when `step` is a multiple of `every`."""
        raise NotImplementedError


def window_means(gan: Any, step: int, every: int) -> dict[str, float]:
    """The mean of each metric over the steps since the last multiple of `every`.

    Args:
        gan: the `GAN` in training.
        step: int, number of steps done.
        every: int, at most 100, of which the model keeps the metrics.

    Returns:
        Name → mean.
    """
    count = step % every or every
    _, metrics = gan.recorder.read(step, count)
    return {name: float(values.mean()) for name, values in metrics.items()}
