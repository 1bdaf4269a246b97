"""Number of modes that a generator covers: those of a 2-D mixture, or labelled classes."""

import numpy as np

from keras_gan.errors import UsageError
from keras_gan.evaluation.metrics.class_shares import kl_sampling_floor, kl_to_uniform
from keras_gan.evaluation.metrics.precision_recall import squared_distances

GOOD_SIGMAS = 3.0
COVERED_SAMPLES, COVERED_OF = 20, 2500
STACKED_SAMPLES = 26_000


def mixture_modes(points: np.ndarray, centres: np.ndarray, sigma: float) -> dict[str, float | int]:
    """How well points cover a mixture of equal Gaussians.

    A point is good if it is within 3σ of its nearest centre; a mode is covered if at least 20 of
    2,500 points, or the same share of another count, are good there.

    Args:
        points: float [n, 2].
        centres: float [modes, 2].
        sigma: standard deviation of each Gaussian.

    Returns:
        A dict: modes (covered), modes_possible, good_share, kl (to uniform, of the good points
        over the modes, in nats) and kl_floor (the mean of kl for samples of the mixture itself).
    """
    points, centres = np.asarray(points, np.float64), np.asarray(centres, np.float64)
    if points.ndim != 2 or points.shape[1] != centres.shape[1]:
        raise UsageError(f"points {points.shape} do not fit centres {centres.shape}")
    # Non-finite points count as bad ones.
    points = np.where(np.isfinite(points), points, 1e6)
    distances = squared_distances(points, centres)
    nearest = distances.argmin(axis=1)
    good = distances.min(axis=1) <= (GOOD_SIGMAS * sigma) ** 2
    histogram = np.bincount(nearest[good], minlength=len(centres))
    needed = max(1, int(np.ceil(COVERED_SAMPLES * len(points) / COVERED_OF)))
    return {
        "modes": int((histogram >= needed).sum()),
        "modes_possible": len(centres),
        "good_share": float(good.mean()),
        "kl": kl_to_uniform(histogram),
        "kl_floor": kl_sampling_floor(len(centres), max(1, int(good.sum()))),
    }


def labelled_modes(labels: np.ndarray, classes: int) -> dict[str, float | int]:
    """The number of labelled modes that occur, as in the Stacked-MNIST protocol (PacGAN, 2018).

    Args:
        labels: int [n], class numbers; 26,000 by convention for 1,000 classes.
        classes: number of modes.

    Returns:
        A dict: modes (those that occur), modes_possible, kl (to uniform, in nats), kl_floor.
    """
    histogram = np.bincount(np.asarray(labels), minlength=classes)
    return {
        "modes": int((histogram > 0).sum()),
        "modes_possible": classes,
        "kl": kl_to_uniform(histogram),
        "kl_floor": kl_sampling_floor(classes, len(labels)),
    }


def stacked_classes(classes: np.ndarray, per_channel: int = 10) -> np.ndarray:
    """Combines the classes of an image's channels into one number, first channel highest.

    Args:
        classes: int [n, channels].
        per_channel: number of classes per channel. Defaults to 10.

    Returns:
        int [n].
    """
    classes = np.asarray(classes)
    weights = per_channel ** np.arange(classes.shape[1])[::-1]
    return classes @ weights
