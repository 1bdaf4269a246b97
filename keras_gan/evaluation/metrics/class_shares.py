"""Shares of the classes that a classifier assigns to the fakes."""

import numpy as np


def shares(classes: np.ndarray, count: int) -> np.ndarray:
    """The share of each of `count` classes among class numbers, int [n]; float64 [count]."""
    classes = np.asarray(classes)
    return np.bincount(classes, minlength=count)[:count] / max(1, len(classes))


def total_variation(first: np.ndarray, second: np.ndarray) -> float:
    """Total variation between two normalised histograms: 0 if equal, 1 if disjoint."""
    return float(np.abs(np.asarray(first) - np.asarray(second)).sum() / 2)


def kl_to_uniform(histogram: np.ndarray) -> float:
    """KL(p ‖ uniform), in nats, of counts or shares: from 0 to log(classes) for a single class."""
    histogram = np.asarray(histogram, np.float64)
    total = histogram.sum()
    if total <= 0:
        return float("nan")
    p = histogram[histogram > 0] / total
    # Not negative in exact arithmetic; rounding must not make it so.
    return float(max(0.0, np.sum(p * np.log(p * len(histogram)))))


def kl_sampling_floor(classes: int, count: int) -> float:
    """The mean of `kl_to_uniform` over `count` samples of the uniform distribution.

    To first order (classes - 1) / (2 count) (Miller, 1955); accurate if count ≫ classes.
    """
    return (classes - 1) / (2 * count)


def agreement(predicted: np.ndarray, labels: np.ndarray) -> float:
    """The share of samples whose predicted class equals their label."""
    return float(np.mean(np.asarray(predicted) == np.asarray(labels)))
