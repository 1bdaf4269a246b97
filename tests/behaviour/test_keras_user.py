"""What a Keras user does every day, through `fit` and the public API only, on Fashion-MNIST."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import keras_gan
from keras_gan.errors import UsageError

QUIET = {"verbose": 0}


def networks(image_shape=(28, 28, 1), num_classes=None):
    """Dense networks as in a tutorial: D is a Sequential that ends in Dense(1)."""
    size, latents = int(np.prod(image_shape)), keras.Input((4,))
    x, inputs = latents, latents
    if num_classes:
        labels = keras.Input((), dtype="int32")
        x = keras.layers.Concatenate()([x, keras.ops.one_hot(labels, num_classes)])
        inputs = [latents, labels]
    x = keras.layers.Dense(size, activation="tanh")(keras.layers.Dense(8, activation="relu")(x))
    generator = keras.Model(inputs, keras.layers.Reshape(image_shape)(x))
    flat = [keras.Input(image_shape), keras.layers.Flatten()]
    discriminator = [*flat, keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)]
    return generator, keras.Sequential(discriminator)


def make(num_classes=None, **rules):
    keras.utils.set_random_seed(0)
    gan = keras_gan.GAN(*networks(num_classes=num_classes), num_classes=num_classes)
    gan.compile(**rules)
    return gan


def weights(gan):
    return [np.array(v.value) for v in (*gan.generator.variables, *gan.discriminator.variables)]


def assert_same(first, second, **tolerance):
    for a, b in zip(weights(first), weights(second), strict=True):
        np.testing.assert_allclose(a, b, **{"rtol": 0, "atol": 0, **tolerance})


@pytest.fixture(scope="module")
def real(fashion_mnist):
    """160 images uint8 [28, 28, 1] and their labels."""
    return fashion_mnist.images[:160], fashion_mnist.labels[:160]


@pytest.fixture(scope="module")
def gan():
    """One model for the rows that only need some model."""
    return make()


def refused(call, *words):
    """Checks that a call raises a `UsageError` of one sentence with all of the words."""
    with pytest.raises(UsageError) as caught:
        call()
    text = str(caught.value)
    assert "\n" not in text and len(text) < 500, text
    for word in words:
        assert word in text, f"{word!r} not in {text!r}"


# Data ---------------------------------------------------------------------------------------------


def test_arrays(gan, real):
    """An epoch is n / (batch · turns) steps, the rest comes in the next one; means are logged."""
    images, _ = real
    start = int(gan.step.numpy())
    history = gan.fit(images, batch_size=64, epochs=2, **QUIET).history
    assert int(gan.step.numpy()) == start + 4
    assert {"d_loss", "g_loss", "loss"} <= history.keys() and len(history["d_loss"]) == 2
    rows = gan.recorder.read(start + 4, 4)[1]
    for key, name in (("d_loss", "discriminator/loss"), ("g_loss", "generator/loss")):
        means = rows[name].reshape(2, 2).mean(1)
        np.testing.assert_allclose(history[key], means, rtol=1e-5)
    total = np.add(history["d_loss"], history["g_loss"])
    np.testing.assert_allclose(history["loss"], total, rtol=1e-5)


def test_images_without_a_channel_floats_and_tensors_train_alike(real):
    images, _ = real
    expected = make()
    expected.fit(images, batch_size=32, steps_per_epoch=2, **QUIET)
    forms = {
        "no channel": images[..., 0],
        "floats to 255": images.astype(np.float32),
        "floats to 1": images / 255.0,
        "floats from -1": images / np.float32(127.5) - np.float32(1.0),
        "a tensor": tf.constant(images),
    }
    for name, form in forms.items():
        other = make()
        other.fit(form, batch_size=32, steps_per_epoch=2, **QUIET)
        assert_same(other, expected, atol=1e-5 if "float" in name else 0)


def test_an_epoch_has_each_image_once(real):
    """The order is the project's own: a permutation, and another one for each epoch."""
    from keras_gan.data.adapters import Adapter, Needs

    images = np.arange(24, dtype=np.uint8)[:, None, None, None]
    adapter = Adapter(Needs((1, 1, 1), turns=2)).adapt(images, batch_size=4)
    assert adapter.steps == 3
    batches = [batch.numpy().ravel() for batch in adapter.data.take(6)]
    first, second = np.concatenate(batches[:3]), np.concatenate(batches[3:])
    assert sorted(first) == sorted(second) == [*range(24)] and (first != second).any()


