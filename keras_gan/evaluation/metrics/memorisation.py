"""Nearest training images: does the generator memorise its training data?"""

from collections.abc import Iterable

import numpy as np

from keras_gan.evaluation.metrics.precision_recall import squared_distances

_ROWS = 2000


def nearest(
    queries: np.ndarray, batches: Iterable[np.ndarray], count: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Nearest neighbours among features that are read in batches.

    Args:
        queries: features [q, d].
        batches: an iterable of features [n, d].
        count: neighbours per query. Defaults to 1.

    Returns:
        (indices int64 [q, count] into the concatenated batches, distances float64 [q, count]),
        nearest first.
    """
    queries = np.asarray(queries)
    best = np.full((len(queries), count), np.inf)
    index = np.full((len(queries), count), -1, np.int64)
    start = 0
    for batch in batches:
        for low in range(0, len(batch), _ROWS):
            part = batch[low : low + _ROWS]
            distances = squared_distances(queries, part)
            near = np.argpartition(distances, min(count, len(part)) - 1, axis=1)[:, :count]
            distances = np.take_along_axis(distances, near, axis=1)
            distances = np.concatenate([best, distances], axis=1)
            near = np.concatenate([index, near + (start + low)], axis=1)
            order = np.argsort(distances, axis=1, kind="stable")[:, :count]
            best = np.take_along_axis(distances, order, axis=1)
            index = np.take_along_axis(near, order, axis=1)
        start += len(batch)
    return index, np.sqrt(best)


def memorisation(fake_distances: np.ndarray, held_out_distances: np.ndarray) -> dict[str, float]:
    """Compares the distances of fakes and of held-out reals to the training set.

    Args:
        fake_distances: float [n], of each fake to its nearest training image.
        held_out_distances: float [m], the same for held-out reals.

    Returns:
        A dict: nearest_ratio, the median distance of fakes over that of held-out reals (far below
        1 if fakes are copies), and copy_share, the share of fakes nearer than all but 1 % of the
        held-out reals (0.01 for a generator that matches the data without memorising them).
    """
    fakes, reals = np.asarray(fake_distances), np.asarray(held_out_distances)
    median = np.median(reals)
    return {
        "nearest_ratio": float(np.median(fakes) / median) if median > 0 else float("nan"),
        "copy_share": float(np.mean(fakes < np.quantile(reals, 0.01))),
    }
