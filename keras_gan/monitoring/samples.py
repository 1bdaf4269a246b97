"""Samples of the averaged generator, always from the same latents."""

import numpy as np

from keras_gan import pictures
from keras_gan.monitoring.callbacks import Every

COLUMNS = 8


class Samples(Every):
    """Writes `samples/step-….png` and a great-circle strip, and hands them to TensorBoard.

    A conditional model shows a row a class. Mixtures show points over the data.

    Args:
        folder: where the PNGs go.
        writer: a `tensorboard.Writer`, or None.
        source: the data, for mixtures' background.
        noise: whether G's noise layers are active.
    """

    def __init__(self, folder, every, writer=None, source=None, noise=False, start=0):
        super().__init__(every, start)
        self.folder, self.writer, self.source, self.noise = folder, writer, source, noise

    def act(self, step):
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
        drawn["circle"] = self._circle()
        for name, images in gan.further_pictures(self.source).items():
            drawn[name] = images
        return drawn

    def _circle(self, rows=4, columns=10):
        gan = self.model
        ends = np.random.default_rng(0).normal(size=(rows, 2, gan.latent_dim)).astype(np.float32)
        path = np.concatenate([pictures.walk(a, b, columns) for a, b in ends])
        labels = None
        if gan.conditional:
            labels = np.repeat(np.arange(rows, dtype=np.int32) % gan.num_classes, columns)
        return pictures.grid(gan.generate(path, labels).numpy(), columns)

    def _reference(self):
        if self.source is None:
            return None
        points, _ = self.source.fetch(np.arange(min(2500, len(self.source))))
        return points
