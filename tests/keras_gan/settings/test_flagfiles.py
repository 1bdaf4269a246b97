"""Recipes are flagfiles that are found by name, from any folder."""

import pytest

import keras_gan
from keras_gan.errors import UsageError
from keras_gan.settings import flagfiles, flags
from keras_gan.settings.config import Config


def parse(*argv):
    return flags.parse(Config, ["main.py", *argv])


def test_a_name_a_path_and_the_path_in_a_checkout_mean_the_same(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expected = parse(f"--flagfile={root / 'configs' / 'dcgan_fashion_mnist.flags'}")
    assert expected["model"] == "dcgan"
    for name in ("dcgan_fashion_mnist", "configs/dcgan_fashion_mnist.flags"):
        assert parse(f"--flagfile={name}") == expected
        assert parse("--flagfile", name) == expected
    # It nests configs/gan_grid25.flags, which is not below this folder.
    assert parse("--flagfile=r3gan_grid25")["dataset"] == "grid25"


def test_a_file_goes_before_a_recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quickstart").write_text("--steps=7\n")
    assert parse("--flagfile=quickstart") == {"steps": 7}


def test_every_recipe_is_listed_and_can_be_parsed(root):
    names = keras_gan.recipes()
    assert len(names) == len(list((root / "configs").rglob("*.flags"))) > 50
    for name in names:
        assert parse(f"--flagfile={name}") or name.startswith("tips/")  # some state a default
    assert len(flagfiles.listing().splitlines()) == len(names)
    with pytest.raises(flags.RecipesRequested):
        parse("--recipes")


@pytest.mark.parametrize(
    "name, meant",
    [
        ("dcgan_fashion_mnst", "dcgan_fashion_mnist"),
        ("configs/quickstrat.flags", "quickstart"),
        ("13-input-noise", "tips/13-input-noise"),
    ],
)
def test_a_wrong_name_gets_those_spelt_alike(name, meant):
    with pytest.raises(UsageError, match="no such file or recipe; did you mean") as caught:
        parse(f"--flagfile={name}")
    assert meant in str(caught.value) and "--recipes" in str(caught.value)
