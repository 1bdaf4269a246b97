"""The model card: a text for people with a YAML head for a model hub, checked without network."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from keras_gan.errors import UsageError
from keras_gan.settings.config import DEVICES, STUDY, TOOLS, WATCH, Config
from keras_gan.settings.show_flags import SHOW

# Data set → (identifier on the hub, licence, what may be said of it).
DATA = {
    "fashion_mnist": (
        "zalando-datasets/fashion_mnist",
        "mit",
        "Fashion-MNIST (Xiao, Rasul & Vollgraf, 2017): 60,000 training images of clothing from an"
        " online shop, 28×28, greyscale, ten classes. Licence: MIT.",
    ),
    "stacked_fashion_mnist": (
        "zalando-datasets/fashion_mnist",
        "mit",
        "Three Fashion-MNIST images (Xiao, Rasul & Vollgraf, 2017) as the channels of one."
        " Licence: MIT.",
    ),
    **dict.fromkeys(
        ("ring8", "grid25", "swissroll"), (None, "cc0-1.0", "Points of a formula; no licence.")
    ),
}
OWN_DATA = "The owner's data. The program that wrote this does not know their licence: fill it in."
SCORES = {
    "fd_": "Fréchet distance in the features of {}; not FID unless it says so",
    "kid_": "kernel distance in the features of {}",
    "precision": "share of samples near real images",
    "recall": "share of real images near samples",
    "density": "how many real images' neighbourhoods a sample is in, over the number expected",
    "coverage": "share of real images with a sample among their neighbours",
    "class_agreement": "share of samples that a classifier assigns to the class asked for",
    "classifier_accuracy": "the classifier's accuracy on real test images",
}
PARTS = {  # of a score's name, at its end
    "_floor": "the same for held-out real images: what a perfect generator would reach",
    "_floor_sd": "the floor's standard deviation over draws",
    "_over_floor": "the ratio of the two",
}
NO_TRAINING = (DEVICES, WATCH, TOOLS, SHOW, STUDY)  # groups of flags
NO_SCORES = {"step", "attempt", "seconds"}
TASKS = ("unconditional-image-generation", "other")
LICENCES = ("apache-2.0", "mit", "cc0-1.0", "unknown")

TEXT = """\
{head}
# {title}

{what}

![Samples](samples.png)

64 samples of the averaged generator, not selected: the first ones of seed 0.

## Data and licence

{data}

The weights' licence is given in the head of this card: {licence}.

## Recipe

Trained for {step} steps with batches of {batch_size} by keras-gan's `{model}`.
The settings that are not the program's defaults, as flags:

```
{flags}
```

## Scores

{scores}

## Limits

- It makes images of {size} and nothing else; it was not trained on text, and follows none.
- What is rare in the data is rarer in the samples, and may be missing.
- Samples may resemble training images. That was not checked here unless a score above says so.
- Nothing about people may be concluded from its samples.

## How to load it

With keras-gan (`pip install keras-gan`), to sample or to train on:

```python
import keras_gan

gan = keras_gan.load("PATH_OR_NAME_OF_THIS_FOLDER")
images = gan.sample(16, seed=0)                       # {returns}
```

With TensorFlow alone:

