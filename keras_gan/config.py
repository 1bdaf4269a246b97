"""One run's settings: a frozen value, made once by `resolve`, written to `operative.flags`."""

import dataclasses

from keras_gan.settings import Config


def make(given, defaults=None):
    """A complete config.

    Args:
        given: values by flag name, as `flags.parse` returns them: each is allowed by itself.
        defaults: the model's own defaults, by flag name.
    """
    values = {field.name: field.default for field in dataclasses.fields(Config)}
    values.update(defaults or {})
    values.update(given)
    if values["mode"] == "study" and values["images"]:
        values["steps"] = _affordable_steps(values)
    if values["input_noise_steps"] is None:
        # Fixed when the run starts first, so that a longer run changes nothing that has happened.
        values["input_noise_steps"] = max(1, values["steps"] // 2)
    return Config(**values)


def _affordable_steps(values):
    """The steps of a study's budget in real images."""
    turns = values["turn_bound"] if values["threshold_loop"] else values["d_turns"]
    return max(1, values["images"] // (values["batch_size"] * turns))
