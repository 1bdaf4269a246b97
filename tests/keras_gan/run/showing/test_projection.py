"""Projection finds what the model can make; directions are what the layers say."""

import dataclasses
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

import models
from keras_gan.rules import priors
from keras_gan.run.showing import directions, projection


@pytest.fixture(scope="module")
def gan():
    """An untrained DCGAN whose weights are large enough for images that differ."""
    gan = models.REGISTRY["dcgan"](image_shape=(28, 28, 1), width=8, latent_dim=16)
    for variable in gan.average_generator.variables:
        variable.assign(variable * (8.0 if len(variable.shape) > 1 else 1.0))
    return gan


def test_own_images_are_found(gan):
    own = gan.sample(16, seed=9)
    assert np.abs(own[:8] - own[8:].astype(float)).mean() > 10  # that differ
    results = projection.project(gan, own, restarts=2, steps=200, seed=1)
    assert np.median(results.pixel_errors) < 0.02
    np.testing.assert_array_equal(gan.generate(results.latents), results.images)
    again = projection.project(gan, own[:4], restarts=2, steps=20, seed=1)
    twice = projection.project(gan, own[:4], restarts=2, steps=20, seed=1)
    np.testing.assert_array_equal(again.latents, twice.latents)


def test_latents_stay_where_the_prior_draws(gan):
    """Of pictures that the model can't make."""
    noise = np.random.default_rng(0).integers(0, 256, (4, 28, 28, 1), np.uint8)
    results = projection.project(gan, noise, restarts=1, steps=50)
    assert (np.linalg.norm(results.latents, axis=1) <= 4.0 + 3.0 + 1e-4).all()
    assert (results.pixel_errors > 0.1).all()


def test_errors_are_shares_of_the_range():
    black, white = np.zeros((2, 4, 4, 1), np.uint8), np.full((2, 4, 4, 1), 255, np.uint8)
    half = np.concatenate([black[:1], white[:1]])
    np.testing.assert_allclose(projection.pixel_errors(black, half), [0.0, 1.0])
    extractor = types.SimpleNamespace(features=lambda x: x.reshape(len(x), -1).astype(np.float32))
    np.testing.assert_allclose(projection.feature_errors(extractor, white, half), [1.0, 0.0])


def test_the_encoder_is_where_the_search_starts():
    gan = models.REGISTRY["vae_gan"](image_shape=(28, 28, 1), width=4)
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1), np.uint8)
    starts, _ = projection._Starts(gan, seed=0).nearest(images, 2, None)
    np.testing.assert_allclose(starts[::2], gan.encode(images), rtol=1e-6)


def test_a_given_class_is_kept():
    gan = models.REGISTRY["cgan"](image_shape=(28, 28, 1), width=4, num_classes=3)
    labels = np.array([2, 0], np.int32)
    images = gan.sample(2, labels=labels)
    results = projection.project(gan, images, labels=labels, restarts=2, steps=2)
    np.testing.assert_array_equal(results.labels, labels)


# Directions -----------------------------------------------------------------------------------


def linear(kernel, label_first=False):
    latents = keras.Input((kernel.shape[0],))
    dense = keras.layers.Dense(kernel.shape[1], use_bias=False)
    images = keras.layers.Dense(2)(dense(latents))
    generator = keras.Model(latents, images)
    dense.kernel.assign(kernel)
    return types.SimpleNamespace(average_generator=generator, latent_dim=kernel.shape[0])


def test_sefa_of_a_known_layer():
    """A scales the axes by 1, 3 and 2: these are its directions, the strongest first."""
    results = directions.sefa(linear(np.diag([1.0, 3.0, 2.0])), count=3)
    np.testing.assert_allclose([d.vector for d in results], np.eye(3)[[1, 2, 0]], atol=1e-6)
    assert [d.name for d in results] == ["SeFa 1", "SeFa 2", "SeFa 3"]
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    first = directions.sefa(linear(rotation @ np.diag([1.0, 3.0, 2.0])), count=1)[0].vector
    assert abs(first @ rotation[:, 1]) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("name", sorted(models.REGISTRY))
def test_every_model_of_images_has_directions(name):
    classes = {"num_classes": 3} if "num_classes" in fields(name) else {}
    gan = models.REGISTRY[name](image_shape=(28, 28, 1), width=8, **classes)
    results = directions.sefa(gan, 4)
    vectors = np.stack([direction.vector for direction in results])
    np.testing.assert_allclose(vectors @ vectors.T, np.eye(4), atol=1e-5)
    assert vectors.shape == (4, gan.latent_dim)
    assert (directions.class_mixer(gan) is not None) == gan.conditional


def fields(name):
    return {field.name for field in dataclasses.fields(models.REGISTRY[name].Options)}


def test_infogan_s_codes_are_axes():
    gan = models.REGISTRY["infogan"](image_shape=(28, 28, 1), width=8, categories=3, continuous=2)
    first, second = directions.own_codes(gan)
    assert np.flatnonzero(first.vector).tolist() == [3]
    assert np.flatnonzero(second.vector).tolist() == [4]


def test_principal_directions_are_those_of_the_greatest_variance():
    codes = np.random.default_rng(0).normal(size=(4000, 3)) * [0.5, 2.0, 1.0]
    first, second = directions.principal(codes, 2)
    np.testing.assert_allclose(np.abs(first.vector), [0, 1, 0], atol=0.05)
    np.testing.assert_allclose(np.abs(second.vector), [0, 0, 1], atol=0.05)
    assert first.reach == pytest.approx(6.0, rel=0.05)


def test_a_network_without_a_dense_layer_has_none():
    latents = keras.Input((4,))
    x = keras.layers.Conv2D(2, 1)(keras.layers.Reshape((2, 2, 1))(latents))
    gan = types.SimpleNamespace(average_generator=keras.Model(latents, x), latent_dim=4)
    with pytest.raises(ValueError, match="no affine layer"):
        directions.sefa(gan)
    assert priors.Gaussian().nearest(tf.zeros((1, 4))).shape == (1, 4)
