"""How the variants of a study are written, and what is refused."""

import pytest

import models
from keras_gan.errors import UsageError
from keras_gan.run.studies import variants
from keras_gan.settings import flags
from keras_gan.settings.config import Config

BASE = (
    "--mode=study --model=gan --dataset=ring8 --width=8 --latent_dim=2 --batch_size=16"
    " --score_samples=100 --steps=20 --xla=false"
).split()


def study(*more):
    return variants.variants(flags.parse(Config, ["study", *BASE, *more]), models.REGISTRY)


def test_the_base_comes_first_and_others_are_compared_with_it():
    points = study(
        "--variant=hinge: --loss=hinge", "--variant=both vs base, hinge: --loss=hinge --d_turns=2"
    )
    assert list(points) == ["base", "hinge", "both"]
    assert [points[name].against for name in points] == [(), ("base",), ("base", "hinge")]
    assert points["both"].config.d_turns == 2 and points["both"].config.loss == "hinge"


RATES = "--grid=d_learning_rate+g_learning_rate=2e-4,8e-4"


def test_every_point_of_a_grid_is_a_variant():
    points = study(RATES, "--grid=width=8,16")
    assert next(iter(points)) == "base" and len(points) == 5
    config = points["d_learning_rate+g_learning_rate=8e-4 width=16"].config
    assert (config.d_learning_rate, config.g_learning_rate, config.width) == (8e-4, 8e-4, 16)
    assert config.grid == ()  # or no two variants would share their settings


def test_variants_are_made_at_every_point_of_a_grid():
    points = study(RATES, "--variant=hinge: --loss=hinge", "--variant=b vs hinge, base: --width=4")
    assert list(points) == ["base", "hinge at 2e-4", "hinge at 8e-4", "b at 2e-4", "b at 8e-4"]
    assert points["b at 8e-4"].against == ("hinge at 8e-4", "base")
    config = points["hinge at 8e-4"].config
    assert (config.d_learning_rate, config.loss) == (8e-4, "hinge")


def test_a_variant_runs_alone_with_what_it_is_compared_with():
    texts = ["--variant=a: --loss=hinge", "--variant=b vs a: --d_turns=2", "--variant=c: --width=4"]
    assert list(study(*texts, "--only=b")) == ["base", "a", "b"]
    with pytest.raises(UsageError, match="--only=d: no variant of the study; allowed: base, a"):
        study(*texts, "--only=d")


@pytest.mark.parametrize("axis", ["width", "=8", "width="])
def test_a_wrong_axis_of_a_grid_is_refused(axis):
    with pytest.raises(UsageError, match="not an axis"):
        study(f"--grid={axis}")


def test_a_budget_in_images_counts_the_turns_of_d():
    points = study("--images=960", "--variant=thrice: --d_turns=3")
    assert points["base"].config.steps == 60 and points["thrice"].config.steps == 20


@pytest.mark.parametrize(
    "texts, message",
    [
        (["hinge"], "not a variant"),
        ([": --loss=hinge"], "not a variant"),
        (["a: --loss=hinge", "a: --d_turns=2"], "used twice"),
        (["a vs b: --loss=hinge", "b: --d_turns=2"], "does not come before"),
        (["a: --loss=hing"], "--loss=hing"),
        (["a: --loss=hinge --real_target=0.9"], "--real_target=0.9"),
        (["a: --model=nothing"], "--model=nothing"),
    ],
)
def test_a_wrong_variant_is_refused(texts, message):
    with pytest.raises(UsageError, match=message):
        study(*(f"--variant={text}" for text in texts))
