"""Extractors: the shipped network on real data, shapes, hashes, users' files."""

import hashlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_gan.data import open_source
from keras_gan.errors import StorageError, UsageError
from keras_gan.evaluation import protocol, storage
from keras_gan.evaluation.extractors import base as extractors
from keras_gan.evaluation.extractors import cnn as small_cnn
from keras_gan.evaluation.extractors import cnn_network as cnn
from keras_gan.evaluation.extractors import inception as pretrained


@pytest.fixture(scope="module")
def shipped():
    return small_cnn.open_shipped()


def test_the_shipped_network_classifies_fashion_mnist(shipped):
    test = open_source("fashion_mnist", split="test")
    images, labels = test.fetch(np.arange(10_000))
    accuracy = (shipped.probabilities(images).argmax(1) == labels).mean()
    assert accuracy > 0.88
    assert small_cnn.SHIPPED.stat().st_size < 300_000


def test_fashion_mnist_gets_the_shipped_network(shipped, tmp_path):
    division = protocol.divide(open_source("fashion_mnist"))
    metadata = small_cnn.describe(division)
    assert storage.load(small_cnn.SHIPPED, metadata)[1]["command"]
    assert small_cnn.small_cnn(division, tmp_path).hash == shipped.hash
    assert not list(tmp_path.rglob("*.npz"))  # nothing was trained
    assert not np.intersect1d(division.cnn, division.reference).size
    assert [len(x) for x in (division.cnn, division.reference, division.held_out)] == [
        10_000,
        50_000,
        10_000,
    ]


def test_features_do_not_depend_on_batches_or_order(shipped, small):
    images, _ = small.pictures(333)
    whole = shipped.features(images)
    pieces = np.concatenate([shipped.features(part) for part in np.array_split(images, 7)])
    backwards = shipped.features(images[::-1])[::-1]
    assert whole.shape == (333, shipped.size) and whole.dtype == np.float32
    scale = np.abs(whole).max()
    assert np.abs(whole - pieces).max() < 1e-6 * scale
    assert np.abs(whole - backwards).max() < 1e-6 * scale


def test_another_size_is_refused(shipped, small):
    with pytest.raises(UsageError, match="images are 32x32x1, the extractor cnn takes 28x28x1"):
        shipped.features(small.pictures(2, shape=(32, 32, 1))[0])


@pytest.mark.parametrize("shape", [(28, 28, 4), (256, 256, 3), (32, 48, 1), (252, 28, 3)])
def test_the_network_takes_all_sizes(shape):
    network = cnn.build(shape, 10)
    logits, features = network(np.zeros((1, *shape), np.float32))
    assert logits.shape == (1, 10) and features.shape == (1, cnn.FEATURES)
    assert network.count_params() < 150_000  # as float16 below 300 kB


def test_training_is_a_function_of_the_seed(small):
    images, labels = small.pictures(100)
    first, second = (cnn.train(images, labels, classes=4, seed=3, epochs=1) for _ in range(2))
    assert extractors.hash_arrays(first) == extractors.hash_arrays(second)


def test_unlabelled_data_get_a_network_named_after_rotations(small, tmp_path):
    division = protocol.divide(small.source(1200, 0, labelled=False, shape=(28, 32, 3)))
    extractor = small_cnn.small_cnn(division, tmp_path)
    assert extractor.name == "rotation_cnn" and extractor.classes is None
    assert extractor.title == "FD (rotation CNN)" and extractor.resize.endswith("28x28")
    (file,) = tmp_path.rglob("*.npz")
    assert storage.load(file)[1]["task"] == "rotations"
    assert small_cnn.small_cnn(division, tmp_path).hash == extractor.hash


def test_settings_are_searched_with_another_network_of_other_images(small, tmp_path):
    division = protocol.divide(small.source(1200, 0, shape=(28, 28, 1)))
    public = small_cnn.small_cnn(division, tmp_path)
    search = small_cnn.search_cnn(division, tmp_path)
    assert (search.name, search.title) == ("search_cnn", "FD (search CNN)")
    assert search.hash != public.hash and search.classes == public.classes
    recorded = {storage.load(file)[1]["data"] for file in tmp_path.rglob("*.npz")}
    assert len(recorded) == 2


def test_rotations_are_those_of_numpy():
    image = np.arange(9).reshape(1, 3, 3, 1)
    turned = cnn.rotated(np.repeat(image, 4, 0), [0, 1, 2, 3])
    for k in range(4):
        np.testing.assert_array_equal(turned[k], np.rot90(image[0], k))


def test_large_images_are_reduced_to_few_pixels(small):
    images, _ = small.pictures(3, shape=(64, 28, 3))
    pixels = extractors.Pixels((64, 28, 3))
    assert pixels.features(images).shape == (3, 32 * 28 * 3) and "32x28" in pixels.resize
    small_images = small.pictures(3)[0]
    exact = extractors.Pixels((28, 28, 1)).features(small_images)
    np.testing.assert_allclose(exact, small_images.reshape(3, -1) / 255.0, atol=1e-6)


