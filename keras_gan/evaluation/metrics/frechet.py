"""Fréchet distance between two sets of features (Heusel et al., 2017).

It is the FID only in the features of the 2015 Inception network; in any other it is a Fréchet
distance (FD) with the extractor's name beside it.
"""

import numpy as np

from keras_gan.errors import UsageError


class Moments:
    """Mean and covariance of features that pass by once, in float64.

    Batches are merged with the pairwise formula of Chan, Golub & LeVeque (1983), so large means do
    not cancel small variances, and neither order nor size of the batches matters.

    Args:
        size: number of features.
    """

    def __init__(self, size):
        self.count = 0
        self.mean = np.zeros(size)
        self.scatter = np.zeros((size, size))

    def update(self, features):
        """Adds features [n, size]; returns the moments themselves."""
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

    def merge(self, other):
        """Adds the features that other moments have seen."""
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

    def without(self, part):
        """Moments of what is left when `part`, which these moments have seen, is taken out."""
        rest = Moments(len(self.mean))
        rest.count = self.count - part.count
        if rest.count < 1:
            raise ValueError(f"{part.count} of {self.count} can't be taken out")
        rest.mean = (self.mean * self.count - part.mean * part.count) / rest.count
        delta = part.mean - rest.mean
        weight = rest.count * part.count / self.count
        rest.scatter = self.scatter - part.scatter - np.outer(delta, delta) * weight
        return rest

    def covariance(self):
        """The unbiased covariance, ÷(N-1) as in NumPy and the original FID."""
        if self.count < 2:
            raise UsageError(
                f"{self.count} samples are too few for a covariance; at least 2 needed"
            )
        return self.scatter / (self.count - 1)


def moments(features):
    """Moments of an array of features [n, d]."""
    features = np.asarray(features)
    return Moments(features.shape[1]).update(features)


def frechet_distance(first, second):
    """‖μ₁-μ₂‖² + Tr(Σ₁ + Σ₂ - 2 (Σ₁Σ₂)^½) between the Gaussians of two `Moments`.

    The last trace is the sum of the roots of the eigenvalues of the symmetric Σ₁^½ Σ₂ Σ₁^½. These
    roots are the singular values of Σ₂^½ Σ₁^½, and are taken from there: real by construction, and
    singular covariances lose no digits to the root of a rounding error.

    Returns:
        A float, not negative up to rounding.

    Raises:
        UsageError: fewer than two samples in one of the sets.
    """
    first_root, second_root = _root(first.covariance()), _root(second.covariance())
    cross = np.linalg.svd(second_root @ first_root, compute_uv=False).sum()
    means = np.square(first.mean - second.mean).sum()
    spread = np.trace(first.covariance()) + np.trace(second.covariance()) - 2 * cross
    return float(means + spread)


def _root(matrix):
    """Symmetric root of a positive semidefinite matrix; rounding below zero is cut off."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


def require_samples(count, size, what):
    """Refuses a covariance that too few samples would leave singular.

    Raises:
        UsageError: `count` samples of `what` for `size` features.
    """
    if count <= size:
        raise UsageError(
            f"{count} {what} are too few for a covariance of {size} features; "
            f"at least {size + 1} needed"
        )
