"""The share of fakes nearer to a training picture than its neighbours, against closed forms."""

import numpy as np
import pytest

from keras_gan.evaluation.metrics.authenticity import authenticity, spacing

TRAINING = np.array([[0.0], [1.0], [3.0], [7.0]])


def test_spacing_on_a_line():
    np.testing.assert_allclose(spacing(TRAINING), [1, 1, 2, 4], atol=1e-6)
    np.testing.assert_allclose(spacing(np.repeat(TRAINING, 2, 0)), 0, atol=1e-6)


def nearer_share(*features):
    shares, indices = authenticity(*features)
    return shares["nearer_share"], indices


def near_copy_share(*features):
    return authenticity(*features)[0]["near_copy_share"]


def test_a_copy_is_thrice_as_near_as_the_next():
    assert near_copy_share(np.array([[0.2], [0.3], [6.1], [5.9]]), TRAINING) == 0.5
    assert near_copy_share(TRAINING + 0.1, TRAINING) == 1.0


def test_the_mean_of_all_is_near_to_each_but_a_copy_of_none():
    training = np.random.default_rng(0).normal(size=(50, 100))
    mean = np.zeros((3, 100))
    shares, _ = authenticity(mean, training)
    assert shares == {"nearer_share": 1.0, "near_copy_share": 0.0}


def test_share_on_a_line():
    fakes = np.array([[0.4], [5.2], [-1.5], [1.9]])  # 0.4 < 1, 1.8 < 4, 1.5 > 1, 0.9 < 1
    share, indices = nearer_share(fakes, TRAINING)
    assert share == 0.75 and indices.tolist() == [0, 3, 0, 1]
    assert nearer_share(TRAINING, TRAINING)[0] == 1.0  # copies
    assert nearer_share(TRAINING + 100, TRAINING)[0] == 0.0


def test_mirror_images_count_as_training_pictures():
    share, indices = nearer_share(np.array([[-7.1], [-3.0], [0.4]]), TRAINING, -TRAINING)
    assert share == 1.0 and indices.tolist() == [7, 6, 0]
    # A symmetric picture and its mirror image are one: the second nearest is another.
    symmetric = np.array([[5.0, 0], [9.0, 0], [-9.0, 0]])
    assert near_copy_share(symmetric[:1] + 0.01, symmetric, symmetric) == 1.0


@pytest.mark.parametrize("seed", [0, 1])
def test_new_points_on_a_circle_are_nearer_in_two_thirds(seed):
    """Of n uniform points, gaps are exponential; take their mean as 1.

    A new point is at Exp(1) from both neighbours, so at Exp(2) from the nearer one, t. It counts
    if t's gap on the other side, Exp(1), is longer: 2 / (2 + 1).
    """
    angles = np.random.default_rng(seed).uniform(0, 2 * np.pi, (2, 3000))
    training, fakes = (np.stack([np.cos(a), np.sin(a)], 1) for a in angles)
    assert abs(nearer_share(fakes, training)[0] - 2 / 3) < 0.04
