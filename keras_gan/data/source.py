"""Data sets with random access to images and labels."""

import concurrent.futures
import contextlib
import hashlib
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from keras_gan import choices
from keras_gan.errors import refuse

MEMORY_LIMIT = 2**30  # bytes of uint8 images up to which a data set is held in memory
READERS = 4  # threads that read images of larger data sets


class Source:
    """A data set with random access.

    Args:
        name: as given to `--dataset`.
        image_shape: (height, width, channels), or (2,) for points.
        images: uint8 [n, h, w, c] or float32 [n, 2], if they are held in memory.
        labels: int32 [n]. Defaults to None, unlabelled data.
        label_names: list with a name per class. Defaults to None.
        read: function from an index to its image, uint8 [h, w, c], if they are not held in memory.
        count: number of images, if they are not held in memory.
        split: "train", "test", … Defaults to "train".
        reopen: function from the name of another split to its `Source`, or None if there is none.
        skipped: paths of unreadable images.
        centres: float64 [modes, 2], of a mixture. Defaults to None.
        sigma: float, standard deviation of each mode of a mixture. Defaults to None.
    """

    def __init__(
        self,
        name: str,
        image_shape: Iterable[int],
        *,
        images: np.ndarray | None = None,
        labels: np.ndarray | None = None,
        label_names: list[str] | None = None,
        read: Callable[[int], np.ndarray] | None = None,
        count: int | None = None,
        split: str = "train",
        reopen: Callable[[str], "Source | None"] | None = None,
        skipped: Iterable[str] = (),
        centres: np.ndarray | None = None,
        sigma: float | None = None,
    ):
        self.name, self.image_shape, self.split = name, tuple(image_shape), split
        self.images, self.labels = images, labels
        self.label_names = label_names
        self.skipped, self.centres, self.sigma = list(skipped), centres, sigma
        self._read, self._reopen = read, reopen
        self._count = count if images is None else len(images)
        self._pool: concurrent.futures.ThreadPoolExecutor | None = None
        self._failure: OSError | None = None

    def __len__(self) -> int:
        if self._count is None:
            raise TypeError(f"{self.name}: neither images nor their count are given")
        return self._count

    @property
    def num_classes(self) -> int | None:
        """Number of classes, or None without labels."""
        if self.labels is None:
            return None
        return len(self.label_names) if self.label_names else int(self.labels.max()) + 1

    @property
    def nbytes(self) -> int:
        """Bytes of the images that are held in memory; 0 if they are read one by one."""
        return 0 if self.images is None else int(self.images.nbytes)

    def fetch(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Images and labels by index.

        Args:
            indices: int [n].

        Returns:
            (images uint8 [n, h, w, c] or points float32 [n, 2], labels int32 [n] or None).

        Raises:
            OSError: an image can't be read any more.
        """
        indices = np.asarray(indices)
        labels = None if self.labels is None else self.labels[indices]
        return self._fetch_images(indices), labels

    def _fetch_images(self, indices: np.ndarray) -> np.ndarray:
        if self.images is not None:
            return self.images[indices]
        assert self._read is not None, "neither images nor a function that reads them"
        return self._read_all(self._read, map(int, indices), len(indices))

    def _read_all(
        self, read: Callable[[int], np.ndarray], items: Iterable, count: int
    ) -> np.ndarray:
        """What `read` gives for each of `count` items, read by several threads."""
        if self._pool is None:
            self._pool = concurrent.futures.ThreadPoolExecutor(READERS)
        images = np.empty((count, *self.image_shape), np.uint8)
        try:
            for row, image in enumerate(self._pool.map(read, items)):
                images[row] = image
        except OSError as error:
            self._failure = error
            raise
        return images

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Re-raises a failed read as the original OSError instead of TensorFlow's wrapper."""
        try:
            yield
        except Exception:
            if self._failure is not None:
                raise self._failure from None
            raise

    def facts(self) -> dict:
        """What a run must find again when it goes on, as JSON values by name.

        Contents are represented by 64 images at even distances, with their labels.
        """
        indices = np.linspace(0, len(self) - 1, min(64, len(self))).astype(int)
        images, labels = self.fetch(indices)
        digest = hashlib.sha256(np.ascontiguousarray(images).tobytes())
        if labels is not None:
            digest.update(np.asarray(labels, np.int32).tobytes())
        return {
            "images": len(self),
            "image shape": list(self.image_shape),
            "number of classes": self.num_classes,
            "class names": list(self.label_names) if self.label_names else None,
            "sample of the images": digest.hexdigest()[:16],
        }

    def reopen(self, split: str) -> "Source | None":
        """Another split of the same data, or None if there is no such split."""
        return self._reopen(split) if self._reopen else None


def default_data_dir() -> pathlib.Path:
    """$KERAS_GAN_DATA, or ~/.cache/keras_gan."""
    return pathlib.Path(
        os.environ.get("KERAS_GAN_DATA") or pathlib.Path.home() / ".cache" / "keras_gan"
    )


def check_shape(name: str, image_shape: tuple[int, int, int]) -> None:
    """Raises a `UsageError` unless models can generate images of this shape."""
    height, width, channels = image_shape
    nearest = choices.nearest_size(height, width)
    if (height, width) != nearest:
        refuse(
            "dataset",
            name,
            f"images are {height}x{width}; sides must be multiples of {choices.SIDE_STEP},"
            f" {choices.SMALLEST_SIDE} to {choices.LARGEST_SIDE}",
            f"--image_size={nearest[0]}x{nearest[1]}, the nearest",
        )
    if channels not in (1, 3, 4):
        refuse("dataset", name, f"images have {channels} channels", "1, 3 or 4")