def batches(images, labels=None, size=24, repeat=1):
    """A data set of batches that do not fit a step; the last one is smaller."""
    parts = images if labels is None else (images, labels)
    return tf.data.Dataset.from_tensor_slices(parts).repeat(repeat).batch(size)


class Pictures(keras.utils.PyDataset):
    """A user's own loader."""

    def __init__(self, images):
        super().__init__()
        self.images = images

    def __len__(self):
        return 7

    def __getitem__(self, index):
        return (self.images[24 * index : 24 * index + 24],)


def test_data_sets_of_any_batch_size_are_regrouped(real, capsys):
    """Batches of 24, the last of 16, in steps of 64: 2 steps; 32 images are dropped, said once."""
    images, labels = real

    def generator():
        yield from (images[start : start + 24] for start in range(0, 160, 24))

    loader = [images[start : start + 24] for start in range(0, 160, 24)]
    forms = {
        "images": batches(images),
        "images and labels": batches(images, labels),
        "a PyDataset": Pictures(images),
        "floats": batches(images.astype(np.float32)),
        "a loader": type("Loader", (), {"__iter__": lambda self: iter(loader)})(),
    }
    results = []
    for form in forms.values():
        gan = make()
        gan.fit(form, batch_size=64, epochs=2, verbose=2)  # without a warning of Keras at its end
        assert int(gan.step.numpy()) == 4
        results.append(gan)
    said = capsys.readouterr().err
    assert said.count("the last 32 images are dropped: a step takes 64") == len(forms)
    assert "images are uint8 in [0, 255]" in said and "images are floats in [0, 255]" in said
    once = make()
    once.fit(generator(), batch_size=64, steps_per_epoch=2, **QUIET)
    for gan in results[1:]:
        assert_same(gan, results[0], atol=1e-6)  # floats are scaled before they are batched
    twin = make()
    twin.fit(batches(images).take(7), batch_size=64, steps_per_epoch=2, **QUIET)
    assert_same(once, twin)


def test_image_dataset_from_directory_as_it_comes(real, tmp_path):
    images, labels = real
    for number in range(40):
        folder = tmp_path / f"class {labels[number] % 2}"
        folder.mkdir(exist_ok=True)
        Image.fromarray(images[number, ..., 0]).save(folder / f"{number}.png")
    data = keras.utils.image_dataset_from_directory(
        tmp_path, image_size=(28, 28), color_mode="grayscale", batch_size=16, verbose=False
    )
    gan = make()
    history = gan.fit(data, **QUIET).history
    assert int(gan.step.numpy()) == 2 and np.isfinite(history["d_loss"]).all()


def test_a_source_of_the_project(real):
    gan = make()
    gan.fit(keras_gan.open_source("fashion_mnist"), batch_size=32, steps_per_epoch=1, **QUIET)
    assert int(gan.step.numpy()) == 1


