"""Kernel Inception distance: unbiased MMD² with a cubic kernel (Bińkowski et al., 2018)."""

import numpy as np

from keras_gan.errors import UsageError

SUBSETS, SUBSET_SIZE = 100, 1000


def polynomial_mmd2(first: np.ndarray, second: np.ndarray) -> float:
    """Unbiased squared maximum mean discrepancy with k(x, y) = (xᵀy/d + 1)³.

    Args:
        first: features [n, d].
        second: features [m, d].

    Returns:
        A float; zero in expectation for equal distributions, so it may be negative.

    Raises:
        UsageError: a set has fewer than two samples.
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if min(len(first), len(second)) < 2:
        raise UsageError("the kernel distance needs at least 2 samples of each set")

    def kernel(a, b):
        k = a @ b.T / a.shape[1] + 1.0
        return k * k * k  # many times faster than a power

    def within(a):
        gram = kernel(a, a)
        return (gram.sum() - np.trace(gram)) / (len(a) * (len(a) - 1))

    return float(within(first) + within(second) - 2.0 * kernel(first, second).mean())


def kernel_distance(
    fakes: np.ndarray,
    reals: np.ndarray,
    subsets: int | None = None,
    subset_size: int = SUBSET_SIZE,
    seed: int = 0,
) -> tuple[float, float]:
    """KID: mean and standard deviation of the squared distance over random subsets.

    Samples are sorted before subsets are drawn, so the value does not depend on their order.

    Args:
        fakes: features [n, d].
        reals: features [m, d].
        subsets: number of subsets. Defaults to `SUBSETS`, 100.
        subset_size: samples of each set per subset, at most n and m. Defaults to 1,000.
        seed: of the subsets. Defaults to 0.

    Returns:
        (mean, standard deviation over the subsets), floats; NaN for the latter where a
        subset is all there is, so that all subsets are one.
    """
    size = min(subset_size, len(fakes), len(reals))
    fakes, reals = in_order(fakes), in_order(reals)
    if size == len(fakes) == len(reals):
        return polynomial_mmd2(fakes, reals), float("nan")
    generator = np.random.RandomState(seed)
    values = []
    for _ in range(subsets or SUBSETS):
        x = fakes[generator.choice(len(fakes), size, replace=False)]
        y = reals[generator.choice(len(reals), size, replace=False)]
        values.append(polynomial_mmd2(x, y))
    return float(np.mean(values)), float(np.std(values))


def in_order(features: np.ndarray) -> np.ndarray:
    """The rows of [n, d] in lexicographic order."""
    features = np.asarray(features)
    return features[np.lexsort(features.T[::-1])]
