"""Which classes the fakes fall into, as a classifier sees them."""

import numpy as np


def shares(classes, count):
    """Share of each of `count` classes among class numbers [n]; float64 [count]."""
    classes = np.asarray(classes)
    return np.bincount(classes, minlength=count)[:count] / max(1, len(classes))


def total_variation(first, second):
    """Half the summed difference of two histograms: 0 is equal, 1 is disjoint."""
    return float(np.abs(np.asarray(first) - np.asarray(second)).sum() / 2)


def kl_to_uniform(histogram):
    """KL(p ‖ uniform) in nats of counts or shares; 0 is even, log(classes) is a single class."""
    histogram = np.asarray(histogram, np.float64)
    total = histogram.sum()
    if total <= 0:
        return float("nan")
    p = histogram[histogram > 0] / total
    # A sum of non-negative terms in exact arithmetic; rounding must not make it negative.
    return float(max(0.0, np.sum(p * np.log(p * len(histogram)))))


def kl_sampling_floor(classes, count):
    """What `kl_to_uniform` gives on average when `count` samples come from the uniform itself.

    To first order (classes - 1) / (2 count) (Miller, 1955); good where count ≫ classes.
    """
    return (classes - 1) / (2 * count)


def agreement(predicted, asked):
    """Share of samples whose predicted class is the one that was asked for."""
    return float(np.mean(np.asarray(predicted) == np.asarray(asked)))
