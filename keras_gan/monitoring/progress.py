"""The progress bar: losses, images per second, time left."""

import contextlib
import sys
from collections.abc import Iterator

import tqdm

from keras_gan.monitoring.callbacks import EveryNSteps, window_means


class Progress(EveryNSteps):
    """A bar on stderr, or a line every 20 seconds if stderr is not a terminal.

    Args:
        steps: int, the last step. Defaults to None: those of `fit`, where they are known.
        images: int, real images per step, over all devices. Defaults to None: no images/s.
        every: int, steps between updates of the losses, at most 100. Defaults to 50.
    """

    def __init__(self, steps: int | None = None, images: int | None = None, every: int = 50):
        super().__init__(every)
        self.steps, self.images = steps, images

    def on_train_begin(self, logs: dict | None = None) -> None:
        super().on_train_begin(logs)
        self.bar = tqdm.tqdm(
            total=self.steps or self._steps_of_fit(),
            initial=self.step,
            unit="step",
            file=sys.stderr,
            mininterval=0.5 if sys.stderr.isatty() else 20,
            dynamic_ncols=True,
        )

    def _steps_of_fit(self) -> int | None:
        per_epoch, epochs = self.params.get("steps"), self.params.get("epochs")
        return self.step + per_epoch * epochs if per_epoch and epochs else None

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        done = self.step
        super().on_train_batch_end(batch, logs)
        with self._shown():
            self.bar.update(self.step - done)

    def on_nth_step(self, step: int) -> None:
        means = window_means(self.model, step, self.every)
        shown = {
            "D": f"{means['discriminator/loss']:.3f}",
            "G": f"{means['generator/loss']:.3f}",
        }
        rate = self.bar.format_dict["rate"]
        if rate and self.images:  # unknown until the bar has been drawn twice
            shown["images/s"] = f"{rate * self.images:.0f}"
        self.bar.set_postfix(shown, refresh=False)

    def on_train_end(self, logs: dict | None = None) -> None:
        with self._shown():
            self.bar.close()

    @contextlib.contextmanager
    def _shown(self) -> Iterator[None]:
        """Gives the bar up where the terminal has gone: that ends no run."""
        try:
            yield
        except OSError:
            self.bar.disable = True
