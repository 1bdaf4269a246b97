"""`--weights`: what a run has left elsewhere is used in place of the run, and equals it."""

import shutil

import numpy as np
import pytest

import models
from keras_gan import cli
from keras_gan.errors import StorageError, UsageError
from keras_gan.run import export, loading, trained
from keras_gan.settings.resolve import complete

CLASSES = ["coat", "bag", "shoe"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A conditional model whose average is another one than G, its export and its hub folder."""
    pytest.importorskip("safetensors")
    folder = tmp_path_factory.mktemp("trained") / "export"
    gan = models.REGISTRY["cgan"](image_shape=(28, 28, 1), width=4, latent_dim=8, num_classes=3)
    gan.compile()
    gan.step.assign(7)
    for variable in gan.average_generator.variables:
        variable.assign(variable * 3.0)
    settings = {"model": "cgan", "width": 4, "latent_dim": 8, "seed": 5, "dataset": "folder:/x/y"}
    config = complete(settings, gan.defaults())
    export.save(gan, folder, config, ["saved_model", "hub"], {"fd_cnn": 9.0}, CLASSES)
    gan.save(folder.parent / "model.keras")
    return gan, folder


def main(*arguments):
    return cli.main(["main.py", *arguments], lambda: models.REGISTRY)


@pytest.mark.parametrize("name", ["", "hub", "../model.keras"])
def test_all_weights_come_back_bit_for_bit(model, name):
    gan, folder = model
    opened = trained.open_weights(str(folder / name), models.REGISTRY)
    assert opened.model == "cgan" and type(opened.gan) is type(gan)
    assert int(opened.gan.step.numpy()) == 7
    np.testing.assert_array_equal(opened.gan.sample(5, seed=3), gan.sample(5, seed=3))
    for network in gan.networks:
        mine, theirs = (one.networks[network].variables for one in (gan, opened.gan))
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())
    if not name.endswith(".keras"):
        assert opened.class_names == CLASSES


@pytest.mark.slow
def test_an_export_is_sampled_interpolated_and_exported_as_its_model_is(model, tmp_path):
    gan, folder = model
    given = [f"--weights={folder}", f"--out={tmp_path / 'out'}"]
    assert main(*given, "--mode=sample", "--count=6", "--seed=2", "--sample_labels=1") == 0
    results = np.load(tmp_path / "out" / "samples.npz")
    np.testing.assert_array_equal(results["images"], gan.sample(6, seed=2, labels=np.ones(6, int)))
    given[-1] = f"--out={tmp_path / 'film'}"
    assert main(*given, "--mode=interpolate", "--format=gif", "--count=4") == 0
    assert (tmp_path / "film" / "interpolation-seed-0.gif").exists()
    given[-1] = f"--out={tmp_path / 'again'}"
    assert main(*given, "--mode=export") == 0
    again, about = loading.open_export(tmp_path / "again")
    np.testing.assert_array_equal(again.sample(3), gan.sample(3))
    assert about["class_names"] == CLASSES and about["scores"] == {"fd_cnn": 9.0}


def test_a_shipped_name_is_looked_up(model, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(models.WEIGHTS, "coats", model[1] / "hub")
    arguments = ["--mode=sample", "--count=2", f"--out={tmp_path / 'out'}"]
    assert main("--weights=coats", *arguments) == 0
    assert main("--weights=goats", *arguments) == 2
    assert "--weights=goats: no such weights; allowed: a shipped model (coats, " in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--mode=train"], "has no use in --mode=train; allowed: --mode=sample, interpolate"),
        (["--mode=sample", "--run_dir=x"], "given together with --run_dir; allowed: one of"),
        (["--mode=sample", "--width=8"], "--width=8: is a setting of training"),
        (["--mode=sample"], "--mode=sample with --weights needs --out=FOLDER"),
        (["--mode=export", "--out=x", "--weights=x.keras"], "does not say how it was trained"),
        (["--mode=explore", "--weights=/tmp"], "has neither a model.json nor a config.json"),
        (["--mode=explore", "--weights=nowhere"], "no such weights; allowed: a shipped model"),
    ],
)
def test_what_is_wrong_is_refused_in_one_line(capsys, arguments, message):
    assert main("--weights=somewhere", *arguments) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()[-1:]
    assert message in line


def test_a_run_is_no_weights(tmp_path):
    (tmp_path / "operative.flags").write_text("")
    with pytest.raises(UsageError, match=f"is a run; allowed: --run_dir={tmp_path}"):
        trained.open_weights(str(tmp_path), models.REGISTRY)


def test_damaged_and_foreign_exports_are_named(model, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(model[1], copy)
    about = (copy / "model.json").read_text()
    (copy / "model.json").write_text(about.replace('"width": 4', '"width": 8'))
    with pytest.raises(StorageError, match="weights"):
        loading.open_export(copy)
    (copy / "model.json").write_text(about)
    data = next((copy / "variables").glob("variables.data*"))
    data.write_bytes(data.read_bytes()[:500])
    with pytest.raises(StorageError, match="its weights can't be read"):
        loading.open_export(copy)
    (copy / "model.json").write_text("{}")
    with pytest.raises(StorageError, match="not of a keras-gan model"):
        loading.open_export(copy)
    model[0].export(tmp_path / "own")
    with pytest.raises(UsageError, match="does not say how to build its networks"):
        loading.open_export(tmp_path / "own")


def test_data_of_another_machine_are_not_looked_for(model):
    opened = trained.open_weights(str(model[1]), models.REGISTRY)
    config = trained.config_of({"mode": "project", "count": 3}, opened)
    assert config.width == 4 and config.count == 3 and config.seed == 0  # not the training's
    assert opened.data(config, opened=True).label_names == CLASSES
