"""Kernel distance: unbiased, equal to scikit-learn's kernel, independent of the order."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import polynomial_kernel

from keras_gan.errors import UsageError
from keras_gan.evaluation.metrics import kid


def draw(seed, count, shift=0.0):
    return np.random.RandomState(seed).normal(shift, 1.0, size=(count, 16))


def test_agrees_with_scikit_learn():
    x, y = draw(0, 300), draw(1, 200, 0.2)
    options = {"degree": 3, "gamma": 1 / 16, "coef0": 1}
    xx, yy, xy = (polynomial_kernel(a, b, **options) for a, b in ((x, x), (y, y), (x, y)))
    np.fill_diagonal(xx, 0)
    np.fill_diagonal(yy, 0)
    expected = xx.sum() / (300 * 299) + yy.sum() / (200 * 199) - 2 * xy.mean()
    assert kid.polynomial_mmd2(x, y) == pytest.approx(expected, rel=1e-9)


def test_is_unbiased_for_equal_distributions():
    values = [kid.polynomial_mmd2(draw(2 * s, 40), draw(2 * s + 1, 40)) for s in range(400)]
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values)) < 3 * error
    assert min(values) < 0 < max(values)


def test_does_not_depend_on_the_order_of_samples():
    x, y = draw(0, 800), draw(1, 900, 0.3)
    first = kid.kernel_distance(x, y, subsets=10, subset_size=200)
    second = kid.kernel_distance(x[::-1], np.roll(y, 17, 0), subsets=10, subset_size=200)
    assert first == pytest.approx(second, rel=1e-12)
    assert first[0] > 3 * first[1] / np.sqrt(10) > 0


def test_one_sample_is_too_few():
    with pytest.raises(UsageError, match="at least 2"):
        kid.polynomial_mmd2(draw(0, 1), draw(1, 5))
