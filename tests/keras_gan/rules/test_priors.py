import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from keras_gan.rules import priors


def sample(kind, key, shape=(2000, 8)):
    return priors.PRIORS[kind]().sample(key, shape).numpy()


def test_gaussian(key):
    z = sample("gaussian", key)
    assert stats.kstest(z.ravel(), "norm").pvalue > 0.01
    assert np.abs(np.cov(z.T) - np.eye(8)).max() < 0.12


def test_uniform_has_the_gaussian_s_variance(key):
    z = sample("uniform", key)
    assert stats.kstest(z.ravel(), stats.uniform(-(3**0.5), 2 * 3**0.5).cdf).pvalue > 0.01
    assert z.var() == pytest.approx(1.0, abs=0.03)


def test_hypersphere_lies_on_its_sphere_without_a_direction(key):
    z = sample("hypersphere", key)
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 8**0.5, rtol=1e-5)
    assert np.abs(z.mean(0)).max() < 0.1


@pytest.fixture
def ends():
    rng = np.random.default_rng(0)
    return [tf.constant(rng.normal(size=(5, 16)), tf.float32) for _ in "ab"]


def test_slerp_meets_both_ends(ends):
    np.testing.assert_allclose(priors.slerp(*ends, 0.0), ends[0], atol=1e-6)
    np.testing.assert_allclose(priors.slerp(*ends, 1.0), ends[1], atol=1e-5)


def test_slerp_keeps_an_equal_norm_and_goes_at_a_steady_angle(ends):
    a, b = (3.0 * tf.linalg.l2_normalize(end, -1) for end in ends)
    path = np.stack([priors.slerp(a, b, t).numpy() for t in np.linspace(0, 1, 9)])
    np.testing.assert_allclose(np.linalg.norm(path, axis=-1), 3.0, rtol=1e-5)
    cosines = (path[1:] * path[:-1]).sum(-1) / 9.0
    whole = np.arccos((a.numpy() * b.numpy()).sum(-1) / 9.0)
    np.testing.assert_allclose(np.arccos(cosines), np.tile(whole / 8, (8, 1)), rtol=1e-3)


def test_slerp_of_orthogonal_unit_vectors_is_cosine_and_sine():
    a, b = tf.constant([[1.0, 0.0, 0.0]]), tf.constant([[0.0, 1.0, 0.0]])
    for t in (0.25, 0.5, 0.9):
        expected = [[np.cos(t * np.pi / 2), np.sin(t * np.pi / 2), 0.0]]
        np.testing.assert_allclose(priors.slerp(a, b, t), expected, atol=1e-6)


def test_slerp_of_parallel_vectors_is_the_straight_line():
    a = tf.constant([[1.0, 2.0, -2.0]])
    for t in (0.0, 0.3, 1.0):
        np.testing.assert_allclose(priors.slerp(a, 3.0 * a, t), (1 + 2 * t) * a, rtol=1e-5)
    np.testing.assert_allclose(priors.slerp(a, a, 0.5), a, rtol=1e-6)


def test_slerp_of_antipodal_vectors_goes_round():
    a = tf.constant([[1.0, 2.0, -2.0]])
    half = priors.slerp(a, -a, 0.5).numpy()
    assert np.linalg.norm(half) == pytest.approx(3.0, rel=1e-5)
    assert abs((half * a.numpy()).sum()) < 1e-5
    np.testing.assert_allclose(priors.slerp(a, -a, 1.0), -a, atol=1e-5)


def test_slerp_stays_on_the_shell_that_a_straight_line_leaves(ends):
    straight = np.linalg.norm(0.5 * (ends[0] + ends[1]), axis=-1)
    assert (straight < 0.95 * np.linalg.norm(priors.slerp(*ends, 0.5), axis=-1)).all()
