"""One run's settings: a frozen value, validated once, written to `operative.flags`."""

import dataclasses

from keras_gan import flags
from keras_gan.errors import UsageError
from keras_gan.fields import interval
from keras_gan.settings import Config


# Settings of a tip that end at a step: fixed when the run starts first, so that a longer run
# changes nothing that has happened.
def _horizons(values):
    if values.get("input_noise_steps") is None:
        values["input_noise_steps"] = max(1, values["steps"] // 2)


def make(given, defaults=None):
    """A complete config.

    Args:
        given: values by flag name, as `flags.parse` returns them.
        defaults: the model's own defaults, by flag name.

    Raises:
        UsageError: a value that is not allowed; the message names flag, value and what is.
    """
    about = {field.name: field for field in dataclasses.fields(Config)}
    values = {name: field.default for name, field in about.items()}
    values.update(defaults or {})
    values.update(given)
    for name, value in values.items():
        flags.check(name, value, about[name].metadata["flag"])
    _horizons(values)
    config = Config(**values)
    interval(config.real_target, "real_target")
    interval(config.fake_target, "fake_target")
    image_size(config)
    _words(config)
    return config


def image_size(config):
    """`--image_size` as (height, width), or None if the data's own is kept."""
    if not config.image_size:
        return None
    parts = config.image_size.lower().split("x")
    try:
        sides = [int(part) for part in parts]
        if len(sides) > 2:
            raise ValueError
    except ValueError:
        raise UsageError(
            "not a size", flag="image_size", value=config.image_size, allowed="N or HxW, e.g. 48x32"
        ) from None
    height, width = sides[0], sides[-1]
    nearest = [min(256, max(28, 4 * round(side / 4))) for side in (height, width)]
    if [height, width] != nearest:
        raise UsageError(
            f"sides must be multiples of 4; the nearest is {nearest[0]}x{nearest[1]}",
            flag="image_size",
            value=config.image_size,
            allowed="28 to 256",
        )
    return height, width


def _words(config):
    for name, allowed in (
        ("augment", ("color", "translation", "cutout")),
        ("export_format", ("saved_model", "litert", "onnx")),
    ):
        for word in filter(None, getattr(config, name).split(",")):
            if word not in allowed:
                raise UsageError(
                    "unknown word",
                    flag=name,
                    value=getattr(config, name),
                    allowed=", ".join(allowed) + ", separated by commas",
                )


def changed(old, new):
    """Names of the settings that differ and that a run in progress can't change."""
    return [
        field.name
        for field in dataclasses.fields(Config)
        if not field.metadata["flag"]["may_change"]
        and getattr(old, field.name) != getattr(new, field.name)
    ]
