"""The fused layers equal Keras': outputs, gradients, second derivatives, weights."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.layers import fused

CASES = {
    "batch norm of maps": ("BatchNormalization", {}, (8, 6, 5, 3)),
    "batch norm of vectors": ("BatchNormalization", {}, (8, 7)),
    "batch norm without centre": ("BatchNormalization", {"center": False}, (8, 6, 5, 3)),
    "batch norm alone": ("BatchNormalization", {"center": False, "scale": False}, (8, 6, 5, 3)),
    "images halved": ("Conv2D", dict(filters=5, kernel_size=4, strides=2), (2, 8, 6, 3)),
    "halved without bias": (
        "Conv2D",
        dict(filters=5, kernel_size=4, strides=2, use_bias=False),
        (2, 8, 6, 1),
    ),
    "odd images": ("Conv2D", dict(filters=5, kernel_size=4, strides=2), (2, 7, 6, 1)),
    "many channels halved": ("Conv2D", dict(filters=5, kernel_size=4, strides=2), (2, 8, 6, 7)),
    "3×3": ("Conv2D", dict(filters=5, kernel_size=3), (2, 8, 6, 3)),
    "images made": ("Conv2DTranspose", dict(filters=3, kernel_size=4, strides=2), (2, 4, 3, 6)),
    "one channel made, tanh": (
        "Conv2DTranspose",
        dict(filters=1, kernel_size=4, strides=2, activation="tanh", use_bias=False),
        (2, 4, 3, 6),
    ),
    "many channels made": (
        "Conv2DTranspose",
        dict(filters=9, kernel_size=4, strides=2),
        (2, 4, 3, 6),
    ),
}


def pair(case):
    """Keras' layer and ours with the same random weights, and an input."""
    name, options, shape = CASES[case]
    options = dict(options) if name == "BatchNormalization" else dict(options, padding="same")
    draw = np.random.default_rng(0)
    x = tf.constant(draw.normal(1.0, 2.0, shape), tf.float32)
    layers = [getattr(module, name)(**options) for module in (keras.layers, fused)]
    for layer in layers:
        layer.build(shape)
    weights = [np.abs(draw.normal(0.5, 0.3, w.shape)) for w in layers[0].get_weights()]
    for layer in layers:
        layer.set_weights(weights)
    return *layers, x


def passes(layer, x, xla=False):
    """Output, first gradients, and those of the input gradient's norm, as a penalty takes them."""
    weights = [tf.convert_to_tensor(w) for w in layer.trainable_variables]
    before = layer.get_weights()

    @tf.function(jit_compile=xla)
    def run(x):
        variables = [v.value for v in layer.trainable_variables]
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = layer(x, training=True)
                loss = tf.reduce_sum(tf.sin(y))
            first = inner.gradient(loss, [x, *variables])
            penalty = tf.reduce_sum(first[0] ** 2)
        second = outer.gradient(penalty, [x, *variables], unconnected_gradients="zero")
        return y, first, second

    results = tf.nest.flatten(run(x))
    after = layer.get_weights()
    assert len(weights) == len(layer.trainable_variables)
    layer.set_weights(before)
    return [np.array(v) for v in results] + after


