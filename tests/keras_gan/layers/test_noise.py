import numpy as np
import pytest
import tensorflow as tf

from keras_gan.layers.noise import AlwaysDropout, LayerNoise
from keras_gan.step import randomness


def images(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


class TestLayerNoise:
    def test_outside_a_step_it_is_the_identity(self):
        x = images(4, 5)
        np.testing.assert_array_equal(LayerNoise(0.3)(x), x)

    def test_in_a_step_it_adds_its_deviation_differently_by_layer_and_position(self, key):
        x = tf.zeros((400, 50))
        first, second = (LayerNoise(0.3, purpose=purpose) for purpose in ("a", "b"))
        with randomness.scope(key):
            a, b = first(x).numpy(), second(x).numpy()
        assert a.std() == pytest.approx(0.3, rel=0.02) and abs(a.mean()) < 0.01
        assert not np.isclose(a, b).any()
        with randomness.scope(key.at(200)):
            np.testing.assert_array_equal(first(x[200:]), a[200:])


class TestAlwaysDropout:
    def test_it_drops_its_share_and_keeps_the_mean_in_a_step_and_at_sampling(self, key):
        layer, x = AlwaysDropout(0.5), tf.ones((400, 50))
        with randomness.scope(key):
            stepped = layer(x).numpy()
        for y in (stepped, layer(x, training=False).numpy()):
            assert set(np.unique(y)) == {0.0, 2.0}
            assert (y == 0).mean() == pytest.approx(0.5, abs=0.02)
        np.testing.assert_array_equal(layer(x), layer(x))  # the same latents, the same image
