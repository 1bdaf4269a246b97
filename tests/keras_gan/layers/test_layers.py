import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.layers.label_map import LabelMap
from keras_gan.layers.minibatch_stddev import MinibatchStddev
from keras_gan.layers.noise import AlwaysDropout, LayerNoise
from keras_gan.layers.pixel_shuffle import ICNR, PixelShuffle
from keras_gan.layers.spectral import SpectralConv2D, SpectralDense
from keras_gan.step import randomness


def images(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


class TestSpectralNorm:
    def test_a_network_that_has_not_trained_is_normalised(self):
        layer = SpectralConv2D(6, 3, use_bias=False)
        layer(images(4, 8, 8, 2))
        matrix = layer._kernel.numpy().reshape(-1, 6)
        sigma = layer.right.numpy() @ matrix @ layer.left.numpy().T
        np.testing.assert_allclose(sigma[0, 0], np.linalg.norm(matrix, 2), rtol=1e-5)

    @pytest.mark.parametrize(
        "layer, shape",
        [(SpectralDense(7), (4, 5)), (SpectralConv2D(6, 3), (4, 8, 8, 2))],
    )
    def test_after_many_steps_the_norm_is_that_of_the_svd(self, layer, shape):
        x = images(*shape)
        layer(x)
        for _ in range(200):
            layer(x, training=True)
        kernel = layer._kernel.numpy()
        largest = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]
        plain = keras.layers.Dense(7) if len(shape) == 2 else keras.layers.Conv2D(6, 3)
        plain(x)
        plain.set_weights([kernel / largest, layer.bias.numpy()])
        np.testing.assert_allclose(layer(x, training=False), plain(x), rtol=1e-4, atol=1e-5)

    def test_one_power_iteration_per_training_call_and_none_otherwise(self):
        layer, x = SpectralDense(4), images(3, 5)
        layer(x)
        layer.left.assign(layer.left.numpy()[:, ::-1])  # away from the fixed point of the iteration
        left, kernel = layer.left.numpy(), layer._kernel.numpy()
        layer(x, training=False)
        np.testing.assert_array_equal(left, layer.left.numpy())
        layer(x, training=True)
        right = left @ kernel.T
        right /= np.linalg.norm(right)
        expected = right @ kernel
        expected /= np.linalg.norm(expected)
        np.testing.assert_allclose(layer.left.numpy(), expected, rtol=1e-5)

    def test_the_gradient_flows_through_sigma(self):
        """∂(W/σ) = (∂W - (uᵀ∂W v) W/σ)/σ, Miyato's equation 12; the kernel is not overwritten."""
        layer, x = SpectralDense(4, use_bias=False), images(6, 5)
        layer(x)
        for _ in range(200):
            layer(x, training=True)
        weights = layer._kernel.numpy()
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(x, training=False) ** 2)
        gradient = tape.gradient(loss, layer._kernel.value).numpy()
        u, s, v = np.linalg.svd(weights)
        outer = np.outer(u[:, 0], v[0])
        by_normalized = 2 * x.numpy().T @ (x.numpy() @ weights / s[0])
        inner = (by_normalized * weights).sum() / s[0]
        np.testing.assert_allclose(
            gradient, (by_normalized - inner * outer) / s[0], rtol=1e-3, atol=1e-4
        )
        np.testing.assert_array_equal(weights, layer._kernel.numpy())


def test_pixel_shuffle_with_icnr_starts_as_nearest_upsampling():
    x = images(2, 5, 5, 3)
    shuffled = keras.layers.Conv2D(
        4 * 4, 3, padding="same", kernel_initializer=ICNR(keras.initializers.RandomNormal())
    )
    y = PixelShuffle(2)(shuffled(x)).numpy()
    assert y.shape == (2, 10, 10, 4) and y.std() > 0
    for row, column in ((0, 1), (1, 0), (1, 1)):
        np.testing.assert_array_equal(y[:, 0::2, 0::2], y[:, row::2, column::2])


def test_pixel_shuffle_puts_channels_into_space():
    x = tf.reshape(tf.range(4, dtype=tf.float32), (1, 1, 1, 4))
    np.testing.assert_array_equal(PixelShuffle(2)(x)[0, ..., 0], [[0, 1], [2, 3]])


def test_instance_norm_is_the_z_score_of_each_sample_and_channel():
    x = images(3, 6, 5, 4) * 3.0 + 2.0
    y = keras.layers.GroupNormalization(groups=-1, epsilon=1e-5)(x).numpy()
    mean, std = x.numpy().mean((1, 2), keepdims=True), x.numpy().std((1, 2), keepdims=True)
    np.testing.assert_allclose(y, (x - mean) / std, atol=1e-4)


class TestMinibatchStddev:
    def test_the_channel_is_the_mean_deviation_of_each_group(self):
        x = images(8, 4, 4, 3)
        y = MinibatchStddev(4)(x).numpy()
        np.testing.assert_array_equal(y[..., :3], x)
        for group in (slice(0, 4), slice(4, 8)):
            expected = np.sqrt(x.numpy()[group].var(0) + 1e-8).mean()
            np.testing.assert_allclose(y[group, ..., 3], expected, rtol=1e-5)

    def test_a_group_of_equal_images_gives_zero(self):
        y = MinibatchStddev(4)(tf.tile(images(1, 4, 4, 1), (4, 1, 1, 1))).numpy()
        assert y[..., 1].max() <= 1.1e-4

    def test_groups_are_consecutive_so_shards_see_their_own(self):
        x, layer = images(8, 4, 4, 1), MinibatchStddev(4)
        np.testing.assert_allclose(layer(x), tf.concat([layer(x[:4]), layer(x[4:])], 0), rtol=1e-6)


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


def test_the_label_map_is_one_map_per_class_of_few_parameters():
    layer = LabelMap(10, 28, 24, rank=4)
    y = layer(tf.constant([3, 3, 7])).numpy()
    assert y.shape == (3, 28, 24, 1)
    np.testing.assert_array_equal(y[0], y[1])
    assert np.abs(y[0] - y[2]).max() > 0
    assert np.linalg.matrix_rank(y[0, ..., 0]) <= 4
    # No stripes: neither rows nor columns repeat (a reshaped embedding row would).
    assert y[0, ..., 0].std(0).min() > 0 and y[0, ..., 0].std(1).min() > 0
    assert layer.count_params() == 10 * 4 * (28 + 24)
