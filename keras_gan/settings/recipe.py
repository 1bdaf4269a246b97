"""`--recipe=auto`: settings from what the data and the device are.

Each rule below chooses some flags and says why. Flags that are given win, and later rules see them.
The numbers at the top are what is to be tuned; `TRIED` are the cases that docs/data.md shows.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from keras_gan import choices

SIDES = (28, 32, 48, 64, 96, 128)  # of images that are made of larger pictures
LARGEST_SIDE = {"CPU": 64, "GPU": 128}
SMALL = 32  # largest side of small images
SQUARE = 1.25  # aspect ratios up to this, of pictures of many sizes, make square images
# On a CPU small nets and batches and more steps give more in as many minutes: docs/recipes.md.
BATCH = {"CPU, small": 32, "CPU": 16, "GPU": 64}
WIDTH = {"CPU, small": 32, "CPU": 24, "GPU": 64}
RATE = {"many small grey": 1.6e-3, "CPU": 1e-3, "GPU": 2e-4}
FINE_TUNED = 3  # times the rate: docs/data.md
GAMMA = 2e-4  # R1's γ is this · pixels / batch (StyleGAN2-ADA's rule)
FEW, SOME = 2_000, 10_000  # pictures
SCORED = 1_000  # pictures; the score of fewer is too noisy to choose a checkpoint by
PICTURES_PER_CLASS = 10  # fewer teach no class
# Real images that D sees in all; on a CPU, half an hour to an hour of two cores.
SEEN = {"CPU, small": 640_000, "CPU": 240_000, "GPU": 3_200_000}
EPOCHS = 150  # at most
HALF_LIFE = 10_000  # images, of the moving average; at most a twentieth of the training

FAMILY = ("dcgan", "cgan", "acgan", "lsgan")  # models whose networks and rules a recipe sets
OTHER_PENALTIES = ("gradient_penalty", "dragan", "clip_weights")


@dataclasses.dataclass(frozen=True)
class Facts:
    """What a recipe depends on.

    Attributes:
        height, width: of the pictures; the medians if sizes differ.
        one_size: whether all pictures have one size.
        channels: 1, 3 or 4.
        count: number of pictures.
        num_classes: number of classes, or None without labels.
        signs: whether the classes are letters or digits, which must not be mirrored.
        own: whether they are a user's pictures and not a published data set.
        sided: whether left and right differ in them, as in shoes that all point one way.
        device: "CPU" or "GPU".
    """

    height: int
    width: int
    channels: int
    count: int
    num_classes: int | None = None
    one_size: bool = True
    signs: bool = False
    own: bool = True
    sided: bool = False
    device: str = "CPU"

    def __str__(self):
        size = f"{self.height}x{self.width}" if self.one_size else "many sizes"
        kind = {1: "grey", 3: "colour", 4: "colour with alpha"}[self.channels]
        labels = f"{self.num_classes} classes" if self.num_classes else "no labels"
        return f"{self.count:,} pictures of {size}, {kind}, {labels}, on a {self.device}"


@dataclasses.dataclass(frozen=True)
class Choice:
    """One flag of a recipe.

    Attributes:
        name: of the flag.
        value: what is used.
        reason: why the recipe chooses its value, in a few words.
        chosen: the recipe's value; another one than `value` if the flag was given.
        given: whether the flag was given, and so wins.
    """

    name: str
    value: Any
    reason: str
    chosen: Any
    given: bool = False

    def __str__(self):
        flag = f"--{self.name}={_text(self.value)}"
        if not self.given:
            return f"{flag}  # {self.reason}"
        chosen = _text(self.chosen)
        return f"{flag}  # as given, where the recipe would take {chosen}: {self.reason}"


class Recipe:
    """The choices so far.

    Args:
        facts: the `Facts`.
        given: values of the command line by flag name.

    Attributes:
        choices: list of `Choice`, one per flag.
    """

    def __init__(self, facts: Facts, given: Mapping[str, Any]):
        self.facts, self.given = facts, given
        self.choices: list[Choice] = []
        self.height, self.width = facts.height, facts.width

    def choose(self, name: str, value: Any, reason: str) -> None:
        """Chooses a flag's value, unless the flag is given."""
        given = name in self.given
        self.choices.append(
            Choice(name, self.given[name] if given else value, reason, value, given)
        )

    def value(self, name: str, default: Any = None) -> Any:
        """What a flag is: given, chosen or neither."""
        chosen = {choice.name: choice.value for choice in self.choices}
        return self.given.get(name, chosen.get(name, default))

    @property
    def small(self) -> bool:
        return max(self.height, self.width) <= SMALL

    @property
    def kind(self) -> str:
        """The key of this device, and on a CPU of these sizes, in the tables above."""
        device = self.facts.device
        return f"{device}, small" if device == "CPU" and self.small else device

    @property
    def of_family(self) -> bool:
        return self.value("model") in FAMILY


