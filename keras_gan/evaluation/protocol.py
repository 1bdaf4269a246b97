"""Divides a data set into images for training the CNN, the reference, and held-out images."""

import dataclasses
import hashlib
from collections.abc import Iterator

import numpy as np

from keras_gan.data.source import Source

COUNT = 10_000  # default number of fakes
CHUNK = 1000  # images per chunk
CNN_IMAGES = 10_000
HELD_OUT = 10_000
REFERENCE = 50_000  # at most
CNN_BYTES = 2**28  # largest size of the CNN's training images, which are held in memory
DRAWS = 5
FRESH_SEED = 1  # of final scores; the best checkpoint was chosen by the fakes of seed 0
_SEED = 20_000  # divides data without a test split; independent of the run's seed


@dataclasses.dataclass(frozen=True)
class Division:
    """How a data set is divided; indices are int64 arrays.

    Attributes:
        source: `Source` of the reference and of the CNN's images.
        cnn: indices of the images that an extractor may be trained on.
        reference: indices of the reference, disjoint from `cnn`.
        held_source: `Source` of the held-out images: the test split, or `source` itself.
        held_out: indices of the held-out images, disjoint from the others.
        words: descriptions of `reference` and `held_out`, for a row of scores.
    """

    source: Source
    cnn: np.ndarray
    reference: np.ndarray
    held_source: Source
    held_out: np.ndarray
    words: tuple[str, str]

    def training(self) -> np.ndarray:
        """Indices of all images of `source` that are not held out: those a GAN may memorise."""
        indices = np.arange(len(self.source))
        return (
            indices if self.held_source is not self.source else np.setdiff1d(indices, self.held_out)
        )


def divide(source: Source) -> Division:
    """Divides a `Source`, deterministically.

    With a test split, the first 10,000 training images (a quarter of a small data set) are for the
    CNN, the others, 50,000 at most, are the reference, and 10,000 test images are held out. Without
    one, a quarter, 10,000 at most, is held out, though the generator is trained on it too.
    """
    total = len(source)
    share = min(CNN_IMAGES, total // 4, max(1, CNN_BYTES // int(np.prod(source.image_shape))))
    test = source.reopen("test") if source.split != "test" else None
    if test is not None:
        order = np.arange(total)
        cnn, reference = order[:share], order[share : share + REFERENCE]
        held = np.arange(min(HELD_OUT, len(test)))
        held_words = f"{len(held)} images of its split test"
    else:
        order = np.random.RandomState(_SEED).permutation(total)
        quarter = min(HELD_OUT, total // 4)
        held, cnn = order[:quarter], order[quarter : quarter + share]
        reference = order[quarter + share :][:REFERENCE]
        test = source
        held_words = f"{len(held)} images of the same split, which the generator has seen"
    words = f"{source.name} {source.split}, {len(reference)} images", held_words
    return Division(source, cnn, reference, test, held, words)


def chunks(source: Source, indices: np.ndarray) -> Iterator[np.ndarray]:
    """Yields the images of `indices` in chunks, uint8 [≤1000, h, w, c]."""
    for start in range(0, len(indices), CHUNK):
        yield source.fetch(indices[start : start + CHUNK])[0]


def fingerprint(source: Source, indices: np.ndarray) -> str:
    """The first 16 hex digits of the SHA-256 of the images of `indices` and their labels.

    If the data are not in memory, only 512 evenly spaced images are read.
    """
    if source.images is None and len(indices) > 512:
        indices = indices[np.linspace(0, len(indices) - 1, 512).astype(int)]
    digest = hashlib.sha256(f"{len(indices)} {source.image_shape}".encode())
    for images in chunks(source, indices):
        digest.update(np.ascontiguousarray(images).tobytes())
    if source.labels is not None:
        digest.update(np.asarray(source.labels[indices], np.int32).tobytes())
    return digest.hexdigest()[:16]
