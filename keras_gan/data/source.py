"""One kind of object for all data: random access to images and labels."""

import concurrent.futures
import contextlib
import os
import pathlib

import numpy as np

from keras_gan import choices
from keras_gan.errors import refuse

MEMORY_LIMIT = 2**30  # bytes of uint8 images that are held in memory
READERS = 4  # threads that read images that are not


class Source:
    """A data set with random access.

    Args:
        name: as given to `--dataset`.
        image_shape: (height, width, channels), or (2,) for points.
        images: uint8 [n, h, w, c] or float32 [n, 2], if they are held in memory.
        labels: int32 [n], or None.
        label_names: a name a class, or None.
        read: function index → image uint8 [h, w, c], if they are not held in memory.
        split: "train", "test", …
        reopen: function split → the same data's other split, or None if there is no other.

    Attributes:
        skipped: paths of unreadable images.
        centres, sigma: of a mixture's modes, else None.
    """

    def __init__(
        self,
        name,
        image_shape,
        *,
        images=None,
        labels=None,
        label_names=None,
        read=None,
        count=None,
        split="train",
        reopen=None,
        skipped=(),
        centres=None,
        sigma=None,
    ):
        self.name, self.image_shape, self.split = name, tuple(image_shape), split
        self.images, self.labels = images, labels
        self.label_names = label_names
        self.skipped, self.centres, self.sigma = list(skipped), centres, sigma
        self._read, self._count, self._reopen = read, count, reopen
        self._pool = self._failure = None

    def __len__(self):
        return len(self.images) if self.images is not None else self._count

    @property
    def num_classes(self):
        """Number of classes, or None without labels."""
        if self.labels is None:
            return None
        return len(self.label_names) if self.label_names else int(self.labels.max()) + 1

    def fetch(self, indices):
        """Images and labels of `indices`, int [n].

        Returns:
            (uint8 [n, h, w, c] or float32 [n, 2], int32 [n] or None without labels)
        """
        indices = np.asarray(indices)
        labels = None if self.labels is None else self.labels[indices]
        return self._fetch_images(indices), labels

    def _fetch_images(self, indices):
        if self.images is not None:
            return self.images[indices]
        if self._pool is None:
            self._pool = concurrent.futures.ThreadPoolExecutor(READERS)
        images = np.empty((len(indices), *self.image_shape), np.uint8)
        try:
            for row, image in enumerate(self._pool.map(self._read, map(int, indices))):
                images[row] = image
        except OSError as error:
            self._failure = error
            raise
        return images

    @contextlib.contextmanager
    def reading(self):
        """Inside, an image that can't be read any more is an OSError, not TensorFlow's of many."""
        try:
            yield
        except Exception:
            if self._failure is not None:
                raise self._failure from None
            raise

    def reopen(self, split):
        """The same data with another split, or None if it has no such split."""
        return self._reopen(split) if self._reopen else None


def default_data_dir():
    """$KERAS_GAN_DATA, or ~/.cache/keras_gan."""
    return pathlib.Path(
        os.environ.get("KERAS_GAN_DATA") or pathlib.Path.home() / ".cache" / "keras_gan"
    )


def check_shape(name, image_shape):
    """Raises a `UsageError` unless a model can make images of this shape."""
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
