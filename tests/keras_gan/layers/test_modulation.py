import numpy as np
import pytest
import tensorflow as tf

from keras_gan.layers.modulation import Modulation


def inputs(shape=(3, 2, 5, 4)):
    rng = np.random.default_rng(0)
    return tf.constant(rng.normal(size=shape), tf.float32), tf.constant(
        rng.normal(size=(shape[0], 6)), tf.float32
    )


@pytest.mark.parametrize("hidden", [0, 32])
@pytest.mark.parametrize("shape", [(3, 2, 5, 4), (3, 4)])
def test_with_weights_of_zero_it_is_the_identity_and_it_starts_near_it(hidden, shape):
    layer, (x, code) = Modulation(hidden), inputs(shape)
    assert np.abs(layer([x, code]) - x).max() < 0.5
    for kernel in (layer.scale_kernel, layer.shift_kernel):
        kernel.assign(tf.zeros_like(kernel))
    np.testing.assert_array_equal(layer([x, code]), x)


def test_scale_and_shift_are_those_of_a_perceptron_with_32_hidden_units():
    layer, (x, code) = Modulation(32), inputs()
    layer.build([x.shape, code.shape])
    layer.set_weights([np.random.default_rng(1).normal(size=w.shape) for w in layer.weights])
    values = {w.name: w.numpy() for w in layer.weights}
    hidden = np.maximum(code @ values["hidden_kernel"] + values["hidden_bias"], 0.0)
    assert hidden.shape == (3, 32)
    scale = hidden @ values["scale_kernel"] + values["scale_bias"]
    shift = hidden @ values["shift_kernel"] + values["shift_bias"]
    expected = scale[:, None, None] * x.numpy() + shift[:, None, None]
    np.testing.assert_allclose(layer([x, code]), expected, rtol=1e-4, atol=1e-4)


def test_its_configuration_holds_the_hidden_units():
    layer = Modulation.from_config(Modulation(8).get_config())
    assert layer.hidden == 8 and layer.compute_output_shape([(2, 3), (2, 6)]) == (2, 3)
