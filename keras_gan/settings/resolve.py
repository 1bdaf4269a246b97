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
from keras_gan.settings.config import Config


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
    values = {**(started or {}), **given}
    name = values.get("model", Config.model)
    if name not in registry:
        refuse("model", name, "unknown model", ", ".join(sorted(registry)))
    defaults = registry[name].defaults()
    if started is not None:
        _refuse_changes(given, {**defaults, **started})
    config = complete(values, defaults)
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
    return Config(**values)


def _affordable_steps(values):
    """The number of steps that a study's budget in real images allows."""
    turns = values["turn_bound"] if values["threshold_loop"] else values["d_turns"]
    return max(1, values["images"] // (values["batch_size"] * turns))


def _refuse_changes(given, before):
    """Refuses values that differ from those the run was started with, unless they may change."""
    for field in dataclasses.fields(Config):
        name = field.name
        if name not in given or field.metadata["flag"]["may_change"]:
            continue
        old = before.get(name, field.default)
        if given[name] != old:
            refuse(
                name,
                given[name],
                "the run was started with another value and can't be continued exactly; use"
                " another --run_dir",
                old,
            )
