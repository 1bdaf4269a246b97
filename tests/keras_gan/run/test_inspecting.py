"""`--mode=inspect`: the report, as text, as JSON and as files."""

import json

import numpy as np
import pytest
from PIL import Image

import models
from keras_gan import cli


def inspect(*flags):
    return cli.main(["main.py", "--mode=inspect", *map(str, flags)], lambda: models.REGISTRY)


@pytest.fixture
def folder(tmp_path):
    """Eight pictures of two shapes and modes, two of them equal, in two classes, and one broken."""
    rng = np.random.default_rng(0)
    for number in range(8):
        small = rng.integers(0, 256, (5, 5, 4 if number == 7 else 3), np.uint8)
        size = (60, 40) if number < 3 else (40, 40)
        picture = Image.fromarray(small).resize(size)
        path = tmp_path / "pics" / ("cat", "dog")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        (picture.convert("L") if number == 5 else picture).save(path)
    (tmp_path / "pics" / "dog" / "copy.png").write_bytes(
        (tmp_path / "pics" / "cat" / "4.png").read_bytes()
    )
    (tmp_path / "pics" / "cat" / "bad.png").write_bytes(b"no picture")
    return tmp_path / "pics"


def test_the_report(folder, tmp_path, capfd):
    before = sorted(folder.rglob("*"))
    out = tmp_path / "report"
    assert inspect(f"--dataset=folder:{folder}", f"--out={out}", "--json") == 0
    report = json.loads(capfd.readouterr().out)
    assert report["pictures"] == 9 and report["classes"] == {"cat": 4, "dog": 5}
    assert report["unreadable_files"] == [
        {"file": "cat/bad.png", "reason": "not of any known format"}
    ]
    assert report["sizes"]["most_common"] == "40x40" and report["sizes"]["distinct"] == 2
    assert report["sizes"]["aspect"] == {"min": 1.0, "median": 1.0, "max": 1.5}
    assert report["modes"] == {"RGB": 7, "RGBA": 1, "L": 1} and report["transparent"] == 1
    assert report["duplicate_files"] == [["cat/4.png", "dog/copy.png"]]
    assert report["image_shape"] == [32, 32, 3]  # the recipe's, since sizes differ
    pipeline = " ".join(report["pipeline"])
    assert "3 of 9 pictures are cut to the middle, losing 33%" in pipeline
    assert "1 transparent pictures are put on white" in pipeline and "1 grey" in pipeline
    assert report["recipe"]["image_size"] == "32" and report["recipe_reasons"]["batch_size"]
    assert sorted(path.name for path in out.iterdir()) == [
        "contact_sheet.png",
        "inspect.json",
        "recipe.flags",
    ]
    assert json.loads((out / "inspect.json").read_text()) == report
    with Image.open(out / "contact_sheet.png") as sheet:
        assert sheet.size == (4 * (96 + 96 + 8), 3 * (96 + 8))
    assert sorted(folder.rglob("*")) == before
    # Again into the same folder, as text, with settings of one's own.
    flags = "--crop=pad", "--image_size=28x36", "--labels=none"
    assert inspect(f"--dataset=folder:{folder}", f"--out={out}", *flags) == 0
    text = capfd.readouterr().out
    assert "28x36x3" in text and "white margins" in text and "no labels" in text
    assert "--model=dcgan  # there are no labels" in text


def test_arrays(tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    np.savez("a.npz", images=images)
    assert inspect("--dataset=npz:a.npz") == 0
    assert "3, and 0" in capfd.readouterr().out and (tmp_path / "inspect").is_dir()


def test_a_folder_with_other_files_is_not_written_to(folder, tmp_path, capfd):
    assert inspect(f"--dataset=folder:{folder}", f"--out={folder}") == 2
    assert "holds cat, dog, which are no report" in capfd.readouterr().err
    assert inspect(f"--dataset=folder:{tmp_path / 'nowhere'}", f"--out={tmp_path / 'x'}") == 2
    assert not (tmp_path / "x").exists()
