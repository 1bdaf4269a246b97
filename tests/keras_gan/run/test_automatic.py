"""`--recipe=auto` on real folders, and what a run keeps of it."""

import numpy as np
import pytest
from PIL import Image

from keras_gan.errors import UsageError
from keras_gan.run import automatic
from keras_gan.run.directory import RunDirectory
from keras_gan.settings.resolve import resolve
from models import REGISTRY


@pytest.fixture
def folder(tmp_path):
    """Twenty colour pictures of two sizes in two classes, and a broken one."""
    for number in range(20):
        path = tmp_path / "pics" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        side = 40 if number % 5 else 48
        Image.fromarray(np.full((side, 40, 3), (0, number, 99), np.uint8)).save(path)
    (tmp_path / "pics" / "a" / "bad.png").write_bytes(b"x")
    return tmp_path / "pics"


def test_facts_of_a_folder(folder):
    facts = automatic.facts_of(automatic.look({"dataset": f"folder:{folder}"}))
    assert (facts.height, facts.width, facts.one_size) == (40, 40, False)
    assert (facts.channels, facts.count, facts.num_classes) == (3, 20, 2)
    assert facts.signs and facts.own  # classes of one letter look like letters
    assert not automatic.facts_of(
        automatic.look({"dataset": f"folder:{folder}", "labels": "none"})
    ).num_classes


def test_facts_of_arrays(tmp_path):
    labels = np.arange(10) % 2
    np.savez(tmp_path / "a.npz", images=np.zeros((10, 28, 28), np.uint8), labels=labels)
    seen = automatic.look({"dataset": f"npz:{tmp_path / 'a.npz'}"})
    assert seen.classes == {"0": 5, "1": 5} and seen.one_size
    assert automatic.facts_of(seen).channels == 1


def test_pictures_that_all_look_one_way_are_not_mirrored(tmp_path):
    images = np.random.default_rng(0).integers(0, 99, (40, 28, 28), np.uint8)
    np.savez(tmp_path / "alike.npz", images=images)
    images[:, :, :9] += 99
    np.savez(tmp_path / "sided.npz", images=images)
    for name, sided in (("alike", False), ("sided", True)):
        seen = automatic.look({"dataset": f"npz:{tmp_path / name}.npz"})
        assert automatic.facts_of(seen).sided is sided


def test_a_run_keeps_the_recipe_as_flags(folder, tmp_path):
    given = {"dataset": f"folder:{folder}", "recipe": "auto", "width": 8}
    run = RunDirectory(tmp_path / "run")
    values = automatic.settings(given, run)
    config = resolve(values, REGISTRY, run)
    assert config.conditional and config.width == 8 and config.image_size == "32"
    with run:
        run.write_settings(config)
    text = (run.path / "recipe.flags").read_text()
    assert "# as given, where the recipe would take 32" in text and "\n--conditional=true\n" in text
    again = automatic.settings({**given, "steps": 9000}, run)
    assert again == {**given, "steps": 9000}  # the run keeps its settings
    assert resolve(again, REGISTRY, run).average_half_life == config.average_half_life
    assert automatic.settings({"width": 8}, run) == {"width": 8}


def test_points_have_no_recipe():
    with pytest.raises(UsageError, match="--dataset=ring8: holds points"):
        automatic.look({"dataset": "ring8"})
