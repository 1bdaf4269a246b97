"""Near duplicates: pictures that a viewer would take for the same."""

from collections.abc import Iterable, Iterator

import numpy as np
from PIL import Image

SIDE = 16  # of the thumbnails that confirm a pair
BITS = 3  # by which the hashes of a pair may differ
LARGEST_DIFFERENCE = 8.0  # mean over a thumbnail, of 255


def fingerprints(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A hash and a thumbnail of each image.

    The difference hash holds, for a grey version of 9×8 pixels, whether each pixel is brighter than
    its left neighbour: it does not change with size, brightness, contrast or light compression.

    Args:
        images: uint8 [n, h, w, c].

    Returns:
        (hashes uint64 [n], thumbnails uint8 [n, 16, 16, 3]).
    """
    hashes = np.empty(len(images), np.uint64)
    thumbnails = np.empty((len(images), SIDE, SIDE, 3), np.uint8)
    for row, image in enumerate(images):
        picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).convert("RGB")
        grey = np.asarray(picture.convert("L").resize((9, 8), Image.Resampling.BOX), np.int16)
        hashes[row] = np.packbits(grey[:, 1:] > grey[:, :-1]).view(">u8")[0]
        thumbnails[row] = np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX))
    return hashes, thumbnails


def groups(hashes: np.ndarray, thumbnails: np.ndarray) -> list[list[int]]:
    """Groups of near duplicates.

    Args:
        hashes: uint64 [n].
        thumbnails: uint8 [n, 16, 16, 3].

    Returns:
        Lists of two or more indices, each joined by pairs whose hashes differ by at most 3 bits
        and whose thumbnails by at most 8 of 255 on average; sorted.
    """
    parent = np.arange(len(hashes))

    def root(index):
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for first, others in _candidates(hashes):
        difference = np.abs(thumbnails[others].astype(np.int16) - thumbnails[first])
        for other in others[difference.mean((1, 2, 3)) <= LARGEST_DIFFERENCE]:
            parent[root(other)] = root(first)
    roots = np.array([root(index) for index in range(len(hashes))])
    order = np.argsort(roots, kind="stable")
    splits = np.flatnonzero(np.diff(roots[order])) + 1
    return sorted(sorted(map(int, part)) for part in np.split(order, splits) if len(part) > 1)


def _candidates(hashes) -> Iterator[tuple[int, np.ndarray]]:
    """Pairs whose hashes differ by at most `BITS`: an index, and later ones.

    Of BITS + 1 parts of such hashes at least one is equal, so only those are compared.
    """
    parts = hashes[:, None] >> (np.arange(BITS + 1, dtype=np.uint64) * 16) & np.uint64(0xFFFF)
    for part in parts.T:
        order = np.argsort(part, kind="stable")
        for bucket in np.split(order, np.flatnonzero(np.diff(part[order])) + 1):
            yield from _within(bucket, hashes)


def _within(bucket: np.ndarray, hashes: np.ndarray) -> Iterable[tuple[int, np.ndarray]]:
    for position, first in enumerate(bucket[:-1]):
        others = bucket[position + 1 :]
        near = np.bitwise_count(hashes[others] ^ hashes[first]) <= BITS
        if near.any():
            yield first, others[near]
