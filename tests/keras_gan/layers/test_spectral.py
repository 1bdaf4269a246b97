import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.layers.spectral import SpectralConv2D, SpectralDense


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
