"""The progress bar: losses, images per second, time left."""

import sys

import tqdm

from keras_gan.monitoring.callbacks import EveryNSteps, window_means


class Progress(EveryNSteps):
    """A bar on stderr, or a line every 20 seconds if stderr is not a terminal.

    Args:
        steps: int, the run's last step.
        images: int, real images per step, over all devices.
        every: int, steps between updates of the losses.
    """

    def __init__(self, steps: int, images: int, every: int):
        super().__init__(every)
        self.steps, self.images = steps, images

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.bar = tqdm.tqdm(
            total=self.steps,
            initial=self.step,
            unit="step",
            file=sys.stderr,
            mininterval=0.5 if sys.stderr.isatty() else 20,
            dynamic_ncols=True,
        )

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update(1)
        super().on_train_batch_end(batch, logs)

    def on_nth_step(self, step):
        means = window_means(self.model, step, self.every)
        shown = {
            "D": f"{means['discriminator/loss']:.3f}",
            "G": f"{means['generator/loss']:.3f}",
        }
        if rate := self.bar.format_dict["rate"]:  # unknown until the bar has been drawn twice
            shown["images/s"] = f"{rate * self.images:.0f}"
        self.bar.set_postfix(shown, refresh=False)

    def on_train_end(self, logs=None):
        self.bar.close()