def test_labels_of_every_form_train_alike(real):
    images, labels = real
    one_hot = np.eye(10, dtype=np.float32)[labels]
    forms = [labels, labels[:, None], one_hot, labels.astype(np.float64)]
    expected = make(num_classes=10)
    expected.fit(images, forms[0], batch_size=32, steps_per_epoch=1, **QUIET)
    for form in forms[1:]:
        gan = make(num_classes=10)
        gan.fit(images, form, batch_size=32, steps_per_epoch=1, **QUIET)
        assert_same(gan, expected)
    for form in (labels, one_hot):
        gan.fit(batches(images, form, size=32), steps_per_epoch=1, **QUIET)


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda y: y + 1, ("1 to 10", "0 to 9")),
        (lambda y: y - 1, ("-1 to 8", "0 to 9")),
        (lambda y: y[:-1], ("[159] for 160 images",)),
        (lambda y: np.eye(11)[y], ("[160, 11]", "10 classes")),
        (lambda y: np.ones((160, 10)), ("one 1 among zeros",)),
        (lambda y: y + 0.5, ("not whole numbers",)),
        (lambda y: y.astype(str), ("integers",)),
        (lambda y: None, ("conditional", "fit(x, y)")),
    ],
)
def test_wrong_labels_are_refused(real, change, words):
    gan, (images, labels) = make(num_classes=10), real
    refused(lambda: gan.fit(images, change(labels), **QUIET), *words)


def test_a_label_that_is_wrong_in_a_later_batch_stops_the_run(real):
    images, labels = real
    changed = np.where(np.arange(160) < 120, labels, 10)
    gan = make(num_classes=10)
    refused(lambda: gan.fit(batches(images, changed, 40), **QUIET), "of batch 4", "0 to 9")


def floats(low, high):
    return np.random.default_rng(0).uniform(low, high, (64, 28, 28, 1)).astype(np.float32)


@pytest.mark.parametrize(
    "images, words",
    [
        (floats(0, 1.02), ("to 1.02;", "pixel_range=")),
        (floats(-2, 2), ("floats from -1.99", "pixel_range=")),
        (floats(0, 300), ("to 299.9", "pixel_range=")),
        (floats(-1, 255), ("to 254.99", "pixel_range=")),
        (floats(0, 1) * np.nan, ("NaN",)),
        (floats(0, 1).astype(np.complex64), ("complex64", "numbers are needed")),
        (np.ones((64, 28, 28, 1), np.uint8), ("uint8 from 1 to 1", "pixel_range=")),
        (np.full((64, 28, 28, 1), "a"), ("numbers are needed",)),
        (np.zeros((64, 784)), ("[784]", "[28, 28, 1]", "reshape")),
        (np.zeros((64, 32, 32, 1), np.uint8), ("[32, 32, 1]", "[28, 28, 1]")),
        (np.zeros((64, 28, 28, 3), np.uint8), ("[28, 28, 3]", "[28, 28, 1]")),
        (np.zeros((28, 28, 1), np.uint8), ("single images", "x[None]")),
        (np.full((20, 28, 28, 1), 9, np.uint8), ("20 images", "batch_size=64", "20")),
        ("pictures/", ("str", "open_source")),
        ([1, 2], ("list", "array")),
        (None, ("fit(x)",)),
    ],
)
def test_wrong_images_are_refused(gan, images, words):
    refused(lambda: gan.fit(images, **QUIET), *words)


def test_data_sets_that_could_mean_two_things_are_refused(gan, real):
    images, labels = real
    data = batches(images / np.float32(255.0), size=32)
    refused(lambda: gan.fit(data, **QUIET), "first batch", "pixel_range=")
    gan.fit(data, steps_per_epoch=1, pixel_range=(0, 1), **QUIET)
    wrong = dict(pixel_range=(-1, 0), **QUIET)
    refused(lambda: gan.fit(data, **wrong), "pixel_range=(-1, 0)", "from 0 to 1")
    refused(lambda: gan.fit(data.repeat(), pixel_range=(0, 1), **QUIET), "steps_per_epoch")
    refused(lambda: gan.fit(iter(data), **QUIET), "steps_per_epoch")
    refused(lambda: gan.fit(data, labels, **QUIET), "y is given")
    single = tf.data.Dataset.from_tensor_slices(images)
    refused(lambda: gan.fit(single, **QUIET), ".batch(")
    named = single.batch(8).map(lambda x: {"image": x})
    refused(lambda: gan.fit(named, **QUIET), "dictionaries", "as_supervised")


