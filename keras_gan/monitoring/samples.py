"""Sample pictures of the averaged generator, always from the same latents."""

import pathlib
from typing import Any

import numpy as np

from keras_gan.data.source import Source
from keras_gan.evaluation import pictures
from keras_gan.monitoring.callbacks import EveryNSteps

COLUMNS = 8


class Samples(EveryNSteps):
    """Writes `samples/samples-….png` and an interpolation, also to TensorBoard.

    Conditional models show one row per class. Mixtures show points over the data.

    Args:
        folder: path of the PNGs' folder, made if it is not there.
        every: int, steps between two sets of pictures; 0 is never. Defaults to 500.
        writer: `tensorboard.Writer`. Defaults to None: no TensorBoard.
        source: the data, drawn behind the points of mixtures. Defaults to None: not drawn.
        noise: bool, whether the generator's noise layers are active. Defaults to False.
    """

    def __init__(
        self,
        folder: str | pathlib.Path,
        every: int = 500,
        writer: Any = None,
        source: Source | None = None,
        noise: bool = False,
    ):
        super().__init__(every)
        self.folder, self.writer = pathlib.Path(folder), writer
        self.source, self.noise = source, noise

    def on_nth_step(self, step: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, picture in self.draw().items():
            pictures.save(picture, self.folder / f"{name}-{step:08d}.png")
            if self.writer is not None:
                self.writer.image(f"samples/{name}", picture, step)

    def draw(self) -> dict[str, np.ndarray]:
        """The pictures by name: uint8 [height, width, channels]."""
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
        by_name = {
            "samples": pictures.grid(
                gan.sample(count, seed=0, labels=labels, noise=self.noise), COLUMNS
            )
        }
        by_name["interpolation"] = self._interpolation()
        by_name.update(gan.extra_samples(self.source))
        return by_name

    def _interpolation(self, rows: int = 4) -> np.ndarray:
        labels = None
        if self.model.conditional:
            labels = np.arange(rows, dtype=np.int32) % self.model.num_classes
        return pictures.interpolation(self.model, rows, columns=10, labels=labels)

    def _reference(self) -> np.ndarray | None:
        if self.source is None:
            return None
        points, _ = self.source.fetch(np.arange(min(2500, len(self.source))))
        return points
