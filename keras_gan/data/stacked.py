"""Stacked data sets: three random images as red, green and blue, 1,000 modes."""

import pathlib

import numpy as np

from keras_gan.data import decoding, framing
from keras_gan.data.source import Source, check_shape
from keras_gan.data.tfds_source import open_tfds
from keras_gan.errors import UsageError

BASES = {"stacked_fashion_mnist": "fashion_mnist", "stacked_mnist": "mnist"}
COUNT = {"train": 128_000, "test": 26_000}


class StackedSource(Source):
    """Stacks images of a grey source on demand.

    Args:
        name: str, one of `BASES`.
        base: the grey `Source`, held in memory.
        rows: int [n, 3], the indices of the images that become red, green and blue.
        image_size: (height, width) to resize to.
        crop: how images of another shape get this size.
        **options: as for `Source`.
    """

    def __init__(
        self,
        name: str,
        base: Source,
        rows: np.ndarray,
        image_size: tuple[int, int],
        crop: str = framing.DEFAULT,
        **options: object,
    ):
        super().__init__(name, (*image_size, 3), count=len(rows), **options)
        self._base, self._rows, self._crop = base, rows, crop

    @property
    def nbytes(self):
        return self._base.nbytes

    def _fetch_images(self, indices):
        stacked = np.moveaxis(self._base.images[self._rows[indices], ..., 0], 1, -1)
        return decoding.convert(np.ascontiguousarray(stacked), 3, self.image_shape[:2], self._crop)


def open_stacked(
    name: str,
    split: str,
    data_dir: pathlib.Path,
    *,
    image_size: tuple[int, int] | None = None,
    channels: int | None = None,
    labels: str = "auto",
    crop: str = framing.DEFAULT,
    **options: object,
) -> StackedSource:
    """Opens Stacked-MNIST (Metz et al., 2017; PacGAN, 2018), or its like of Fashion-MNIST.

    A fixed sample of 128,000 triples of training images (26,000 of test images), drawn uniformly;
    the label is the three classes read as a number, 100·r + 10·g + b.

    Args:
        name: "stacked_fashion_mnist" or "stacked_mnist", whose images TFDS has.
        split: "train" or "test".
        data_dir: folder of prepared data sets.
        image_size: (height, width) to resize to. Defaults to None, 28×28.
        channels: None or 3. Defaults to None.
        labels: "auto" or "none". Defaults to "auto".
        crop: how images of another shape get the size; not "random". Defaults to "center".
        **options: ignored; the other loaders take them.

    Returns:
        A `StackedSource`.

    Raises:
        UsageError: other channels or labels, or the grey images are not available.
    """
    if channels not in (None, 3):
        raise UsageError(f"{name} has three channels", flag="channels", value=channels, allowed="3")
    if labels not in ("auto", "none"):
        raise UsageError("no such labels", flag="labels", value=labels, allowed="auto, none")
    base = open_tfds(BASES[name], split, data_dir)
    size = tuple(image_size or base.image_shape[:2])
    check_shape(name, (*size, 3))
    framing.check_fixed(name, base.image_shape[:2], size, crop)
    count = COUNT.get(split, COUNT["test"])
    rows = np.random.default_rng([1000, len(base)]).integers(0, len(base), (count, 3))
    modes = (base.labels[rows] @ np.array([100, 10, 1])).astype(np.int32)

    def reopen(other):
        if other not in COUNT:
            return None
        return open_stacked(name, other, data_dir, image_size=size, labels=labels, crop=crop)

    return StackedSource(
        name,
        base,
        rows,
        size,
        crop,
        labels=None if labels == "none" else modes,
        label_names=None if labels == "none" else [f"{mode:03d}" for mode in range(1000)],
        split=split,
        reopen=reopen,
    )
