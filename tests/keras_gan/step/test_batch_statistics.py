"""Distances and ranges of a batch, against brute force."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gan.step.batch_statistics import max_abs, nearest_distance, pairwise_distance


def brute_force(images, others, same):
    a, b = (np.reshape(x, [len(x), -1]).astype(np.float64) for x in (images, others))
    distances = np.sqrt(((a[:, None] - b[None]) ** 2).mean(-1))
    if same:
        np.fill_diagonal(distances, np.inf)
    return distances.min(1).mean()


@pytest.mark.parametrize("same", [False, True])
@pytest.mark.parametrize("shape", [(32, 6, 6, 1), (20, 2)])
def test_nearest_is_the_distance_to_the_nearest(shape, same):
    rng = np.random.default_rng(0)
    a, b = rng.uniform(-1, 1, (2, *shape)).astype(np.float32)
    b = a if same else b
    assert float(nearest_distance(a, b, same)) == pytest.approx(brute_force(a, b, same), rel=1e-4)


def test_nearest_compares_within_groups_of_32_so_that_replicas_see_the_same():
    rng = np.random.default_rng(0)
    a, b = rng.uniform(-1, 1, (2, 64, 5)).astype(np.float32)
    parts = [float(nearest_distance(a[i : i + 32], b[i : i + 32])) for i in (0, 32)]
    assert float(nearest_distance(a, b)) == pytest.approx(np.mean(parts), rel=1e-5)


def test_nearest_of_equal_images_is_zero():
    images = tf.random.stateless_uniform((32, 8, 8, 3), (0, 0))
    assert float(nearest_distance(images, images)) < 1e-3


def test_missing_modes_show_in_nearest_and_not_in_the_pairwise_distance():
    rng = np.random.default_rng(0)
    modes = np.array([[-4, -4], [-4, 4], [4, -4], [4, 4]], np.float32)
    reals = modes[rng.integers(0, 4, 128)] + 0.05 * rng.standard_normal((128, 2))
    fakes = modes[[0, 3]][rng.integers(0, 2, 128)] + 0.05 * rng.standard_normal((128, 2))
    reals, fakes = reals.astype(np.float32), fakes.astype(np.float32)
    assert float(pairwise_distance(fakes)) > 0.6 * float(pairwise_distance(reals))
    assert float(nearest_distance(reals, fakes)) > 20 * float(
        nearest_distance(reals, reals, same=True)
    )


def test_max_abs_is_the_largest_absolute_value_of_each_image():
    images = np.array([[[0.5, -2.0]], [[1.0, 0.0]]], np.float32)
    assert max_abs(images).numpy().tolist() == [2.0, 1.0]
