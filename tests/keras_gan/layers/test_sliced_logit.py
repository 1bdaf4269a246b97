"""Which parameter each term of SAN's loss moves (Takida et al., 2024)."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gan.layers.sliced_logit import SlicedLogit


@pytest.fixture
def layer():
    layer = SlicedLogit()
    layer.build((None, 3))
    layer.direction.assign([[3.0], [0.0], [4.0]])
    layer.scale.assign(2.0)
    return layer


@pytest.fixture
def features():
    return tf.constant(np.random.default_rng(0).normal(size=(5, 3)), tf.float32)


def gradients(layer, features, which):
    with tf.GradientTape() as tape:
        tape.watch(features)
        total = tf.reduce_sum(layer(features)[which])
    sources = [features, layer.direction.value, layer.scale.value]
    return tape.gradient(total, sources)


def test_both_outputs_are_the_scaled_product_with_a_unit_vector(layer, features):
    expected = 2.0 * features.numpy() @ [0.6, 0.0, 0.8]
    for output in layer(features):
        np.testing.assert_allclose(output, expected, rtol=1e-5)


def test_the_logit_moves_features_and_scale(layer, features):
    of_features, of_direction, of_scale = gradients(layer, features, 0)
    np.testing.assert_allclose(of_features, np.tile([1.2, 0.0, 1.6], (5, 1)), rtol=1e-5)
    np.testing.assert_allclose(of_scale, (features.numpy() @ [0.6, 0.0, 0.8]).sum(), rtol=1e-5)
    assert of_direction is None or not np.any(of_direction)


def test_the_direction_moves_itself_alone(layer, features):
    of_features, of_direction, of_scale = gradients(layer, features, 1)
    assert of_features is None or not np.any(of_features)
    assert of_scale is None or not np.any(of_scale)
    unit, total = np.array([0.6, 0.0, 0.8]), features.numpy().sum(0)
    expected = 2.0 / 5.0 * (total - unit * (unit @ total))  # ∂(ω·h)/∂v of ω = v/‖v‖, ‖v‖ = 5
    np.testing.assert_allclose(of_direction[:, 0], expected, rtol=1e-4, atol=1e-6)
