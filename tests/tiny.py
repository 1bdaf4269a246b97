"""Models so small that a test can check every number."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import GAN
from keras_gan.step import randomness
from keras_gan.step.turn import Turn


def pytest_configure(config):
    """Two logical CPUs, for the tests under a strategy."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    try:
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * 2
        )
    except RuntimeError:
        pass  # TensorFlow has started, with the devices of whatever started it


def networks(image_shape=(8, 8, 1), latent_dim=4, normalize=True):
    """G and D of one hidden layer each."""
    size = int(np.prod(image_shape))
    latents = x = keras.Input((latent_dim,))
    x = keras.layers.Dense(8)(x)
    x = keras.layers.BatchNormalization()(x) if normalize else x
    x = keras.layers.Dense(size, activation="tanh")(keras.layers.LeakyReLU(0.2)(x))
    generator = keras.Model(latents, keras.layers.Reshape(image_shape)(x), name="generator")
    images = keras.Input(image_shape)
    x = keras.layers.Dense(8)(keras.layers.Flatten()(images))
    x = keras.layers.BatchNormalization()(x) if normalize else x
    features = keras.layers.LeakyReLU(0.2)(x)
    logits = keras.layers.Reshape(())(keras.layers.Dense(1)(features))
    discriminator = keras.Model(images, {"logits": logits}, name="discriminator")
    return generator, discriminator


def gan(prior=None, normalize=True, image_shape=(8, 8, 1), **rules):
    """A compiled model of 8×8 images, with SGD for both networks by default."""
    keras.utils.set_random_seed(3)
    gan = GAN(*networks(image_shape, normalize=normalize), prior=prior)
    sgd = {side: keras.optimizers.SGD(0.05) for side in ("d_optimizer", "g_optimizer")}
    gan.compile(**{**sgd, **rules})
    return gan


def batch(count=8, turns=1, image_shape=(8, 8, 1), seed=0):
    """uint8 [count, turns, h, w, c]."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, turns, *image_shape), dtype=np.uint8)


def train(gan, steps=1, images=None):
    """Trains for some steps on the same batch; returns the metrics."""
    images = batch(turns=gan.schedule.d_turns) if images is None else images
    data = tf.data.Dataset.from_tensor_slices(images).batch(len(images), drop_remainder=True)
    gan.fit(data.repeat(), steps_per_epoch=steps, verbose=0, shuffle=False)
    return gan.recorder.read(int(gan.step.numpy()))[1]


def linear_turn(weights, count=8, step=0, key=0):
    """A turn against D(x) = Σ a·x; `weights` is a, shaped like an image."""
    rng = np.random.default_rng(1)
    real, fake = (tf.constant(rng.normal(size=(count, *weights.shape)), tf.float32) for _ in "ab")
    turn = Turn(
        randomness.Key.create(key),
        tf.convert_to_tensor(step, tf.int64),
        real,
        None,
        {"images": fake},
    )
    turn.logits_of = lambda images, side="real": tf.einsum("nhwc,hwc->n", images, weights)
    turn.real_output = {"logits": turn.logits_of(real)}
    turn.fake_output = {"logits": turn.logits_of(fake)}
    return turn


def copies(variable):
    """A mirrored variable's value on each replica."""
    return [np.asarray(value) for value in variable.value.values]


@pytest.fixture(scope="session")
def tiny():
    """The functions of this file."""
    return types.SimpleNamespace(
        networks=networks, gan=gan, batch=batch, train=train, linear_turn=linear_turn, copies=copies
    )


@pytest.fixture
def key():
    return randomness.Key.create(7)
