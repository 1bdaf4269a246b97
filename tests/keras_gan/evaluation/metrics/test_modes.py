"""Modes, class shares, Inception score: counts and limits."""

import numpy as np
import pytest

from keras_gan.data import open_source
from keras_gan.errors import UsageError
from keras_gan.evaluation.metrics import class_shares, inception_score, modes


def mixture(name, count=2500):
    source = open_source(name)
    return source, source.fetch(np.arange(count))[0]


@pytest.mark.parametrize("name, number", [("ring8", 8), ("grid25", 25)])
def test_the_data_cover_all_modes(name, number):
    source, points = mixture(name)
    scores = modes.mixture_modes(points, source.centres, source.sigma)
    assert scores["modes"] == scores["modes_possible"] == number
    # A share of 1 - exp(-9/2) of a two-dimensional Gaussian is within 3σ.
    assert scores["good_share"] == pytest.approx(1 - np.exp(-4.5), abs=0.008)
    assert scores["kl"] < 3 * scores["kl_floor"]


def test_a_mode_counts_from_20_of_2500_good_samples():
    source, _ = mixture("grid25")
    points = np.repeat(source.centres[:2], [2500 - 20, 20], axis=0)
    assert modes.mixture_modes(points, source.centres, source.sigma)["modes"] == 2
    points[-1] += 4 * source.sigma  # beyond 3σ, so 19 are left
    scores = modes.mixture_modes(points, source.centres, source.sigma)
    assert scores["modes"] == 1 and scores["good_share"] == pytest.approx(2499 / 2500)


def test_one_mode_is_log_classes_from_uniform():
    source, _ = mixture("ring8")
    points = np.repeat(source.centres[:1], 2500, axis=0)
    scores = modes.mixture_modes(points, source.centres, source.sigma)
    assert scores["modes"] == 1 and scores["kl"] == pytest.approx(np.log(8))


def test_non_finite_points_count_as_bad():
    source, points = mixture("ring8")
    points[:250] = np.nan
    scores = modes.mixture_modes(points, source.centres, source.sigma)
    assert scores["good_share"] < 0.9
    with pytest.raises(UsageError, match="do not fit"):
        modes.mixture_modes(points[:, :1], source.centres, source.sigma)


def test_the_floor_of_kl_is_what_uniform_samples_give():
    generator = np.random.RandomState(0)
    draws = [generator.randint(1000, size=modes.STACKED_SAMPLES) for _ in range(20)]
    scores = [modes.labelled_modes(draw, 1000) for draw in draws]
    assert scores[0]["modes"] == 1000
    assert scores[0]["kl_floor"] == pytest.approx(999 / 52_000)
    assert np.mean([f["kl"] for f in scores]) == pytest.approx(scores[0]["kl_floor"], rel=0.05)


def test_stacked_classes_count_the_first_channel_highest():
    assert modes.stacked_classes([[1, 2, 3], [9, 9, 9]]).tolist() == [123, 999]


def test_shares_and_their_distance():
    shares = class_shares.shares([0, 0, 1, 3], 4)
    assert shares.tolist() == [0.5, 0.25, 0, 0.25]
    assert class_shares.total_variation(shares, [0, 0, 1, 0]) == 1
    assert class_shares.total_variation(shares, shares) == 0
    assert class_shares.kl_to_uniform([5, 5, 5]) == 0
    assert class_shares.agreement([1, 2, 3, 4], [1, 2, 0, 4]) == 0.75


def test_inception_score_is_between_one_and_the_classes():
    certain = np.tile(np.eye(10), (100, 1))
    assert inception_score.inception_score(certain) == pytest.approx((10.0, 0.0))
    assert inception_score.inception_score(np.full((100, 10), 0.1)) == pytest.approx((1.0, 0.0))
    one_class = np.tile(np.eye(10)[:1], (100, 1))
    assert inception_score.inception_score(one_class)[0] == pytest.approx(1.0)
