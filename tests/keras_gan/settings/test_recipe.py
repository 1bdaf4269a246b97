"""`--recipe=auto`: what it chooses, that it is always accepted, and that given flags win."""

import dataclasses
import itertools
import pathlib

import pytest

from keras_gan.settings import flags, recipe
from keras_gan.settings.config import Config
from keras_gan.settings.recipe import Facts, recipe_for
from keras_gan.settings.resolve import resolve
from models import REGISTRY

EMOJI = Facts(64, 64, 3, 1906, num_classes=9)
GIVEN = (
    {},
    {"batch_size": 8},
    {"image_size": "48x32"},
    {"d_normalization": "batch"},
    {"d_normalization": "layer", "r1": 1.0},
    {"gradient_penalty": 10.0, "d_normalization": "layer"},
    {"clip_weights": 0.01},
    {"r1": 0.0},
    {"r1": 5.0},
    {"ada": 0.6},
    {"loss": "hinge"},
    {"average_decay": 0.99},
    {"precision": "mixed_float16", "r1": 0.0},
    *({"model": name} for name in sorted(REGISTRY) if name not in ("cgan", "acgan")),
)


def chosen(facts, given=None):
    return {choice.name: choice.value for choice in recipe_for(facts, given)}


def test_any_recipe_is_accepted_and_given_flags_win():
    shapes = [(28, 28), (64, 64), (3000, 4000), (16, 17), (32, 300)]
    for size, channels, count, classes, device, given in itertools.product(
        shapes, (1, 3), (2, 9, 500, 50_000), (None, 3), ("CPU", "GPU"), GIVEN
    ):
        if count < 8 and given:
            continue
        facts = Facts(*size, channels, count, classes, device=device)
        values = {**given, **chosen(facts, given)}
        flags.check(Config, values)
        config = resolve(values, REGISTRY)
        assert {name: getattr(config, name) for name in given} == given
        assert isinstance(config.steps, int) and isinstance(config.sample_every, int)
        assert config.batch_size <= count or "batch_size" in given


def test_the_rule_of_r1():
    on_gpu = dataclasses.replace(EMOJI, device="GPU")
    values = chosen(on_gpu)
    assert values["r1"] == pytest.approx(2e-4 * 64 * 64 / values["batch_size"], rel=0.05)
    assert values["d_normalization"] == "none" and "r1" not in chosen(EMOJI)
    half = chosen(on_gpu, {"batch_size": values["batch_size"] // 2})
    assert half["r1"] == pytest.approx(2 * values["r1"], rel=0.05)


def test_few_colour_pictures():
    values = chosen(EMOJI)
    assert values["model"] == "dcgan" and values["conditional"] and "image_size" not in values
    assert values["augment"] == "color,translation,cutout" and values["mirror"] is True
    assert values["upsampling"] == "nearest"
    assert chosen(Facts(64, 64, 1, 1906))["augment"] == "translation,cutout"


def test_many_small_grey_pictures():
    values = chosen(Facts(28, 28, 1, 60_000, own=False))
    assert values["d_learning_rate"] == 1.6e-3 and values["g_learning_rate_schedule"] == "cosine"
    assert values["self_modulation"] and values["width"] == values["batch_size"] == 32
    assert chosen(Facts(28, 28, 1, 60_000, 10, own=False))["d_learning_rate"] == 1e-3
    assert "self_modulation" not in chosen(Facts(28, 28, 1, 60_000), {"normalization": "none"})
    assert not values.keys() & {"r1", "augment"} and values["mirror"] is False


def test_the_best_is_kept_where_enough_are_held_out():
    assert chosen(EMOJI)["score_every"] == chosen(EMOJI)["checkpoint_every"]
    assert "score_every" not in chosen(Facts(64, 64, 3, 400))  # 100 would be scored


def test_fine_tuning_takes_a_higher_rate():
    new, tuned = (chosen(EMOJI, given) for given in ({}, {"init_from": "runs/trained"}))
    for side in "dg":
        assert tuned[f"{side}_learning_rate"] == 3 * new[f"{side}_learning_rate"]


def test_what_has_a_left_and_a_right_is_not_mirrored():
    assert chosen(Facts(28, 28, 1, 500, 10, signs=True))["mirror"] is False
    assert chosen(Facts(28, 28, 1, 500, sided=True))["mirror"] is False
    assert chosen(Facts(28, 28, 1, 500))["mirror"] is True


@pytest.mark.parametrize(
    ("facts", "size"),
    [
        (Facts(3000, 4000, 3, 500), "64x84"),
        (Facts(3000, 4000, 3, 500, device="GPU"), "128x172"),
        (Facts(3000, 3300, 3, 500, one_size=False), "64"),
        (Facts(50, 50, 3, 500), "48"),
        (Facts(10, 10, 3, 500), "28"),
        (Facts(32, 300, 3, 500), "32x128"),
    ],
)
def test_the_size_of_images(facts, size):
    assert chosen(facts)["image_size"] == size


def test_each_choice_says_why(tmp_path):
    made = recipe_for(EMOJI, {"batch_size": 8})
    assert all(choice.reason for choice in made)
    (batch,) = [choice for choice in made if choice.given]
    assert str(batch).startswith("--batch_size=8  # as given, where the recipe would take 16: ")
    file = tmp_path / "recipe.flags"
    file.write_text(recipe.flagfile(EMOJI, made, "folder:x"))
    values = flags.parse(Config, ["recipe", f"--flagfile={file}"])
    assert values == {"dataset": "folder:x", **{c.name: c.value for c in made}}
    assert "# there are 9 classes\n--conditional=true" in file.read_text()


def test_the_page_shows_the_rules():
    page = pathlib.Path(__file__).parents[3] / "docs" / "data.md"
    assert recipe.table() in page.read_text(), f"docs/data.md lacks:\n{recipe.table()}"