def test_resizing_is_pillows(small):
    image = small.pictures(1, shape=(64, 64, 1))[0]
    expected = Image.fromarray(image[0, ..., 0].astype(np.float32), mode="F")
    expected = np.asarray(expected.resize((28, 28), Image.Resampling.BICUBIC))
    resized = extractors.to_size(image, (28, 28))[0, ..., 0]
    assert np.abs(resized - np.clip(expected, 0, 255)).max() < 0.5


def test_a_keras_model_and_its_saved_model_give_the_same_features(small, tmp_path):
    inputs = keras.Input((14, 14, 3))
    x = keras.layers.Conv2D(5, 3)(keras.layers.Rescaling(1 / 255)(inputs))
    model = keras.Model(inputs, x)
    model.save(tmp_path / "own.keras")
    model.export(tmp_path / "saved", verbose=False)
    images = small.pictures(30)[0]
    opened = [pretrained.open_model(str(tmp_path / name)) for name in ("own.keras", "saved")]
    first, second = (extractor.features(images) for extractor in opened)
    assert first.shape == (30, 5) and opened[0].hash != "none"
    np.testing.assert_allclose(first, second, atol=1e-5)
    assert "14x14" in opened[0].resize
    expected = model(extractors.three_channels(extractors.to_size(images, (14, 14))))
    np.testing.assert_allclose(first, np.mean(expected, axis=(1, 2)), atol=1e-5)


def graph_of_2015(path):
    """A graph with the node names of the 2015 network, but almost nothing between them."""
    with tf.Graph().as_default() as graph:
        images = tf.compat.v1.placeholder(tf.float32, (1, None, None, 3), name="images")
        images = tf.raw_ops.IdentityN(input=[images])[0]
        images = tf.identity(images, name="ExpandDims")
        pool = tf.reduce_mean(images, (1, 2), keepdims=True)
        pool = tf.identity(tf.tile(pool, (1, 1, 1, 683))[..., :2048], name="plain")
        for name, value in (("zeros", 0.0), ("ones", 1.0)):
            tf.constant(np.full(2048, value, np.float32), name=name)
        pool = tf.identity(pool, name="pool_3")
        row = tf.reshape(pool, (1, 2048), name="pool_3/_reshape")
        kernel = np.random.RandomState(0).normal(size=(2048, 7)).astype(np.float32) / 1e4
        tf.matmul(row, tf.constant(kernel), name="softmax/logits/MatMul")
    definition = graph.as_graph_def()
    definition.versions.producer = 8  # as old as this op for normalisation
    (pool,) = (node for node in definition.node if node.name == "pool_3")
    pool.op = "BatchNormWithGlobalNormalization"
    del pool.input[:]
    pool.input.extend(["plain", "zeros", "ones", "zeros", "ones"])
    pool.attr["variance_epsilon"].f = 0.0
    pool.attr["scale_after_normalization"].b = False
    path.write_bytes(definition.SerializeToString())


def test_only_the_known_graph_is_called_fid(small, tmp_path, monkeypatch):
    graph_of_2015(tmp_path / "graph.pb")
    images = small.pictures(60, shape=(28, 28, 3))[0]
    unknown = pretrained.open_inception(str(tmp_path / "graph.pb"))
    features, probabilities = unknown.both(images)
    assert unknown.name == "inception_graph" and "FID" not in unknown.title
    np.testing.assert_allclose(features[:, :3], images.mean((1, 2)), rtol=1e-4)
    assert probabilities.shape == (60, 7)
    digest = hashlib.sha256((tmp_path / "graph.pb").read_bytes()).hexdigest()
    monkeypatch.setattr(pretrained, "FID_GRAPHS", {digest})
    assert pretrained.open_inception(str(tmp_path / "graph.pb")).name == "fid"
    assert pretrained.open_inception(str(tmp_path / "graph.pb"), clean=True).name == "clean_fid"


def test_wrong_files_are_refused(tmp_path):
    with pytest.raises(UsageError, match="--inception_weights=PATH"):
        pretrained.open_inception("")
    with pytest.raises(UsageError, match="no such file"):
        pretrained.open_inception(str(tmp_path / "missing.h5"))
    for name in ("broken.pb", "broken.keras"):
        (tmp_path / name).write_bytes(b"nothing of the kind")
    with pytest.raises(StorageError, match="not the 2015 Inception graph"):
        pretrained.open_inception(str(tmp_path / "broken.pb"))
    with pytest.raises(StorageError, match="can't be loaded"):
        pretrained.open_model(str(tmp_path / "broken.keras"))
    with pytest.raises(UsageError, match="--extractor=vgg"):
        pretrained.open_model("vgg")


@pytest.mark.slow
def test_keras_inception_is_named_so_and_reads_both_kinds_of_weights(small, tmp_path):
    for top in (False, True):
        file = tmp_path / ("top.weights.h5" if top else "notop.weights.h5")
        keras.applications.InceptionV3(weights=None, include_top=top).save_weights(file)
        extractor = pretrained.open_inception(str(file))
        assert extractor.title == "FD (Keras-Inception)" and extractor.name == "keras_inception"
        features, probabilities = extractor.both(small.pictures(2)[0])
        assert features.shape == (2, 2048) and (probabilities is not None) == top
