"""Nearest neighbours and MS-SSIM."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from keras_gan.errors import UsageError
from keras_gan.evaluation.metrics import memorisation, ms_ssim


def draw(seed, count):
    return np.random.RandomState(seed).normal(size=(count, 12))


@pytest.mark.parametrize("batch", [7, 250, 1000])
def test_agrees_with_scikit_learn_whatever_the_batches(batch):
    data, queries = draw(0, 1000), draw(1, 30)
    distances, expected = NearestNeighbors(n_neighbors=3).fit(data).kneighbors(queries)
    batches = (data[i : i + batch] for i in range(0, len(data), batch))
    indices, nearest = memorisation.nearest(queries, batches, 3)
    assert (indices == expected).all()
    np.testing.assert_allclose(nearest, distances, rtol=1e-9)


def test_copies_are_detected():
    data, held = draw(0, 2000), draw(1, 500)
    _, real = memorisation.nearest(held, [data])
    _, new = memorisation.nearest(draw(2, 500), [data])
    _, copied = memorisation.nearest(data[:500] + 1e-3, [data])
    new = memorisation.memorisation(new[:, 0], real[:, 0])
    copied = memorisation.memorisation(copied[:, 0], real[:, 0])
    assert 0.9 < new["nearest_ratio"] < 1.1 and new["copy_share"] < 0.05
    assert copied["nearest_ratio"] < 0.01 and copied["copy_share"] == 1.0


def test_scales_follow_the_size():
    assert ms_ssim.scales((28, 28, 1)) == 2
    assert ms_ssim.scales((176, 176, 3)) == ms_ssim.scales((256, 200, 3)) == 5


def test_equal_images_are_at_one_and_noise_is_below():
    images = np.random.RandomState(0).randint(256, size=(6, 28, 28, 1)).astype(np.uint8)
    np.testing.assert_allclose(ms_ssim.ms_ssim(images, images), 1.0, atol=1e-6)
    assert ms_ssim.ms_ssim(images[:3], images[3:]).max() < 0.3


def test_only_images_of_one_class_are_compared():
    generator = np.random.RandomState(0)
    two = generator.randint(256, size=(2, 28, 28, 1)).astype(np.uint8)
    classes = np.array([0, 1] * 10)
    collapsed = ms_ssim.within_classes(two[classes], classes, pairs=40)
    assert collapsed == pytest.approx(1.0, abs=1e-5)
    mixed = ms_ssim.within_classes(two[classes], np.zeros(20, int), pairs=40)
    assert mixed < 0.8
    with pytest.raises(UsageError, match="two images of a class"):
        ms_ssim.within_classes(two, np.array([0, 1]))
