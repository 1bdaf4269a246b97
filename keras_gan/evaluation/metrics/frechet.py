"""Fréchet distance between two sets of features (Heusel et al., 2017).

It is called FID only with the features of the 2015 Inception network; with any others it is a
Fréchet distance (FD), named after the extractor.
"""

import numpy as np

from keras_gan.errors import UsageError


class Moments:
    """Running mean and covariance of features, in float64.

    Batches are merged with the pairwise formula of Chan, Golub & LeVeque (1983), so large means do
    not cancel small variances, and neither the order nor the size of the batches matters.

    Args:
        size: number of features.

    Attributes:
        count: number of samples so far.
        mean: float64 [size].
        scatter: float64 [size, size], the sum of outer products of the centred features.
    """

    def __init__(self, size: int):
        self.count = 0
        self.mean = np.zeros(size)
        self.scatter = np.zeros((size, size))

    def update(self, features: np.ndarray) -> "Moments":
        """Adds features [n, size]; returns `self`."""
        features = np.asarray(features, np.float64)
        if features.ndim != 2 or features.shape[1] != len(self.mean):
            raise ValueError(f"features {features.shape}, expected [n, {len(self.mean)}]")
        if not len(features):
            return self
        if not np.isfinite(features).all():
            raise UsageError("features are not finite: the images or the extractor are broken")
        mean = features.mean(axis=0)
        centred = features - mean
        return self._merge(len(features), mean, centred.T @ centred)

    def merge(self, other: "Moments") -> "Moments":
        """Adds the samples of other moments; returns `self`."""
        return self._merge(other.count, other.mean, other.scatter)

    def _merge(self, count, mean, scatter):
        if not count:
            return self
        total = self.count + count
        delta = mean - self.mean
        self.scatter += scatter + np.outer(delta, delta) * (self.count * count / total)
        self.mean = self.mean + delta * (count / total)
        self.count = total
        return self

    def without(self, part: "Moments") -> "Moments":
        """Moments of the samples that are left without those of `part`, the inverse of `merge`."""
        rest = Moments(len(self.mean))
        rest.count = self.count - part.count
        if rest.count < 1:
            raise ValueError(f"{part.count} of {self.count} can't be taken out")
        rest.mean = (self.mean * self.count - part.mean * part.count) / rest.count
        delta = part.mean - rest.mean
        weight = rest.count * part.count / self.count
        rest.scatter = self.scatter - part.scatter - np.outer(delta, delta) * weight
        return rest

    def covariance(self) -> np.ndarray:
        """The unbiased covariance, divided by N-1 as in NumPy and the original FID."""
        if self.count < 2:
            raise UsageError(
                f"{self.count} samples are too few for a covariance; at least 2 needed"
            )
        return self.scatter / (self.count - 1)


def moments(features: np.ndarray) -> Moments:
    """`Moments` of features [n, d]."""
    features = np.asarray(features)
    return Moments(features.shape[1]).update(features)


def frechet_distance(first: Moments, second: Moments) -> float:
    """‖μ₁-μ₂‖² + Tr(Σ₁ + Σ₂ - 2 (Σ₁Σ₂)^½) between the Gaussians of two `Moments`.

    The last trace is the sum of the roots of the eigenvalues of the symmetric Σ₁^½ Σ₂ Σ₁^½. These
    roots are computed as the singular values of Σ₂^½ Σ₁^½: they are real by construction, and
    singular covariances lose no digits to the root of a rounding error.

    Args:
        first: `Moments` of one set.
        second: `Moments` of the other set.

    Returns:
        A float, not negative up to rounding.

    Raises:
        UsageError: a set has fewer than two samples.
    """
    first_root, second_root = _root(first.covariance()), _root(second.covariance())
    cross = np.linalg.svd(second_root @ first_root, compute_uv=False).sum()
    means = np.square(first.mean - second.mean).sum()
    spread = np.trace(first.covariance()) + np.trace(second.covariance()) - 2 * cross
    return float(means + spread)


def _root(matrix):
    """Symmetric root of a positive semidefinite matrix; negative rounding errors are cut to 0."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


def require_samples(count: int, size: int, what: str) -> None:
    """Refuses numbers of samples whose covariance would be singular.

    Args:
        count: number of samples.
        size: number of features.
        what: plural noun for the samples, for the message.

    Raises:
        UsageError: `count` is not above `size`.
    """
    if count <= size:
        raise UsageError(
            f"{count} {what} are too few for a covariance of {size} features; "
            f"at least {size + 1} needed"
        )
