"""A Keras user's `fit` under a strategy: two replicas of one process, and two processes."""

import json
import os
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest

import keras_gan
from tests.behaviour.test_keras_user import QUIET, batches, networks


@pytest.fixture(scope="module")
def real(fashion_mnist):
    return fashion_mnist.images[:160], fashion_mnist.labels[:160]


def with_dropout(network):
    given = [keras.Input(tensor.shape[1:], dtype=tensor.dtype) for tensor in network.inputs]
    output = network(given[0] if len(given) == 1 else given)
    dropped = keras.layers.Dropout(0.3)(keras.layers.Flatten()(output))
    end = keras.layers.Reshape(network.output_shape[1:])(dropped)
    return keras.Model(given if len(given) > 1 else given[0], end)


def test_data_sets_labels_dropout_and_validation_on_replicas(mirrored, real):
    """Masks differ between the replicas, so weights are not one device's; their copies agree."""
    images, labels = real
    with mirrored.scope():
        keras.utils.set_random_seed(0)
        gan = keras_gan.GAN(*map(with_dropout, networks(num_classes=10)), num_classes=10)
        gan.compile()
    held_out = images[:64], labels[:64]
    history = gan.fit(
        batches(images, labels, size=24),
        batch_size=32,
        epochs=2,
        validation_data=batches(*held_out, size=32),
        **QUIET,
    ).history
    assert int(gan.step.numpy()) == 10
    assert all(len(values) == 2 and np.isfinite(values).all() for values in history.values())
    for network in (gan.generator, gan.discriminator):
        for variable in network.trainable_variables:
            np.testing.assert_array_equal(*(np.asarray(v) for v in variable.value.values))
    of_arrays = gan.evaluate(*held_out, batch_size=32, verbose=0, return_dict=True)
    for key, value in of_arrays.items():
        np.testing.assert_allclose(history[f"val_{key}"][-1], value, rtol=1e-5)


# Two processes ------------------------------------------------------------------------------------

PROGRAM = """
import sys
import keras, numpy as np, tensorflow as tf
if sys.argv[2] == "together":
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
else:
    strategy = tf.distribute.get_strategy()
import keras_gan
random = np.random.default_rng(0)
images = random.integers(0, 256, (64, 8, 8, 1), np.uint8)
labels = random.integers(0, 3, 64)
latents, classes = keras.Input((4,)), keras.Input((), dtype="int32")
with strategy.scope():
    keras.utils.set_random_seed(0)
    x = keras.layers.Concatenate()([latents, keras.ops.one_hot(classes, 3)])
    x = keras.layers.Reshape((8, 8, 1))(keras.layers.Dense(64, activation="tanh")(x))
    layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
    generator, discriminator = keras.Model([latents, classes], x), keras.Sequential(layers)
    gan = keras_gan.GAN(generator, discriminator, num_classes=3)
    gan.compile(*(keras.optimizers.SGD(0.05) for _ in "dg"))
data = tf.data.Dataset.from_tensor_slices((images, labels)).batch(16)
if sys.argv[2] == "together":
    for fit in (lambda: gan.fit(data, verbose=0), lambda: gan.evaluate(data, verbose=0)):
        try:
            fit()
        except keras_gan.errors.UsageError as error:
            print("refused:", error)
options = dict(batch_size=16, epochs=2, validation_data=(images[:32], labels[:32]), verbose=0)
logs = gan.fit(images, labels, **options).history
values = {str(n): w.numpy() for n, w in enumerate(generator.weights + discriminator.weights)}
np.savez(sys.argv[1], **values, **{k: np.ravel(v) for k, v in logs.items()})
"""


def started(root, tmp_path, name, task=None):
    environment = {**os.environ, "PYTHONPATH": str(root), "CUDA_VISIBLE_DEVICES": ""}
    environment.pop("TF_CONFIG", None)
    if task is not None:
        environment["TF_CONFIG"] = json.dumps(task)
    command = [sys.executable, "-c", PROGRAM, tmp_path / f"{name}.npz"]
    return subprocess.Popen(
        [*command, "alone" if task is None else "together"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_two_workers_share_arrays_out_and_refuse_what_each_would_read(root, tmp_path):
    """Weights and logs of arrays are one process'; a data set would repeat images."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        places = [f"127.0.0.1:{s.getsockname()[1]}" for s in (one, two)]
    tasks = [
        {"cluster": {"worker": places}, "task": {"type": "worker", "index": index}}
        for index in range(2)
    ]
    processes = [started(root, tmp_path, f"w{index}", task) for index, task in enumerate(tasks)]
    processes.append(started(root, tmp_path, "alone"))
    try:
        outputs = [process.communicate(timeout=500) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    for printed, _ in outputs[:2]:
        lines = [line for line in printed.splitlines() if line.startswith("refused:")]
        assert len(lines) == 2
        for line in lines:
            assert "several workers" in line and "images repeat" in line and "arrays" in line
    expected = np.load(tmp_path / "alone.npz")
    assert "val_d_loss" in expected and "d_loss" in expected
    for name in ("w0", "w1"):
        values = np.load(tmp_path / f"{name}.npz")
        assert values.files == expected.files
        for key in expected.files:
            np.testing.assert_allclose(
                values[key], expected[key], rtol=1e-4, atol=1e-6, err_msg=key
            )
