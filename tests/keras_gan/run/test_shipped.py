"""Weights that ship: read by name without further packages, small, and as their card says."""

import json
import sys

import numpy as np
import pytest

import keras_gan
import models
from keras_gan.errors import StorageError, UsageError
from keras_gan.run import loading, shipped
from keras_gan.run.showing import hub
from keras_gan.settings.resolve import complete


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A conditional model and the folder that it ships in."""
    folder = tmp_path_factory.mktemp("weights") / "coats"
    folder.mkdir()
    gan = models.CGAN(image_shape=(28, 28, 1), width=4, latent_dim=8, num_classes=3)
    gan.compile()
    config = complete({"model": "cgan", "width": 4, "latent_dim": 8}, gan.defaults())
    (folder / "config.json").write_text(json.dumps(hub.describe(gan, config)))
    shipped.write(gan, folder / shipped.FILE)
    return gan, folder


def test_a_name_gives_the_weights_to_half_precision(written, monkeypatch):
    gan, folder = written
    monkeypatch.setitem(models.WEIGHTS, "coats", folder)
    monkeypatch.setitem(sys.modules, "safetensors", None)
    loaded = keras_gan.load("coats")
    mine, theirs = hub.weights(gan), hub.weights(loaded)
    assert mine.keys() == theirs.keys()
    for name, array in mine.items():
        np.testing.assert_allclose(theirs[name], array, rtol=2**-11, atol=6e-8)
    assert loaded.sample(2, seed=1).shape == (2, 28, 28, 1)


def test_a_damaged_file_and_an_unknown_name_are_named(written, tmp_path):
    for name in ("config.json", shipped.FILE):
        (tmp_path / name).write_bytes((written[1] / name).read_bytes())
    (tmp_path / shipped.FILE).write_bytes((tmp_path / shipped.FILE).read_bytes()[:-100])
    with pytest.raises(StorageError, match="is damaged"):
        loading.open_hub(tmp_path)
    with pytest.raises(UsageError, match="goats does not exist; .* can be loaded"):
        keras_gan.load("goats")


def test_all_that_ship_are_small():
    sizes = {
        name: (folder / shipped.FILE).stat().st_size for name, folder in models.WEIGHTS.items()
    }
    assert all(size <= 2_500_000 for size in sizes.values()), sizes
    assert sum(sizes.values()) <= 12_000_000


@pytest.mark.parametrize("name", sorted(models.WEIGHTS))
def test_what_ships_is_what_its_card_says(name):
    folder = models.WEIGHTS[name]
    card = (folder / "README.md").read_text()
    assert f"`{shipped.storage.load(folder / shipped.FILE)[1]['hash']}`" in card
    gan, description = loading.open_hub(folder)
    assert f"`fd_cnn` | {description['scores']['fd_cnn']:.4g} |" in card
    assert (folder / "samples.png").exists()
    images = keras_gan.load(name).sample(100, seed=0)
    assert images.shape == (100, *gan.image_shape) and images.dtype == np.uint8
    assert len(np.unique(images.reshape(100, -1), axis=0)) == 100
