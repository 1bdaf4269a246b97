"""Tiny models and functions that train them, as the fixture `zoo`."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from models import REGISTRY, options


def takes(name, option):
    """Whether a model has an option."""
    return option in options.names(REGISTRY[name].Options)


def make(name, image_shape=(28, 28, 1), compiled=True, rules=None, **arguments):
    """A tiny model, with its paper's rules where `rules` sets none."""
    values = {"image_shape": image_shape, "latent_dim": 16, "width": 4, **arguments}
    gan = REGISTRY[name](**values)
    if compiled:
        gan.compile(**(rules or {}))
    return gan


def batch(gan, count=8, seed=0):
    """A batch for `fit`: images [n, turns, …] and labels [n, turns]."""
    rng = np.random.default_rng(seed)
    shape = (count, gan.schedule.d_turns)
    if len(gan.image_shape) == 1:
        images = rng.normal(size=(*shape, *gan.image_shape)).astype(np.float32)
    else:
        images = rng.integers(0, 256, (*shape, *gan.image_shape), dtype=np.uint8)
    return images, rng.integers(0, gan.num_classes or 10, shape).astype(np.int32)


def train(gan, steps=1, count=8, data=None):
    """Trains for some steps on one batch; returns the metrics, name → float32 [steps]."""
    data = batch(gan, count) if data is None else data
    batches = tf.data.Dataset.from_tensor_slices(data).batch(count, drop_remainder=True).repeat()
    gan.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False)
    return gan.recorder.read(int(gan.step.numpy()), steps)[1]


def weights(gan):
    """Every variable of every network, by network and path."""
    networks = {**gan.networks, "average": gan.average_generator}
    return {
        (name, i, v.path): np.array(v)
        for name, network in networks.items()
        for i, v in enumerate(network.variables)
    }


@pytest.fixture(scope="session")
def zoo():
    """The functions of this file."""
    return types.SimpleNamespace(takes=takes, make=make, batch=batch, train=train, weights=weights)


@pytest.fixture(autouse=True)
def _fresh():
    """The same weights in every test; float32 unless the test sets a policy."""
    keras.utils.set_random_seed(5)
    yield
    keras.mixed_precision.set_global_policy("float32")
