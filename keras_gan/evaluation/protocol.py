"""Which images a score is taken with: the CNN's own, the reference, and those held out."""

import dataclasses
import hashlib

import numpy as np

COUNT = 10_000  # fakes that are scored by default
CHUNK = 1000  # images at a time
CNN_IMAGES = 10_000
HELD_OUT = 10_000
REFERENCE = 50_000  # at most
CNN_BYTES = 2**28  # images that a CNN is trained on are held in memory
DRAWS = 5
_SEED = 20_000  # of the shares of data without a test split; never the user's


@dataclasses.dataclass(frozen=True)
class Division:
    """How a data set is divided; indices are int64 arrays.

    Attributes:
        source: where reference and the CNN's images are from.
        cnn: indices of the images an extractor may be trained on.
        reference: indices of the reference, disjoint from `cnn`.
        held_source: where held-out images are from: the test split, or `source` itself.
        held_out: their indices; disjoint from the others.
        words: what `reference` and `held_out` are, for a row of scores.
    """

    source: object
    cnn: np.ndarray
    reference: np.ndarray
    held_source: object
    held_out: np.ndarray
    words: tuple

    def training(self):
        """Indices of all images of `source` that are not held out: what a GAN may remember."""
        indices = np.arange(len(self.source))
        return (
            indices if self.held_source is not self.source else np.setdiff1d(indices, self.held_out)
        )


def divide(source):
    """Divides a `Source`; the same data are always divided in the same way.

    With a test split: the first 10,000 training images for the CNN (a quarter of a small set), the
    others, 50,000 at most, are the reference, and 10,000 test images are held out. Without one: a
    quarter, 10,000 at most, is held out of the reference, though the generator trains on it too.
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


def chunks(source, indices):
    """The images of `indices`, uint8 [≤1000, h, w, c] at a time."""
    for start in range(0, len(indices), CHUNK):
        yield source.fetch(indices[start : start + CHUNK])[0]


def fingerprint(source, indices):
    """SHA-256, 16 hex digits, of the images of `indices` and their labels.

    Of data that are not in memory, 512 images at even distances stand for all.
    """
    if source.images is None and len(indices) > 512:
        indices = indices[np.linspace(0, len(indices) - 1, 512).astype(int)]
    digest = hashlib.sha256(f"{len(indices)} {source.image_shape}".encode())
    for images in chunks(source, indices):
        digest.update(np.ascontiguousarray(images).tobytes())
    if source.labels is not None:
        digest.update(np.asarray(source.labels[indices], np.int32).tobytes())
    return digest.hexdigest()[:16]
