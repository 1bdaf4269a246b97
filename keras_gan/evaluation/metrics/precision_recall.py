"""Precision and recall (Kynkäänniemi et al., 2019), density and coverage (Naeem et al., 2020).

A set's manifold is the union of balls around its samples, each up to the k-th neighbour.
Precision is the share of *fakes* in the manifold of the reals (quality), recall the share of
*reals* in the manifold of the fakes (variety). A sample is in a ball if its distance is strictly
below the radius, as in the reference implementation `prdc`.
"""

from collections.abc import Sequence

import numpy as np

from keras_gan.errors import UsageError

NEIGHBOURS_PRECISION, NEIGHBOURS_DENSITY = 3, 5
_ROWS = 1000


def precision_recall_density_coverage(
    fakes: np.ndarray,
    reals: np.ndarray,
    k: int = NEIGHBOURS_PRECISION,
    k_density: int = NEIGHBOURS_DENSITY,
) -> dict[str, float]:
    """Precision, recall, density and coverage of two sets of features.

    Args:
        fakes: features [n, d].
        reals: features [m, d]; m equals n by convention.
        k: neighbour that sets the radii for precision and recall. Defaults to 3.
        k_density: neighbour that sets the radii for density and coverage. Defaults to 5.

    Returns:
        A dict of floats: precision, recall and coverage in [0, 1]; density is 1 on average for
        equal distributions and may be above.

    Raises:
        UsageError: a set has no k-th neighbour.
    """
    fakes, reals = np.asarray(fakes, np.float64), np.asarray(reals, np.float64)
    largest = max(k, k_density)
    for what, features in (("fakes", fakes), ("reals", reals)):
        if len(features) <= largest:
            raise UsageError(
                f"{len(features)} {what} are too few for their {largest}th neighbours; "
                f"at least {largest + 1} needed"
            )
    # Centred first, because a shift of both sets would cost digits.
    centre = reals.mean(axis=0)
    fakes, reals = fakes - centre, reals - centre
    fake_radii = neighbour_radii(fakes, (k,))[0]
    real_radii, density_radii = neighbour_radii(reals, (k, k_density))
    inside = np.zeros(len(fakes), bool)
    hits, recalled, covered = 0, 0, 0
    for start in range(0, len(reals), _ROWS):
        rows = slice(start, start + _ROWS)
        distances = squared_distances(reals[rows], fakes)
        inside |= (distances < real_radii[rows, None]).any(axis=0)
        recalled += (distances < fake_radii).any(axis=1).sum()
        in_ball = distances < density_radii[rows, None]
        hits += in_ball.sum()
        covered += in_ball.any(axis=1).sum()
    return {
        "precision": float(inside.mean()),
        "recall": float(recalled / len(reals)),
        "density": float(hits / (k_density * len(fakes))),
        "coverage": float(covered / len(reals)),
    }


def neighbour_radii(features: np.ndarray, ks: Sequence[int]) -> np.ndarray:
    """Squared distance of each sample to its k-th neighbour, for several k.

    Args:
        features: [n, d].
        ks: ranks of the neighbours; the sample itself does not count.

    Returns:
        float64 [len(ks), n].
    """
    radii = np.empty((len(ks), len(features)))
    for start in range(0, len(features), _ROWS):
        rows = slice(start, start + _ROWS)
        distances = squared_distances(features[rows], features)
        diagonal = np.arange(len(distances))
        distances[diagonal, start + diagonal] = -1.0  # itself first, whatever the rounding
        nearest = np.partition(distances, ks, axis=1)
        for row, k in enumerate(ks):
            radii[row, rows] = nearest[:, k]
    return radii


def squared_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances, float64 [n, m], of features [n, d] and [m, d]."""
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    distances = first @ second.T
    distances *= -2.0
    distances += np.square(first).sum(axis=1)[:, None]
    distances += np.square(second).sum(axis=1)
    return np.maximum(distances, 0.0, out=distances)
