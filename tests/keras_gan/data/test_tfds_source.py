"""TFDS: a builder defined here, which needs no network, and the real Fashion-MNIST."""

import pathlib
import time

import numpy as np
import pytest
import tensorflow_datasets as tfds

from keras_gan.data import (
    fashion_mnist,
    fetch,
    open_source,
    opening,
    reachable,
    stacked,
    tfds_source,
)
from keras_gan.errors import StorageError

COUNT = 12


class TinyPictures(tfds.core.GeneratorBasedBuilder):
    """Pictures whose pixels are their label; config "mixed" has many sizes."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [  # noqa: RUF012
        tfds.core.BuilderConfig(name=name) for name in ("even", "mixed", "deep", "broken")
    ]

    def _info(self):
        shape = (None, None, 3) if self.builder_config.name == "mixed" else (32, 28, 3)
        dtype = np.uint16 if self.builder_config.name == "deep" else np.uint8
        features = {
            "image": tfds.features.Image(shape=shape, dtype=dtype),
            "label": tfds.features.ClassLabel(num_classes=3),
        }
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(0), "extra": self._generate_examples(1)}

    def _generate_examples(self, shift):
        if self.builder_config.name == "broken":
            raise RuntimeError("first line\nsecond line")
        for index in range(COUNT):
            width = 28 + 2 * index if self.builder_config.name == "mixed" else 28
            label = (index + shift) % 3
            yield index, {"image": np.full((32, width, 3), 80 * label, np.uint8), "label": label}


@pytest.mark.parametrize("memory_limit", [2**30, 0])
def test_any_builder_held_in_memory_or_read_as_needed(tmp_path, memory_limit):
    def opened(**options):
        return open_source(
            "tiny_pictures/even", data_dir=tmp_path, memory_limit=memory_limit, **options
        )

    for source in (opened(), opened()):  # the second time from the cache
        assert (source.images is None) == (memory_limit == 0)
        assert len(source) == COUNT and source.image_shape == (32, 28, 3)
        assert source.num_classes == 3 and source.label_names == ["0", "1", "2"]
        images, labels = source.fetch(np.arange(COUNT)[::-1])
        assert images.dtype == np.uint8 and sorted(labels) == sorted([0, 1, 2] * 4)
        np.testing.assert_array_equal(
            images, (80 * labels)[:, None, None, None] + np.zeros_like(images)
        )
    assert list(tmp_path.rglob("*.array_record*")) and not list(tmp_path.rglob("*.tfrecord*"))
    resized = opened(image_size=(28, 40), channels=1, labels="none")
    assert resized.fetch([3])[0].shape == (1, 28, 40, 1) and resized.labels is None
    assert source.reopen("extra").split == "extra" and source.reopen("test") is None


def test_mixed_sizes_need_a_size(tmp_path, refused):
    refused(lambda: open_source("tiny_pictures/mixed", data_dir=tmp_path), "--image_size")
    source = open_source("tiny_pictures/mixed", data_dir=tmp_path, image_size=(32, 32))
    assert source.images.shape == (COUNT, 32, 32, 3)


def test_unusable_data_sets(tmp_path, refused):
    def opening(name, **options):
        return lambda: open_source(name, data_dir=tmp_path, **options)

    refused(opening("fashionmnist"), "fashion_mnist", "folder:PATH")
    refused(opening("imdb_reviews"), "image")
    refused(opening("tiny_pictures/deep"), "uint16")
    refused(opening("tiny_pictures/broken"), "first line second line")
    refused(opening("tiny_pictures/even", split="test"), "train", "extra")
    refused(opening("tiny_pictures/even", labels="z"), "auto", flag="labels")
    refused(opening("tiny_pictures/even", min_size=13), "12 images", "batch of 13")


def test_a_damaged_cache_is_named(tmp_path):
    open_source("tiny_pictures/even", data_dir=tmp_path)
    (file,) = tmp_path.rglob("images-*.npy")
    whole = file.read_bytes()
    for damaged in (b"", whole[:1000], b"x" * len(whole)):
        file.write_bytes(damaged)
        with pytest.raises(StorageError, match=r"images-32x28x3\.npy is damaged"):
            open_source("tiny_pictures/even", data_dir=tmp_path)


def test_an_unreachable_host_is_detected_within_seconds(tmp_path, refused, monkeypatch):
    monkeypatch.setattr(reachable, "status", lambda url, seconds=5: None)
    monkeypatch.setattr(fashion_mnist, "PLACE", "nowhere")
    start = time.monotonic()
    for name, word in (("fashion_mnist", "dataset-fashion-mnist"), ("cifar10", "toronto.edu")):
        refused(lambda name=name: open_source(name, data_dir=tmp_path), word, "can't be reached")
    assert time.monotonic() - start < 10


def test_status_waits_no_longer_than_its_limit():
    start = time.monotonic()
    assert reachable.status("http://192.0.2.1/", seconds=0.2) != 200  # a documentation address
    assert time.monotonic() - start < 2


def test_fetch_reports_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(reachable, "status", lambda url, seconds=5: None)
    monkeypatch.setattr(fashion_mnist, "PLACE", "nowhere")
    fetched = []
    monkeypatch.setattr(fashion_mnist, "fetch_package", fetched.append)
    assert fetch.main(["--dataset=fashion_mnist", f"--data_dir={tmp_path}"]) == 2
    assert fetched == [tmp_path] and "dataset-fashion-mnist" in capsys.readouterr().err


def test_restored_header_is_that_of_the_published_file():
    debian = bytes.fromhex("1f8b0800000000000203") + b"data"
    whole = fashion_mnist.restore_header(debian, "t10k-labels-idx1-ubyte", 1504176627)
    assert whole == bytes.fromhex("1f8b0808f3e9a7590003") + b"t10k-labels-idx1-ubyte\0data"


# The real data, where available -------------------------------------------------------------------


def _prepared():
    return (opening.default_data_dir() / "decoded" / "fashion_mnist" / "train").is_dir()


needs_fashion_mnist = pytest.mark.skipif(
    not _prepared(), reason="needs `python -m keras_gan.data.fetch`"
)


@needs_fashion_mnist
def test_fashion_mnist_opens_at_once():
    open_source("fashion_mnist")
    start = time.monotonic()
    source = open_source("fashion_mnist")
    assert time.monotonic() - start < 1
    assert source.images.shape == (60_000, 28, 28, 1) and source.images.dtype == np.uint8
    assert source.label_names[0] == "T-shirt/top" and source.label_names[9] == "Ankle boot"
    assert np.bincount(source.labels).tolist() == [6000] * 10
    assert np.bincount(source.reopen("test").labels).tolist() == [1000] * 10
    np.testing.assert_allclose(source.images.mean(), 72.94, atol=0.01)  # published mean, 0.2860


@needs_fashion_mnist
def test_stacked_fashion_mnist():
    grey, source = open_source("fashion_mnist"), open_source("stacked_fashion_mnist")
    assert source.image_shape == (28, 28, 3) and source.num_classes == 1000
    assert len(np.unique(source.labels)) == 1000
    images, labels = source.fetch(np.arange(300))
    by_class = {c: {i.tobytes() for i in grey.images[grey.labels == c]} for c in range(10)}
    for image, label in zip(images, labels):
        for channel, digit in enumerate(divmod(label, 100)[:1] + divmod(label % 100, 10)):
            assert image[..., channel].tobytes() in by_class[digit]
    np.testing.assert_array_equal(open_source("stacked_fashion_mnist").fetch([7])[0][0], images[7])
    assert open_source("stacked_fashion_mnist", image_size=(32, 32)).fetch([1])[0].shape[1] == 32


@needs_fashion_mnist
def test_stacked_mnist_is_made_as_stacked_fashion_mnist_is(monkeypatch):
    """Of MNIST, in whose place Fashion-MNIST stands here."""
    opened = []

    def open_other(name, split, data_dir):
        opened.append(name)
        return tfds_source.open_tfds("fashion_mnist", split, data_dir)

    monkeypatch.setattr(stacked, "open_tfds", open_other)
    source, other = open_source("stacked_mnist"), open_source("stacked_fashion_mnist")
    assert opened == ["mnist", "fashion_mnist"] and source.name == "stacked_mnist"
    np.testing.assert_array_equal(source.fetch([0, 9])[0], other.fetch([0, 9])[0])


@pytest.mark.slow
def test_fashion_mnist_from_debians_files(tmp_path, monkeypatch):
    """TFDS' own checksums accept the restored files; one flipped byte is refused."""
    debian = opening.default_data_dir() / "debian"
    if (
        not (debian / fashion_mnist.PLACE).is_dir()
        and not (pathlib.Path("/") / fashion_mnist.PLACE).is_dir()
    ):
        pytest.skip("needs Debian's dataset-fashion-mnist")
    monkeypatch.setattr(reachable, "status", lambda url, seconds=5: None)
    if (debian / fashion_mnist.PLACE).is_dir():
        (tmp_path / "debian").symlink_to(debian)
    source = open_source("fashion_mnist", split="test", data_dir=tmp_path)
    assert len(source) == 10_000
    with pytest.raises(ValueError, match=r"NonMatchingChecksum"):
        manual = fashion_mnist.manual_files(tmp_path)
        file = manual / "t10k-labels-idx1-ubyte.gz"
        file.write_bytes(file.read_bytes()[:-1] + b"\xff")
        monkeypatch.setattr(fashion_mnist, "manual_files", lambda data_dir: manual)
        (tmp_path / "damaged").mkdir()
        tfds_source.open_tfds("fashion_mnist", "test", tmp_path / "damaged")