```python
import tensorflow as tf

model = tf.saved_model.load("saved_model")
images = model.sample({arguments})
```
"""


def text(description: Mapping[str, Any], metrics: Mapping[str, object]) -> str:
    """The card.

    Args:
        description: as `hub.describe` returns it.
        metrics: scores by name; what is no number is left out.

    Returns:
        Markdown with a YAML head.
    """
    import yaml

    settings = description["settings"]
    name = settings["dataset"]
    hub_name, data_licence, about = DATA.get(name, (None, None, OWN_DATA))
    numbers = scores(metrics)
    points = len(description["image_shape"]) == 1
    title = f"{description['model']} on {name}"
    head = {
        "license": "apache-2.0" if data_licence else "unknown",
        "library_name": "keras",
        "pipeline_tag": TASKS[1] if points else TASKS[0],
        "tags": ["gan", "image-generation", "keras-gan", description["model"]],
    }
    if hub_name:
        head["datasets"] = [hub_name]
    if numbers:
        head["metrics"] = sorted(numbers)
        head["model-index"] = [_results(title, name, head["pipeline_tag"], numbers)]
    conditional = description["num_classes"] is not None
    return TEXT.format(
        head=f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True)}---\n",
        title=title,
        what=what(description),
        data=about,
        licence=head["license"],
        step=description["step"],
        batch_size=settings["batch_size"],
        model=description["model"],
        flags="\n".join(recipe(settings)),
        scores=score_table(numbers, metrics),
        size="two numbers" if points else "×".join(map(str, description["image_shape"])),
        returns="float32 [16, 2]" if points else "uint8 [16, height, width, channels]",
        arguments="16, 0, tf.zeros([16], tf.int32)" if conditional else "16, 0",
    )


def check(card: str) -> None:
    """Raises a `UsageError` unless a card's head follows the schema.

    The hub's own check needs the network; this one is of keys, types and allowed words.
    """
    import yaml

    parts = card.split("---\n", 2)
    if len(parts) < 3 or parts[0]:
        raise UsageError("model card: no YAML head between two lines ---")
    try:
        head = yaml.safe_load(parts[1])
    except yaml.YAMLError as error:
        raise UsageError(f"model card: {' '.join(str(error).split())}") from None
    _fits(head, SCHEMA, "head")
    if not all(f"\n## {section}\n" in card for section in SECTIONS):
        raise UsageError(f"model card: lacks one of the sections {', '.join(SECTIONS)}")


def scores(metrics: Mapping[str, object]) -> dict[str, float]:
    """The scores among what a row of scores.csv has: name → float."""
    results = {}
    for name, value in metrics.items():
        # --precision is a flag too, but no number.
        if name in Config.__dataclass_fields__.keys() - {"precision"} | NO_SCORES:
            continue
        try:
            results[name] = float(value)
        except (TypeError, ValueError):
            continue
    return {name: value for name, value in results.items() if abs(value) < float("inf")}


def what(description: Mapping[str, Any]) -> str:
    """What a model is, in one or two sentences."""
    settings = description["settings"]
    kind = "class-conditional " if description["num_classes"] else ""
    shape = description["image_shape"]
    made = "points" if len(shape) == 1 else f"images of {'×'.join(map(str, shape))}"
    return (
        f"A {kind}generative adversarial network: latents of {description['latent_dim']} numbers"
        f" ({settings['prior']}) become {made}."
        + (f" It knows {description['num_classes']} classes." if kind else "")
    )


def recipe(settings: Mapping[str, Any]) -> Iterator[str]:
    """The settings of training that are not the defaults, as lines of a flagfile."""
    for field in dataclasses.fields(Config):
        value = settings.get(field.name)
        if field.metadata["flag"]["group"] in NO_TRAINING or value in (None, field.default):
            continue
        yield f"--{field.name}={str(value).lower() if isinstance(value, bool) else value}"


def score_table(numbers: Mapping[str, float], metrics: Mapping[str, object]) -> str:
    """A table of scores in Markdown.

    Args:
        numbers: as `scores` returns them.
        metrics: has "score_samples", how many samples they are of.
    """
    if not numbers:
        return "None were taken in this run."
    lines = ["| score | value | what it is |", "|---|---|---|"]
    for name, value in numbers.items():
        ends = [text for end, text in PARTS.items() if name.endswith(end)]
        starts = [text for start, text in SCORES.items() if name.startswith(start)]
        about = [*ends[-1:], *starts, ""][0].format(name.split("_", 1)[-1])
        lines.append(f"| `{name}` | {value:.4g} | {about} |")
    count = metrics.get("score_samples")
    lines += ["", f"Of {count} samples with fresh latents; protocol: docs/evaluation.md."]
    return "\n".join(lines)


def _results(title, data, task, numbers):
    return {
        "name": title,
        "results": [
            {
                "task": {"type": task, "name": "image generation"},
                "dataset": {"type": data, "name": data},
                "metrics": [
                    {"type": name, "name": name, "value": value} for name, value in numbers.items()
                ],
            }
        ],
    }


SECTIONS = ("Data and licence", "Recipe", "Scores", "Limits", "How to load it")
_METRIC = {"type": str, "name": str, "value": float}
_RESULT = {
    "task": {"type": TASKS, "name": str},
    "dataset": {"type": str, "name": str},
    "metrics": [_METRIC],
}
# Key → what it holds; a key that ends in ? may be left out.
SCHEMA = {
    "license": LICENCES,
    "library_name": ("keras",),
    "pipeline_tag": TASKS,
    "tags": [str],
    "datasets?": [str],
    "metrics?": [str],
    "model-index?": [{"name": str, "results": [_RESULT]}],
}


def _fits(value, schema, where):
    """Raises a `UsageError` unless a value has a schema's form."""
    if isinstance(schema, dict):
        if not isinstance(value, dict):
            raise UsageError(f"model card: {where} is no mapping")
        known = {key.rstrip("?") for key in schema}
        missing = [key for key in schema if not key.endswith("?") and key not in value]
        if missing or set(value) - known:
            raise UsageError(
                f"model card: {where} lacks {missing} or has unknown {sorted(set(value) - known)}"
            )
        for key, inner in schema.items():
            if key.rstrip("?") in value:
                _fits(value[key.rstrip("?")], inner, f"{where}.{key.rstrip('?')}")
    elif isinstance(schema, list):
        if not isinstance(value, list) or not value:
            raise UsageError(f"model card: {where} is no list, or empty")
        for number, one in enumerate(value):
            _fits(one, schema[0], f"{where}[{number}]")
    elif isinstance(schema, tuple):
        if value not in schema:
            raise UsageError(f"model card: {where} is {value!r}; allowed: {', '.join(schema)}")
    elif type(value) is not schema:
        raise UsageError(f"model card: {where} is {value!r}, no {schema.__name__}")
