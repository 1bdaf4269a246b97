"""Fréchet distance: closed forms, the singular cases, and independent implementations."""

import warnings

import numpy as np
import pytest
from scipy import linalg

from keras_gan.errors import UsageError
from keras_gan.evaluation.metrics import frechet


def gaussian(mean, covariance, count=1000):
    """`Moments` that have exactly this mean and covariance."""
    moments = frechet.Moments(len(mean))
    moments.count = count
    moments.mean = np.asarray(mean, float)
    moments.scatter = np.asarray(covariance, float) * (count - 1)
    return moments


def random_covariance(size, seed):
    root = np.random.RandomState(seed).normal(size=(size, 2 * size))
    return root @ root.T / size


def test_one_dimension_is_the_difference_of_means_and_deviations():
    first, second = gaussian([1.0], [[4.0]]), gaussian([4.0], [[25.0]])
    assert frechet.frechet_distance(first, second) == pytest.approx(3**2 + (5 - 2) ** 2, rel=1e-12)


def test_commuting_covariances_add_up_over_their_axes():
    rotation = linalg.qr(np.random.RandomState(0).normal(size=(12, 12)))[0]
    a, b = np.linspace(0.0, 3.0, 12), np.linspace(2.0, 0.1, 12)
    first = gaussian(np.zeros(12), rotation @ np.diag(a) @ rotation.T)
    second = gaussian(np.ones(12), rotation @ np.diag(b) @ rotation.T)
    expected = 12 + np.sum((np.sqrt(a) - np.sqrt(b)) ** 2)
    # One axis has variance 0, and a rounding error of 1e-16 has a root of 1e-8.
    assert frechet.frechet_distance(first, second) == pytest.approx(expected, rel=1e-8)


def test_scaled_covariance_has_a_closed_form():
    covariance = random_covariance(30, 1)
    first, second = gaussian(np.zeros(30), covariance), gaussian(np.zeros(30), 9 * covariance)
    expected = (3 - 1) ** 2 * np.trace(covariance)
    assert frechet.frechet_distance(first, second) == pytest.approx(expected, rel=1e-9)


def test_identical_sets_are_at_zero_and_the_distance_is_symmetric():
    first, second = (gaussian(np.full(20, m), random_covariance(20, m)) for m in (2, 3))
    scale = np.trace(first.covariance())
    assert abs(frechet.frechet_distance(first, first)) < 1e-9 * scale
    forward, backward = (
        frechet.frechet_distance(*pair) for pair in ((first, second), (second, first))
    )
    assert forward == pytest.approx(backward, rel=1e-10)


def test_singular_covariances_are_real_and_exact():
    # A collapsed generator: one point. Then the distance is ‖Δμ‖² + Tr Σ.
    covariance = random_covariance(16, 4)
    covariance[:, 8:] = covariance[8:] = 0  # half of the features are constant
    point = frechet.moments(np.tile(np.arange(16.0), (50, 1)))
    expected = np.sum(np.arange(16.0) ** 2) + np.trace(covariance)
    distance = frechet.frechet_distance(gaussian(np.zeros(16), covariance), point)
    assert distance == pytest.approx(expected, rel=1e-9)


def test_streams_agree_with_numpy_whatever_the_batches_and_the_order():
    # With means a million times the deviations, sums of squares would lose all digits.
    x = np.random.RandomState(0).normal(1e4, 0.01, size=(2000, 8))
    order = np.random.RandomState(1).permutation(len(x))
    whole, pieces, shuffled = frechet.moments(x), frechet.Moments(8), frechet.Moments(8)
    for part in np.array_split(x, 37):
        pieces.update(part)
    for part in np.array_split(x[order], 5):
        shuffled.update(part)
    expected = np.cov(x, rowvar=False)
    for moments in (whole, pieces, shuffled):
        np.testing.assert_allclose(moments.mean, x.mean(0), rtol=1e-13)
        np.testing.assert_allclose(moments.covariance(), expected, rtol=1e-6, atol=1e-12)
    other = frechet.moments(x + 0.01)
    values = [frechet.frechet_distance(m, other) for m in (whole, pieces, shuffled)]
    assert np.ptp(values) < 1e-6 * values[0]


def test_removing_a_part_is_the_inverse_of_merging():
    x = np.random.RandomState(0).normal(size=(500, 6))
    rest = frechet.moments(x).without(frechet.moments(x[:120]))
    np.testing.assert_allclose(rest.covariance(), np.cov(x[120:], rowvar=False), rtol=1e-10)


def features(seed, shift=0.0, count=3000, size=48):
    generator = np.random.RandomState(seed)
    mix = np.random.RandomState(9).normal(size=(size, size)) + np.eye(size)
    return generator.normal(shift, 1.0, size=(count, size)) @ mix


def textbook(x, y):
    """The formula of the paper, with scipy's root of the product."""
    a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        root = linalg.sqrtm(a @ b)
    return np.sum((x.mean(0) - y.mean(0)) ** 2) + np.trace(a + b - 2 * np.real(root))


def test_agrees_with_the_textbook_form():
    x, y = features(0), features(1, 0.3)
    distance = frechet.frechet_distance(frechet.moments(x), frechet.moments(y))
    assert distance == pytest.approx(textbook(x, y), rel=1e-6)


def test_agrees_with_pytorch_fid():
    # What calculate_frechet_distance of pytorch-fid 0.3.0 gives for these features.
    distance = frechet.frechet_distance(
        frechet.moments(features(0)), frechet.moments(features(1, 0.3))
    )
    assert distance == pytest.approx(207.54822439118743, rel=1e-9)


def test_too_few_samples_and_broken_features_are_named():
    with pytest.raises(UsageError, match="10 fakes are too few for a covariance of 64 features"):
        frechet.require_samples(10, 64, "fakes")
    frechet.require_samples(65, 64, "fakes")
    with pytest.raises(UsageError, match="too few for a covariance"):
        frechet.moments(np.ones((1, 3))).covariance()
    with pytest.raises(UsageError, match="not finite"):
        frechet.moments(np.array([[np.nan, 1.0], [0.0, 1.0]]))