@pytest.mark.parametrize("xla", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize("case", CASES)
def test_training_is_that_of_keras(case, xla):
    theirs, ours, x = pair(case)
    for a, b in zip(passes(ours, x, xla), passes(theirs, x), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5 * max(1.0, np.abs(b).max()))


@pytest.mark.parametrize("case", CASES)
def test_inference_names_and_configs_are_those_of_keras(case):
    theirs, ours, x = pair(case)
    np.testing.assert_array_equal(ours(x), theirs(x))
    assert ours.get_config().keys() == theirs.get_config().keys()
    assert ours.name.rstrip("_0123456789") == theirs.name.rstrip("_0123456789")
    assert [w.path.split("/")[1] for w in ours.weights] == [
        w.path.split("/")[1] for w in theirs.weights
    ]
    again = type(ours).from_config(ours.get_config())
    assert again.get_config() == ours.get_config()


@pytest.mark.parametrize(
    "case, operation",
    [
        ("batch norm of maps", "FusedBatchNormV3"),
        ("images made", "DepthToSpace"),
        ("images halved", "DepthToSpace"),
    ],
)
def test_the_fused_operation_is_used_in_training_only(case, operation):
    _, ours, x = pair(case)

    def operations(training):
        @tf.function
        def run(x):
            return tf.gradients(ours(x, training=training), x)

        return {op.type for op in run.get_concrete_function(x).graph.get_operations()}

    assert operation in operations(training=True)
    assert operation not in operations(training=False)


@pytest.mark.parametrize("dtype", ["float64", "mixed_bfloat16"])
@pytest.mark.parametrize("case", ["batch norm of maps", "images halved", "images made"])
def test_other_precisions_are_those_of_keras(case, dtype):
    name, options, shape = CASES[case]
    x = tf.constant(np.random.default_rng(0).normal(size=shape), tf.float32)
    options = dict(options) if name == "BatchNormalization" else dict(options, padding="same")
    keras.utils.set_random_seed(0)
    theirs = getattr(keras.layers, name)(**options, dtype=dtype)
    theirs.build(shape)
    ours = getattr(fused, name)(**options, dtype=dtype)
    ours.build(shape)
    ours.set_weights(theirs.get_weights())
    np.testing.assert_array_equal(ours(x, training=True), theirs(x, training=True))


@pytest.mark.parametrize("xla", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize("case", [case for case in CASES if case.startswith("batch norm")])
def test_batch_norm_in_bfloat16_is_as_exact_as_keras(case, xla):
    """Output, gradients and second derivatives, compared with those of float32."""
    _, options, shape = CASES[case]
    theirs, _, x = pair(case)
    exact = passes(theirs, x, xla)
    weights = theirs.get_weights()

    def errors(kind):
        layer = kind(**options, dtype="mixed_bfloat16")
        layer.build(shape)
        layer.set_weights(weights)
        results = passes(layer, tf.cast(x, tf.bfloat16), xla)
        pairs = zip(results, exact, strict=True)
        return [float(np.abs(a.astype(np.float32) - b).mean()) for a, b in pairs]

    ours, keras_errors = errors(fused.BatchNormalization), errors(keras.layers.BatchNormalization)
    for mine, their, value in zip(ours, keras_errors, exact, strict=True):
        assert mine <= 1.1 * their + 1e-3 * np.abs(value).max()


def test_upsampled_maps_have_a_known_size():
    maps = keras.Input((3, 5, 2))
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 2)).astype(np.float32)
    layer = fused.UpSampling2D((2, 3), interpolation="nearest")
    np.testing.assert_array_equal(layer(x), keras.layers.UpSampling2D((2, 3))(x))
    run = tf.function(keras.Model(maps, layer(maps)), autograph=False)
    outputs = run.get_concrete_function(tf.TensorSpec([None, 3, 5, 2])).outputs
    assert outputs[0].shape.as_list() == [None, 6, 15, 2]


def test_the_gradients_of_leaky_relu_are_those_of_keras():
    """Also the second derivative, which gradient penalties need."""
    x = tf.constant([-2.0, -1e-30, 0.0, 1e-30, 3.0])
    weights = tf.constant([1.0, -2.0, 3.0, -4.0, 5.0])

    def derivatives(function):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                outputs = function(tf.sin(x) * weights)
            first = inner.gradient(outputs, x)
        return outputs, first, outer.gradient(first, x)

    ours = derivatives(lambda y: fused.LeakyReLU(0.2)(y, training=True))
    for got, expected in zip(ours, derivatives(lambda y: keras.layers.LeakyReLU(0.2)(y))):
        np.testing.assert_array_equal(got, expected)


STEP = """
import sys
import numpy as np
import models
gan = models.DCGAN(image_shape=(28, 28, 1), width=4)
gan.compile()
gan.fit(np.zeros((8, 28, 28, 1), np.uint8), batch_size=8, verbose=0, pixel_range=(0, 255))
"""


@pytest.mark.slow
def test_training_prints_no_error_of_the_graph_optimiser(root):
    """Its remapper fuses a convolution with a LeakyReLU, if the gradient needs no more of it."""
    done = subprocess.run(
        [sys.executable, "-c", STEP], cwd=root, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert "failed:" not in done.stderr.replace("failed call to cuInit", "")
