"""Small data sets for the tests of scores."""

import types

import numpy as np
import pytest

from keras_gan.data.opening import Source
from keras_gan.evaluation.metrics import kid


def pictures(count, seed=0, shape=(28, 28, 1), classes=4):
    """Images of `classes` kinds of stripes with noise: (uint8 [n, h, w, c], int32 [n])."""
    generator = np.random.RandomState(seed)
    labels = generator.randint(classes, size=count).astype(np.int32)
    phases = generator.uniform(0, 6, size=count)
    rows, columns = np.mgrid[: shape[0], : shape[1]] / 28.0
    angle = (labels / classes * np.pi)[:, None, None]
    wave = np.cos(angle) * rows + np.sin(angle) * columns
    images = 128 + 90 * np.sin(20 * wave + phases[:, None, None])
    images = images[..., None] + generator.normal(0, 12, size=(count, *shape))
    return np.clip(images, 0, 255).astype(np.uint8), labels


def source(count=1000, test=500, labelled=True, shape=(28, 28, 1), name="stripes", seed=0):
    """A `Source` in memory; `test` images in its test split, or no such split."""

    def make(number, draw, split, reopen):
        images, labels = pictures(number, draw, shape)
        return Source(
            name,
            shape,
            images=images,
            labels=labels if labelled else None,
            split=split,
            reopen=reopen,
        )

    def reopen(split):
        return make(test, seed + 1, "test", None)

    return make(count, seed, "train", reopen if test else None)


@pytest.fixture(scope="session")
def small():
    """Functions that make images and sources."""
    return types.SimpleNamespace(pictures=pictures, source=source)


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """A folder for weights and statistics that the tests of a session share."""
    return tmp_path_factory.mktemp("scores")


@pytest.fixture(scope="session", autouse=True)
def few_subsets():
    """KID over 10 subsets: the tests need no precise one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kid, "SUBSETS", 10)
        yield
