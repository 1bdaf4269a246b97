"""The 2-D mixtures match their centres and σ."""

import numpy as np
import pytest

from keras_gan.data import open_source
from keras_gan.evaluation.metrics.modes import mixture_modes


@pytest.mark.parametrize(("name", "modes", "sigma"), [("ring8", 8, 0.02), ("grid25", 25, 0.05)])
def test_points_lie_around_their_centres(name, modes, sigma):
    source = open_source(name)
    assert source.image_shape == (2,) and source.num_classes == modes
    assert source.images.dtype == np.float32 and source.sigma == sigma
    residuals = source.images - source.centres[source.labels]
    assert np.abs(residuals.mean(0)).max() < 4 * sigma / len(source) ** 0.5
    np.testing.assert_allclose(residuals.std(0), sigma, rtol=0.01)
    counts = np.bincount(source.labels, minlength=modes)
    assert np.abs(counts / len(source) - 1 / modes).max() < 0.005


def test_grid_has_spacing_two():
    expected = {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}
    assert {tuple(centre) for centre in open_source("grid25").centres} == expected


@pytest.mark.parametrize("name", ["ring8", "grid25"])
def test_2500_real_points_cover_every_mode(name):
    source = open_source(name, split="test")
    points, _ = source.fetch(np.arange(2500))
    scores = mixture_modes(points, source.centres, source.sigma)
    assert scores["modes"] == scores["modes_possible"] == len(source.centres)


def test_swissroll_is_a_spiral_without_modes():
    source = open_source("swissroll")
    assert source.labels is None and source.num_classes is None and source.centres is None
    radius = np.linalg.norm(source.images, axis=1)
    turn = np.arctan2(source.images[:, 1], source.images[:, 0])
    # On the spiral r = t/7.5 the angle is t, up to whole turns; the radius has noise of σ 0.05.
    away = np.angle(np.exp(1j * (7.5 * radius - turn)))
    np.testing.assert_allclose(away.std(), 7.5 * 0.05, rtol=0.03)


def test_splits_differ_and_repeat():
    train, test = open_source("ring8"), open_source("ring8").reopen("test")
    np.testing.assert_array_equal(train.images, open_source("ring8").images)
    assert (train.images != test.images).all()


def test_points_take_no_image_flags(refused):
    refused(lambda: open_source("ring8", image_size=(32, 32)), "points")
    refused(lambda: open_source("ring8", labels="y"), "auto, none", flag="labels")
    assert open_source("ring8", labels="none").num_classes is None
