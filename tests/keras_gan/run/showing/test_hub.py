"""What is handed on has a card that says what it is, and comes back the same."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

import keras_gan
import models
from keras_gan.errors import StorageError, UsageError
from keras_gan.run import export, loading
from keras_gan.run.showing import card, extras
from keras_gan.settings.resolve import complete

pytest.importorskip("safetensors")
pytest.importorskip("yaml")
SCORES = {"step": "9", "fd_cnn": "21.5", "fd_cnn_floor": "0.04", "score_samples": "10000"}


def make(folder, name="acgan", **settings):
    arguments = {"num_classes": 3} if name == "acgan" else {}
    settings = {"model": name, "width": 4, "dataset": "folder:/somebody/secret/cats", **settings}
    config = complete(settings, models.REGISTRY[name].defaults())
    gan = models.REGISTRY[name](image_shape=(28, 32, 3), width=4, **arguments)
    gan.compile()
    gan.step.assign(9)
    for variable in gan.average_generator.variables:
        variable.assign(variable * 3.0)  # another one than G
    export.save(gan, folder, config, ["saved_model", "hub"], SCORES)
    return gan, folder / "hub"


@pytest.fixture(scope="module")
def handed(tmp_path_factory):
    return make(tmp_path_factory.mktemp("handed") / "export")


@pytest.fixture
def copy(handed, tmp_path):
    shutil.copytree(handed[1], tmp_path / "copy")
    return tmp_path / "copy"


def test_a_model_comes_back_whole(handed):
    gan, folder = handed
    loaded = keras_gan.load(folder)
    assert type(loaded) is type(gan) and int(loaded.step.numpy()) == 9
    np.testing.assert_array_equal(loaded.sample(6, seed=2), gan.sample(6, seed=2))
    for name, network in gan.networks.items():
        for mine, theirs in zip(network.variables, loaded.networks[name].variables):
            np.testing.assert_array_equal(mine.numpy(), theirs.numpy())
    served = tf.saved_model.load(folder / "saved_model")
    labels = tf.range(6) % 3
    np.testing.assert_array_equal(
        served.sample(6, 2, labels), gan.sample(6, seed=2, labels=labels.numpy())
    )


def test_an_encoder_comes_along(tmp_path):
    gan, folder = make(tmp_path / "export", "vae_gan")
    images = gan.sample(3)
    np.testing.assert_array_equal(loading.load_hub(folder).encode(images), gan.encode(images))


def test_nothing_names_the_machine(handed):
    for name in ("README.md", "config.json"):
        text = (handed[1] / name).read_text()
        assert "secret" not in text and "run_dir" not in text
        assert "folder:cats" in text


def test_the_card_has_what_a_reader_needs(handed):
    import yaml

    text = (handed[1] / "README.md").read_text()
    card.check(text)
    head = yaml.safe_load(text.split("---\n")[1])
    assert head["license"] == "unknown" and "fill it in" in text
    (result,) = head["model-index"][0]["results"]
    scores = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert scores == {"fd_cnn": 21.5, "fd_cnn_floor": 0.04}
    assert "| `fd_cnn` | 21.5 |" in text and "Of 10000 samples" in text
    assert "--model=acgan" in text and "3 classes" in text
    assert (handed[1] / "samples.png").exists()


def test_the_hub_s_own_reader_takes_the_card(handed):
    huggingface_hub = pytest.importorskip("huggingface_hub")
    data = huggingface_hub.ModelCard.load(handed[1] / "README.md").data
    assert data.pipeline_tag == "unconditional-image-generation"
    assert [result.metric_type for result in data.eval_results] == ["fd_cnn", "fd_cnn_floor"]


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("---\nlicense", "license", "no YAML head"),
        ("license: unknown", "license: mine", "head.license is 'mine'; allowed: apache-2.0"),
        ("license: unknown\n", "", r"lacks \['license'\]"),
        ("license: unknown", "license: unknown\ncolour: red", r"unknown \['colour'\]"),
        ("value: 21.5", "value: good", "value is 'good', no float"),
        ("tags:", "tags: gan\nx:", "unknown"),
        ("license: unknown", "license: [", "model card: while parsing"),
        ("## Limits", "## More", "lacks one of the sections"),
    ],
)
def test_a_card_that_breaks_the_schema_is_refused(handed, old, new, message):
    text = (handed[1] / "README.md").read_text()
    assert old in text
    with pytest.raises(UsageError, match=message):
        card.check(text.replace(old, new, 1))


def test_a_card_names_known_data_and_its_licence():
    description = {
        "model": "dcgan",
        "image_shape": [28, 28, 1],
        "latent_dim": 128,
        "num_classes": None,
        "step": 5,
        "settings": vars(complete({"model": "dcgan", "width": 8})),
    }
    text = card.text(description, {})
    card.check(text)
    assert "license: apache-2.0" in text and "Licence: MIT" in text
    assert "--width=8" in text and "None were taken" in text and "--run_dir" not in text


def test_damaged_folders_are_named(copy):
    weights = (copy / "model.safetensors").read_bytes()
    (copy / "model.safetensors").write_bytes(weights[:-100])
    with pytest.raises(StorageError, match=r"model\.safetensors: "):
        loading.load_hub(copy)
    (copy / "model.safetensors").write_bytes(weights)
    config = json.loads((copy / "config.json").read_text())
    other = {**config, "settings": {**config["settings"], "width": 8}}
    (copy / "config.json").write_text(json.dumps(other))
    with pytest.raises(StorageError, match="does not fit its config"):
        loading.load_hub(copy)
    (copy / "config.json").write_text(json.dumps({**config, "format_version": 99}))
    with pytest.raises(UsageError, match="newer version"):
        loading.load_hub(copy)
    (copy / "config.json").write_text(json.dumps({**config, "model": "nobody"}))
    with pytest.raises(UsageError, match="model 'nobody'; here are acgan"):
        loading.load_hub(copy)
    (copy / "config.json").write_text("{}")
    with pytest.raises(StorageError, match="not of a keras-gan model"):
        loading.load_hub(copy)


def test_a_name_that_is_no_folder_and_no_hub_name_is_refused(monkeypatch):
    with pytest.raises(UsageError, match="no such folder, and no name"):
        loading.load_hub("not//a name")
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"needs the package .*; pip install 'keras-gan\[hub\]'"):
        loading.load_hub("owner/name")
