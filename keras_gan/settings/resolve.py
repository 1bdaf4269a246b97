"""From flags to one complete `Config`: `flags.parse` → `resolve` → `Config` → model and data.

`flags.parse` refuses every value that is wrong by itself, before TensorFlow is loaded. What needs
the zoo is decided here, once: the model's defaults, the settings of a continued run, and which
settings are compatible. Only what depends on the number of replicas is checked later, when the
strategy is known (`compatibility.check_replicas`).
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from keras_gan.errors import refuse
from keras_gan.settings import compatibility
from keras_gan.settings.combinations import plain
from keras_gan.settings.config import Config
from keras_gan.settings.conflicts import POINTS

OWN_SEED = ("sample", "interpolate")


def resolve(given: Mapping[str, Any], registry: Mapping[str, type], run=None) -> Config:
    """The complete config of a run, new or continued.

    Args:
        given: mapping, values of the command line by flag name, as returned by `flags.parse`.
        registry: mapping, the zoo: name → model class.
        run: `RunDirectory`; the settings of a run that exists are kept unless they may change.
            Defaults to None, a new run.

    Returns:
        A `Config`.

    Raises:
        UsageError: an unknown model, settings that contradict each other, or other settings than
            those of the run that is continued.
    """
    started = run.given() if run is not None else None
    if started is not None:
        # Before there was a choice, images were squeezed: such a run goes on with its own images.
        started = {"crop": "squeeze", **started}
    values = {**(started or {}), **given}
    name = values.get("model", Config.model)
    if name not in registry:
        refuse("model", name, "unknown model", ", ".join(sorted(registry)))
    defaults = registry[name].defaults()
    if started is not None:
        _refuse_changes(given, {**defaults, **started})
    config = complete(values, defaults)
    _check_points(config, registry)
    compatibility.check(config, registry[name])
    return config


def complete(given: Mapping[str, Any], defaults: Mapping[str, Any] | None = None) -> Config:
    """Completes values with the model's defaults, then with those of the flags.

    Args:
        given: mapping, values by flag name, each allowed by itself, as returned by `flags.parse`.
        defaults: mapping, the model's defaults by flag name. Defaults to None: it has none.

    Returns:
        A `Config`.
    """
    values = {field.name: field.default for field in dataclasses.fields(Config)}
    values.update(defaults or {})
    values.update(given)
    if values["mode"] == "study" and values["images"]:
        values["steps"] = _affordable_steps(values)
    if values["input_noise_steps"] is None:
        # An absolute step, fixed at the first start: raising --steps must not change past steps.
        values["input_noise_steps"] = max(1, values["steps"] // 2)
    if values["schedule_steps"] is None:
        values["schedule_steps"] = horizon(values)
    return Config(**values)


def horizon(values):
    """The step at which schedules end, of settings that do not say it themselves."""
    share = values.get("schedule_share", Config.schedule_share)
    return max(1, round(share * values["steps"]))


def _affordable_steps(values):
    """The number of steps that a study's budget in real images allows."""
    turns = values["turn_bound"] if values["threshold_loop"] else values["d_turns"]
    return max(1, values["images"] // (values["batch_size"] * turns))


def _check_points(config, registry):
    """Refuses points for a model that makes images only."""
    takers = [
        name
        for name, model_class in registry.items()
        if getattr(model_class, "takes_points", False)
    ]
    if config.dataset in POINTS and config.model not in takers:
        refuse(
            "dataset",
            config.dataset,
            f"holds points, and --model={config.model} makes images",
            f"--model={' or '.join(takers)}, or a data set of images",
        )


def _refuse_changes(given, before):
    """Refuses values that differ from those the run was started with, unless they may change.

    Samples and interpolations have a seed of their own, which is not that of the training.
    """
    mode = given.get("mode", "train")
    for field in dataclasses.fields(Config):
        name = field.name
        if name not in given or field.metadata["flag"]["may_change"]:
            continue
        if name == "seed" and mode in OWN_SEED:
            continue
        old = before.get(name, field.default)
        if _plain_path(given[name]) != _plain_path(old):
            what = "the run was started with another value"
            if mode == "train":
                what += " and can't be continued exactly; use another --run_dir"
            refuse(name, plain(given[name]), what, _shown(old))


def _plain_path(value):
    """A data set's folder without the slash at its end; other values as they are."""
    return value.rstrip("/") if str(value).startswith(("folder:", "npz:")) else value


def _shown(value):
    return "to leave it out" if value in (None, "", ()) else plain(value)