def recipe_for(facts: Facts, given: Mapping[str, Any] | None = None) -> list[Choice]:
    """The settings for some data.

    Args:
        facts: what the data and the device are.
        given: values of the command line by flag name, which win. Defaults to none.

    Returns:
        A list of `Choice`.
    """
    recipe = Recipe(facts, given or {})
    for rule in RULES:
        rule(recipe)
    return recipe.choices


def _size(recipe):
    facts = recipe.facts
    if "image_size" in recipe.given:
        sides = [int(side) for side in str(recipe.given["image_size"]).lower().split("x")]
        recipe.height, recipe.width = sides[0], sides[-1]
        return
    limit, size = LARGEST_SIDE[facts.device], (facts.height, facts.width)
    if facts.one_size and size == choices.nearest_size(*size) and max(size) <= limit:
        return
    short, long = min(size), max(size)
    side = max([s for s in SIDES if s <= min(short, limit)], default=SIDES[0])
    other = side if long / short <= SQUARE else min(limit * 2, round(side * long / short))
    size = (side, other) if size[0] <= size[1] else (other, side)
    recipe.height, recipe.width = choices.nearest_size(*size)
    text = f"{recipe.height}x{recipe.width}" if recipe.height != recipe.width else str(side)
    reason = f"pictures are {facts.height}x{facts.width}"
    if not facts.one_size:
        reason += " in the median"
    recipe.choose("image_size", text, f"{reason}; a {facts.device} takes {limit} at most")


def _model(recipe):
    count, classes = recipe.facts.count, recipe.facts.num_classes
    if classes and classes > 1 and count >= PICTURES_PER_CLASS * classes:
        recipe.choose("model", "dcgan", "the best of its family, with classes too")
        if recipe.value("model") == "dcgan":
            recipe.choose("conditional", True, f"there are {classes} classes")
    elif classes and classes > 1:
        recipe.choose("model", "dcgan", f"{count} pictures are too few for {classes} classes")
    else:
        recipe.choose("model", "dcgan", "there are no labels")