@pytest.mark.parametrize(
    "later, words, dtype",
    [
        (1 / 255, "[0, 1]", np.float32),
        (2.0, "[0, 510]", np.float32),
        (np.nan, "NaN", np.float32),
        (1 / 255, "[0, 1]", np.uint8),
    ],
)
def test_a_range_that_changes_half_way_stops_the_run(gan, real, later, words, dtype):
    scale = np.where(np.arange(160) < 96, 1.0, later)[:, None, None, None]
    data = batches((real[0] * scale).astype(dtype), size=32)
    refused(lambda: gan.fit(data, batch_size=32, **QUIET), "batch 4", words)


def test_validation_of_another_range_is_refused(gan, real):
    images = real[0]
    held_out = images.astype(np.float32) / 255.0
    options = dict(batch_size=32, validation_data=held_out, **QUIET)
    refused(lambda: gan.fit(images.astype(np.float32), **options), "[0, 1]", "[0, 255]")


def test_arguments_that_have_no_meaning_are_refused(gan, real):
    images = real[0]
    refused(lambda: gan.fit(images, class_weight={0: 1.0}, **QUIET), "class_weight")
    refused(lambda: gan.fit(images, batch_size=1, **QUIET), "at least 2")
    refused(lambda: gan.fit(images, batch_size=8.0, **QUIET), "batch_size=8.0")
    refused(lambda: keras_gan.GAN(*networks()).fit(images), "compile()")


def test_points():
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    discriminator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    gan = keras_gan.GAN(generator, discriminator)
    gan.compile()
    points = np.random.default_rng(0).normal(5.0, 9.0, (64, 2))
    gan.fit(points, batch_size=16, **QUIET)
    assert int(gan.step.numpy()) == 4 and gan.sample(3).shape == (3, 2)
    refused(lambda: gan.fit(points * np.nan, **QUIET), "NaN")


# Replicas -----------------------------------------------------------------------------------------


def test_replicas_equal_one_device(mirrored, real):
    """Arrays, data sets, labels and validation, with SGD and networks without randomness."""
    images, labels = real
    models = []
    for strategy in (tf.distribute.get_strategy(), mirrored):
        with strategy.scope():
            keras.utils.set_random_seed(0)
            gan = keras_gan.GAN(*networks(num_classes=10), num_classes=10)
            sgd = [keras.optimizers.SGD(0.05) for _ in "dg"]
            gan.compile(*sgd)
        options = dict(batch_size=32, validation_data=(images[:64], labels[:64]), **QUIET)
        first = gan.fit(images, labels, steps_per_epoch=2, **options).history
        data = batches(images, labels, size=24)
        second = gan.fit(data, batch_size=32, steps_per_epoch=2, **QUIET).history
        models.append((gan, {**first, **{f"2 {k}": v for k, v in second.items()}}))
    (one, logs), (two, replicated) = models
    assert_same(one, two, atol=1e-6)
    assert logs.keys() == replicated.keys() and "val_d_loss" in logs
    for key, values in logs.items():
        np.testing.assert_allclose(values, replicated[key], rtol=1e-4, atol=1e-6, err_msg=key)


def test_what_was_built_outside_the_scope_is_refused(gan, mirrored, real):
    outside = networks()
    with mirrored.scope():
        refused(lambda: keras_gan.GAN(*outside), "outside the strategy's scope")
        refused(lambda: gan.fit(real[0], **QUIET), "outside the strategy's scope")
        inside = keras_gan.GAN(*networks())
        refused(lambda: inside.compile(steps_per_execution=2), "steps_per_execution=2", "1 works")
        inside.compile()
    refused(lambda: inside.fit(real[0], batch_size=33, **QUIET), "2 replicas", "32 or 34")
