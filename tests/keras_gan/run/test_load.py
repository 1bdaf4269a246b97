"""`keras_gan.load` of a run directory: its last checkpoint, without its data."""

import numpy as np
import pytest

import keras_gan
import models
from keras_gan.cli import main
from keras_gan.errors import UsageError


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished conditional run of two steps; its data are gone."""
    folder = tmp_path_factory.mktemp("load")
    rng = np.random.default_rng(0)
    data = folder / "data.npz"
    np.savez(data, images=rng.integers(0, 256, (32, 28, 28, 1), np.uint8), labels=np.arange(32) % 2)
    flags = ["--model=cgan", "--width=4", "--batch_size=8", "--steps=2", "--sample_every=0"]
    flags += ["--notensorboard", "--noprogress", "--log_every=1", f"--dataset=npz:{data}"]
    assert main(["main.py", *flags, f"--run_dir={folder / 'run'}"], lambda: models.REGISTRY) == 0
    data.unlink()
    return folder / "run"


def test_a_run_and_its_export_give_the_same_samples(run):
    gan = keras_gan.load(run)
    assert type(gan) is models.REGISTRY["cgan"] and gan.num_classes == 2
    assert int(gan.step.numpy()) == 2
    served = keras_gan.load(run / "export")
    np.testing.assert_array_equal(gan.sample(5, seed=3), served.sample(5, 3))


def test_a_run_without_a_checkpoint(run, tmp_path):
    (tmp_path / "operative.flags").write_text((run / "operative.flags").read_text())
    (tmp_path / "export").mkdir()
    about = (run / "export" / "model.json").read_text()
    (tmp_path / "export" / "model.json").write_text(about)
    with pytest.raises(UsageError, match="no checkpoint"):
        keras_gan.load(tmp_path)