def _batch(recipe):
    count = recipe.facts.count
    batch = BATCH[recipe.kind]
    on_cpu = "small batches and more steps, on a CPU"
    reason = on_cpu if recipe.facts.device == "CPU" else "what a GPU manages"
    if count < 2 * batch:
        batch = max(2, 2 ** ((count // 2).bit_length() - 1)) if count > 3 else 2
        reason = f"half of {count} pictures at most"
    recipe.choose("batch_size", batch, reason)


def _networks(recipe):
    if not recipe.of_family:
        return
    recipe.choose("width", WIDTH[recipe.kind], f"on a {recipe.facts.device}")
    if recipe.value("normalization") != "none":
        recipe.choose("self_modulation", True, "z modulates G's maps: better in as many seconds")
    if not recipe.small:
        recipe.choose("upsampling", "nearest", "transposed convolutions leave a checkerboard long")
    if recipe.value("batch_size") < 4 and "normalization" not in recipe.given:
        recipe.choose("normalization", "instance", "batch norm needs four images")


def _rates(recipe):
    if not recipe.of_family:
        return
    facts, kind = recipe.facts, recipe.facts.device
    classes = recipe.value("conditional") or recipe.value("model") in ("cgan", "acgan")
    if recipe.small and facts.channels == 1 and facts.count >= SOME and not classes:
        kind = "many small grey"
    rate, why = RATE[kind], "small nets and batches bear a high rate"
    if kind == "GPU":
        why = "DCGAN's rate"
    elif recipe.given.get("init_from"):
        rate *= FINE_TUNED
        why = "trained weights are larger than new ones, and Adam's steps are not"
    for side in "dg":
        recipe.choose(f"{side}_learning_rate", rate, why)
        recipe.choose(f"{side}_learning_rate_schedule", "cosine", "falls to 0 at the end")


def _penalty(recipe):
    """R1 on a GPU; on a CPU, batch norm in D learns more in as many minutes."""
    facts, batch = recipe.facts, recipe.value("batch_size")
    others = any(recipe.given.get(name) for name in OTHER_PENALTIES)
    if not recipe.of_family or others or recipe.given.get("r1") == 0:
        return
    if facts.device == "CPU" and "r1" not in recipe.given:
        if batch < 4:
            recipe.choose("d_normalization", "instance", "batch norm needs four images")
        return
    if recipe.given.get("d_normalization", "none") == "batch":
        return
    gamma = float(f"{GAMMA * recipe.height * recipe.width / batch:.2g}")
    recipe.choose("d_normalization", "none", "R1 is defined per image")
    recipe.choose("r1", gamma, f"{GAMMA:g} · {recipe.height} · {recipe.width} / {batch}")


def _augmentation(recipe):
    facts = recipe.facts
    if facts.count < SOME and not recipe.given.get("ada"):
        kinds = "translation,cutout" if facts.channels == 1 else "color,translation,cutout"
        recipe.choose("augment", kinds, f"D would learn {facts.count:,} pictures by heart")
    if facts.signs:
        recipe.choose("mirror", False, "letters and digits have no mirror images")
    elif not facts.own:
        recipe.choose("mirror", False, "not known whether mirror images are right")
    elif facts.sided:
        recipe.choose("mirror", False, "the mean picture is unlike its mirror image")
    elif facts.count < FEW:
        reason = "doubles the pictures, whose mean is like its mirror image"
        recipe.choose("mirror", True, reason)


def _length(recipe):
    facts, batch = recipe.facts, recipe.value("batch_size")
    epoch = facts.count * (2 if recipe.value("mirror") else 1)
    seen = min(SEEN[recipe.kind], EPOCHS * epoch)
    reason = f"D sees {seen:,} pictures"
    if seen < SEEN[recipe.kind]:
        reason += f", {EPOCHS:,} times each"
    turns = recipe.value("d_turns", 1)
    recipe.choose("steps", max(1000, round(seen // batch // turns, -3)), reason)
    every = max(100, round(recipe.value("steps") // 20, -2))
    recipe.choose("sample_every", every, "twenty times")
    recipe.choose("checkpoint_every", every, "twenty times")
    if facts.count >= SCORED:
        recipe.choose("score_every", every, "the checkpoint with the best score is exported")
    images = recipe.value("steps") * batch
    half_life = min(HALF_LIFE, images // 20)
    if not recipe.given.get("average_decay"):
        reason = "images; of the whole training at most a twentieth"
        recipe.choose("average_half_life", float(half_life), reason)


RULES: tuple[Callable[[Recipe], None], ...] = (
    *(_size, _model, _batch, _networks, _rates, _penalty, _augmentation, _length),
)


def flagfile(facts: Facts, made: list[Choice], dataset: str) -> str:
    """The choices as a flagfile, each with its reason as a comment above it."""
    lines = [f"# --recipe=auto for {dataset}: {facts}.", f"--dataset={dataset}"]
    for choice in made:
        flag, _, reason = str(choice).partition("  # ")
        lines += [f"# {reason}", flag]
    return "\n".join(lines) + "\n"


# The table of docs/data.md ------------------------------------------------------------------------

# Data → what a training with the recipe's settings gave, on a CPU.
TRIED: dict[Facts, str] = {
    Facts(28, 28, 1, 60_000, own=False): "FD (CNN) 6.3 after 15,000 steps (models.md)",
    Facts(28, 28, 1, 60_000, num_classes=10, own=False): (
        "FD (search CNN) 1.9 without self-modulation (recipes.md)"
    ),
    Facts(40, 28, 1, 5_000): "FD (rotation CNN) 1.4, floor 0.09",
    Facts(64, 64, 3, 1_906, num_classes=9): "FD (own CNN) 4.5, floor 0.97; 46 minutes of a core",
    Facts(64, 64, 3, 400, num_classes=9): "FD (own CNN) 4.8, floor 2.6; 42 minutes",
}
COLUMNS = (
    *("batch_size", "width", "upsampling", "d_learning_rate"),
    *("augment", "mirror", "steps"),
)


def table() -> str:
    """The settings for the data of `TRIED`, and what they gave, as a Markdown table."""
    names = ["rate" if name == "d_learning_rate" else name for name in COLUMNS]
    lines = [
        "| pictures | " + " | ".join(names) + " | tried |",
        "|---" * (len(names) + 2) + "|",
    ]
    for facts, result in TRIED.items():
        values = {choice.name: _text(choice.value) for choice in recipe_for(facts)}
        kind = "grey" if facts.channels == 1 else "colour"
        classes = f", {facts.num_classes} classes" if facts.num_classes else ""
        cells = [f"{facts.count:,} of {facts.height}x{facts.width}, {kind}{classes}"]
        cells += [values.get(name, "–") for name in COLUMNS]
        lines.append("| " + " | ".join([*cells, result]) + " |")
    return "\n".join(lines)


def _text(value):
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
