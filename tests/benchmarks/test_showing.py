"""The pictures of directions are made of a folder of runs and exports, and listed on a page."""

import numpy as np
import pytest
from PIL import Image

import models
from benchmarks import directions, showing
from keras_gan import cli
from keras_gan.run import export
from keras_gan.settings.resolve import complete

STEPS = ["--steps=1", "--batch_size=8", "--sample_every=0", "--notensorboard", "--noprogress"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of dcgan, exports of infogan and of points, and a folder of something else."""
    folder = tmp_path_factory.mktemp("runs")
    images = np.random.default_rng(0).integers(0, 256, (32, 28, 28), np.uint8)
    np.savez(folder / "data.npz", images=images)
    arguments = [f"--dataset=npz:{folder / 'data.npz'}", f"--run_dir={folder / 'a'}", *STEPS]
    assert cli.main(["main.py", *arguments, "--width=4"], lambda: models.REGISTRY) == 0
    for name, shape in (("infogan", (28, 28, 1)), ("gan", (2,))):
        gan = models.REGISTRY[name](image_shape=shape, width=4)
        gan.compile()
        config = complete({"model": name, "width": 4}, gan.defaults())
        export.save(gan, folder / f"b-{name}", config)
    (folder / "notes").mkdir()
    return folder


@pytest.mark.slow
def test_a_folder_of_runs_becomes_pictures_and_a_section(runs, tmp_path, capsys, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("Before\n<!-- directions: begin -->\nold\n<!-- directions: end -->\nAfter\n")
    monkeypatch.setattr(showing, "PAGE", page)
    monkeypatch.setattr(showing, "PICTURES", tmp_path / "pictures")
    assert showing.main(["--directions", f"--runs={runs}", "--write"]) == 0
    assert "left out (gan, points)" in capsys.readouterr().out
    files = sorted((tmp_path / "pictures").iterdir())
    assert [file.name for file in files] == ["dcgan.png", "infogan.png"]
    for file in files:
        assert file.stat().st_size < 300_000
        with Image.open(file) as picture:
            assert picture.size == (2 * (9 * 29 + 1), 2 * (8 * 29 + 1))
    text = page.read_text()
    assert text.startswith("Before\n") and text.endswith("After\n") and "old" not in text
    assert "![dcgan](images/directions/dcgan.png)" in text
    assert "`infogan`: its 2 codes, then SeFa's directions" in text


def test_every_row_leads_through_the_same_image():
    gan = models.REGISTRY["dcgan"](image_shape=(28, 28, 1), width=4)
    for variable in gan.average_generator.variables:
        variable.assign(variable * (8.0 if len(variable.shape) > 1 else 1.0))
    picture = directions.picture(gan)[::2, ::2]
    cells = picture[:-1, :-1].reshape(8, 29, 9, 29, 1)[:, 1:, :, 1:].swapaxes(1, 2).astype(int)
    assert np.abs(cells[:, 4] - cells[0, 4]).max() <= 1
    assert np.abs(cells[:, 0] - cells[:, 8]).max(axis=(1, 2, 3)).min() > 10


def test_a_folder_without_models_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        showing.main(["--directions", f"--runs={tmp_path}"])
    assert ended.value.code == 2
    assert "no run, export or hub folder" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        showing.main([])
