"""Precision, recall, density, coverage: known properties, and the reference implementation."""

import numpy as np
import pytest
from sklearn.metrics import pairwise_distances

from keras_gan.errors import UsageError
from keras_gan.evaluation.metrics import precision_recall
from keras_gan.evaluation.metrics.precision_recall import (
    precision_recall_density_coverage as figures,
)


def draw(seed, count=600, shift=0.0, spread=1.0):
    return np.random.RandomState(seed).normal(shift, spread, size=(count, 8))


def by_formula(reals, fakes, k):
    """The published formulas (Naeem et al., 2020), verbatim."""

    def radii(x):
        return np.sort(pairwise_distances(x), axis=1)[:, k]

    between, real_radii, fake_radii = pairwise_distances(reals, fakes), radii(reals), radii(fakes)
    inside = between < real_radii[:, None]
    return {
        "precision": inside.any(axis=0).mean(),
        "recall": (between < fake_radii).any(axis=1).mean(),
        "density": inside.sum(axis=0).mean() / k,
        "coverage": (between.min(axis=1) < real_radii).mean(),
    }


@pytest.mark.parametrize("k", [3, 5])
def test_agrees_with_the_published_formulas(k):
    reals, fakes = draw(0), draw(1, 500, 0.3, 0.8)
    assert figures(fakes, reals, k, k) == pytest.approx(by_formula(reals, fakes, k), rel=1e-12)


def test_agrees_with_prdc():
    # What compute_prdc of prdc 0.2 gives for these features.
    expected = {
        "precision": 0.984,
        "recall": 0.7433333333333333,
        "density": 1.3264,
        "coverage": 0.8666666666666667,
    }
    scores = figures(draw(1, 500, 0.3, 0.8), draw(0), 5, 5)
    assert scores == pytest.approx(expected, rel=1e-9)


def test_a_collapsed_generator_has_high_precision_and_low_recall():
    reals = draw(0)
    scores = figures(reals[0] + 1e-3 * draw(1), reals)
    assert scores["precision"] > 0.95 and scores["recall"] < 0.05 and scores["coverage"] < 0.1


def test_a_generator_of_noise_around_the_data_has_low_precision_and_high_recall():
    scores = figures(draw(1, spread=5.0), draw(0))
    assert scores["precision"] < 0.1 and scores["recall"] > 0.95


def test_identical_sets_reach_everything():
    reals = draw(0)
    scores = figures(reals, reals)
    assert scores["precision"] == scores["recall"] == scores["coverage"] == 1
    assert scores["density"] == pytest.approx(1.0)


def test_shifts_order_and_blocks_do_not_matter(monkeypatch):
    reals, fakes = draw(0), draw(1, shift=0.2)
    first = figures(fakes, reals)
    monkeypatch.setattr(precision_recall, "_ROWS", 77)
    # A shift that would cost all digits of ‖x‖² + ‖y‖² - 2xᵀy without centring.
    second = figures(fakes[::-1] + 1e4, np.roll(reals, 5, 0) + 1e4)
    assert first == pytest.approx(second, abs=1e-6)


def test_too_few_samples_are_named():
    with pytest.raises(UsageError, match="4 fakes are too few for their 5th neighbours"):
        figures(draw(0, 4), draw(1))
