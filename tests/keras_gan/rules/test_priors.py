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


def test_paths_stay_where_the_prior_draws(key):
    for name, kind in priors.PRIORS.items():
        prior = kind()
        start, end = (prior.sample(key.fold(side), (6, 16)).numpy() for side in ("a", "b"))
        path = np.stack([prior.path(start, end, t) for t in np.linspace(0, 1, 9)])
        np.testing.assert_allclose(path[0], start, atol=1e-5)
        np.testing.assert_allclose(path[-1], end, atol=1e-5)
        for latents in path:
            np.testing.assert_allclose(prior.nearest(latents), latents, atol=1e-4, err_msg=name)


def test_a_uniform_path_is_the_straight_line():
    prior, (a, b) = priors.Uniform(), np.float32([[1.0, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(prior.path(a, b, 0.25), [0.75, 0.25])
    assert float(prior.distance(a, b)) == pytest.approx(2**0.5)


def test_a_closed_walk_comes_back_in_steps_of_one_length():
    square = 2.0 * np.float32([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]])
    walk = priors.walk(priors.Gaussian(), square, 12, closed=True)
    angles = np.arange(12) * np.pi / 6
    expected = 2.0 * np.stack([np.cos(angles), np.sin(angles), 0 * angles], 1)
    np.testing.assert_allclose(walk, expected, atol=1e-5)
    steps = np.linalg.norm(walk - np.roll(walk, 1, axis=0), axis=1)  # the last to the first too
    np.testing.assert_allclose(steps, steps[0], rtol=1e-4)


def test_an_open_walk_spends_on_each_leg_what_it_is_long():
    points = np.float32([[0.0, 0.0], [1.0, 0.0], [1.0, 3.0]])
    walk = priors.walk(priors.Uniform(), points, 5)
    np.testing.assert_allclose(walk, [[0, 0], [1, 0], [1, 1], [1, 2], [1, 3]], atol=1e-6)
    still = priors.walk(priors.Gaussian(), np.ones((2, 3), np.float32), 4, closed=True)
    np.testing.assert_allclose(still, np.ones((4, 3)), rtol=1e-6)
    with pytest.raises(ValueError, match="two points or more, not 1"):
        priors.walk(priors.Gaussian(), points[:1], 4)


def test_truncation_multiplies_the_norm_and_a_sphere_has_none(key):
    for prior in (priors.Gaussian(), priors.Uniform(), priors.OrnsteinUhlenbeck()):
        z = prior.sample(key, (4, 8))
        np.testing.assert_allclose(prior.truncate(z, 0.5), 0.5 * z.numpy())
        np.testing.assert_array_equal(prior.truncate(z, 1.0), z)
    with pytest.raises(ValueError, match="no mean"):
        priors.Hypersphere().truncate(z, 0.5)


def test_the_nearest_latent_of_each_prior():
    z = np.float32([[30.0, 40.0, 0.0, 0.0]])
    np.testing.assert_allclose(priors.Gaussian().nearest(z), [[3.0, 4.0, 0.0, 0.0]], rtol=1e-6)
    np.testing.assert_allclose(priors.Hypersphere().nearest(z), [[1.2, 1.6, 0.0, 0.0]], rtol=1e-6)
    np.testing.assert_allclose(priors.Uniform().nearest(z), [[3**0.5, 3**0.5, 0, 0]], rtol=1e-6)
