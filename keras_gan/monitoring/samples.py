"""Samples of the averaged generator, always from the same latents."""

import numpy as np

from keras_gan.evaluation import pictures
from keras_gan.monitoring.callbacks import EveryNSteps

COLUMNS = 8


class Samples(EveryNSteps):
    """Writes `samples/step-….png` and an interpolation, and hands them to TensorBoard.

    A conditional model shows one row per class. Mixtures show points over the data.

    Args:
        folder: where the PNGs go.
        writer: a `tensorboard.Writer`, or None.
        source: the data, for mixtures' background.
        noise: whether G's noise layers are active.
    """

    def __init__(self, folder, every, writer=None, source=None, noise=False):
        super().__init__(every)
        self.folder, self.writer, self.source, self.noise = folder, writer, source, noise

    def on_nth_step(self, step):
        for name, picture in self.draw().items():
            pictures.save(picture, self.folder / f"{name}-{step:08d}.png")
            if self.writer is not None:
                self.writer.image(f"samples/{name}", picture, step)

    def draw(self):
        """The pictures, by name: uint8 [h, w, c]."""
        gan = self.model
        if len(gan.image_shape) == 1:
            points = gan.sample(2500, seed=0, noise=self.noise)
            return {"samples": pictures.scatter(points, self._reference())}
        if gan.conditional:
            labels = np.repeat(np.arange(gan.num_classes, dtype=np.int32), COLUMNS)
            labels = labels[: COLUMNS * 16]
        else:
            labels = None
        count = 64 if labels is None else len(labels)
        drawn = {
            "samples": pictures.grid(
                gan.sample(count, seed=0, labels=labels, noise=self.noise), COLUMNS
            )
        }
        drawn["interpolation"] = self._interpolation()
        for name, images in gan.extra_samples(self.source).items():
            drawn[name] = images
        return drawn

    def _interpolation(self, rows=4):
        labels = None
        if self.model.conditional:
            labels = np.arange(rows, dtype=np.int32) % self.model.num_classes
        return pictures.interpolation(self.model, rows, columns=10, labels=labels)

    def _reference(self):
        if self.source is None:
            return None
        points, _ = self.source.fetch(np.arange(min(2500, len(self.source))))
        return points
