"""Stacked Fashion-MNIST: three random images as red, green and blue, 1,000 modes."""

import numpy as np

from keras_gan.data.sources import Source
from keras_gan.data.tfds_source import open_tfds

NAME = "stacked_fashion_mnist"
COUNT = {"train": 128_000, "test": 26_000}


def open_stacked(split, data_dir):
    """After Stacked-MNIST (Metz et al., 2017; PacGAN, 2018); label = 100·r + 10·g + b."""
    base = open_tfds("fashion_mnist", split, data_dir)
    count = COUNT.get(split, COUNT["test"])
    rows = np.random.default_rng([1000, len(base)]).integers(0, len(base), (count, 3))

    def read(index):
        return np.concatenate([base.images[i] for i in rows[index]], -1)

    labels = (base.labels[rows] @ np.array([100, 10, 1])).astype(np.int32)
    return Source(
        NAME,
        (28, 28, 3),
        labels=labels,
        label_names=[f"{mode:03d}" for mode in range(1000)],
        read=read,
        count=count,
        split=split,
        reopen=lambda other: open_stacked(other, data_dir),
    )
