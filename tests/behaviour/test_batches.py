"""Real and fake images go through D in separate batches (tip 4)."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gan.step import randomness


def moving_mean(gan):
    layer = next(x for x in gan.discriminator.layers if "batch_norm" in x.name)
    return layer.moving_mean.numpy() / (1.0 - layer.momentum)  # after the first step


@pytest.mark.parametrize("separate", [True, False])
def test_d_s_statistics_are_those_of_the_reals_unless_batches_are_mixed(tiny, separate):
    gan = tiny.gan(separate_batches=separate)
    dense = next(x for x in gan.discriminator.layers if "dense" in x.name)
    kernel, images = dense.kernel.numpy(), tiny.batch()
    real = (images[:, 0].astype(np.float32) / 127.5 - 1.0).reshape(8, -1) @ kernel
    key = randomness.Key.create(0).fold(tf.constant(0, tf.int64))
    fakes = gan.make_fakes(tf.zeros((8, 8, 8, 1)), None, key.fold(0))["images"]
    fake = np.asarray(fakes).reshape(8, -1) @ kernel
    tiny.train(gan, 1, images)
    expected = real.mean(0) if separate else 0.5 * (real.mean(0) + fake.mean(0))
    np.testing.assert_allclose(moving_mean(gan), expected, rtol=1e-3, atol=1e-4)
    assert np.abs(real.mean(0) - fake.mean(0)).max() > 0.05  # the two differ to begin with
