"""A score in the logs of `fit`: the Fréchet distance to the data, as `val_fd`."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keras_gan.data.pixel_range import decide
from keras_gan.data.source import Source
from keras_gan.errors import UsageError
from keras_gan.step import pixels


class Score(keras.callbacks.Callback):
    """Adds `val_fd`, the Fréchet distance of samples to the data, to the logs of an epoch.

    Callbacks that monitor it (`EarlyStopping`, `ModelCheckpoint`, with mode="min") find it there
    wherever this one stands in the list.

    Args:
        data: what the distance is to: a source of `keras_gan.open_source`, or an array of images
            [n, h, w, c] or [n, h, w], at least some hundred.
        count: int, samples that are compared. Defaults to 10,000; cut to what the data allow.
        every: int, epochs between two scores. Defaults to 1; others have no `val_fd`.
        extractor: str, as `--extractor`. Defaults to None: a small network trained on the data.
        labels: int [n], classes of an array, which the small network learns. Defaults to None: it
            learns rotations.
        pixel_range: (low, high) of an array's pixels. Defaults to what they show.

    Attributes:
        scores: dict, the last score with its protocol.
    """

    adds_logs = True

    def __init__(
        self,
        data: Any,
        count: int = 10_000,
        every: int = 1,
        extractor: str | None = None,
        labels: Any = None,
        pixel_range: Any = None,
    ):
        super().__init__()
        if every < 1:
            raise UsageError(f"every={every}: at least 1 epoch is needed")
        self.source = data if isinstance(data, Source) else _source(data, labels, pixel_range)
        self.count, self.every, self.extractor = count, every, extractor
        self._evaluator: Any = None
        self.scores: dict[str, Any] = {}

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        from keras_gan.evaluation import evaluator  # slow to import, and only needed for scores

        if (epoch + 1) % self.every:
            return
        if self._evaluator is None:
            self._evaluator = evaluator.Evaluator(
                self.source, count=self.count, extractor=self.extractor
            )
        self.scores = self._evaluator.score(self._sampler())
        name = next((n for n in self.scores if n.startswith("fd_")), None)
        if name is None:
            raise UsageError(
                f"{self.source.name} has no Fréchet distance for val_fd; its {len(self.source)}"
                f" examples give {', '.join(n for n, v in self.scores.items() if type(v) is float)}"
            )
        if logs is not None:
            logs["val_fd"] = self.scores[name]

    def _sampler(self) -> Callable:
        return lambda count, seed: self.model.sample(count, seed=seed)


def _source(images: Any, labels: Any, pixel_range: Any) -> Source:
    images = np.asarray(images)
    images = images[..., None] if images.ndim == 3 else images
    if images.ndim != 4:
        raise UsageError(f"data are {list(images.shape)}; images [n, h, w, c] are needed")
    limits = decide(images, pixel_range).limits
    if images.dtype != np.uint8 or limits != (0, 255):
        images = pixels.to_uint8(pixels.to_float(images, limits)).numpy()
    labels = None if labels is None else np.asarray(labels, np.int32).reshape(-1)
    return Source("array", images.shape[1:], images=images, labels=labels)
