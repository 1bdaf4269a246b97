"""A setting's way: `flags.parse` → `resolve` → one `Config` → what is built from it.

`flags.parse` has refused every value that is wrong by itself, before TensorFlow is loaded. What
takes the zoo is decided here, once: the model's defaults, the settings of a run that is continued,
and which settings go together. Only what depends on the number of replicas comes later, with the
strategy (`compatibility.check_replicas`).
"""

import dataclasses

from keras_gan.errors import refuse
from keras_gan.settings import compatibility
from keras_gan.settings.config import Config


def resolve(given, registry, run=None):
    """The complete config of a run, new or continued.

    Args:
        given: what the command line says, by flag name, as `flags.parse` returns it.
        registry: the zoo: name → model class.
        run: the run's `RunDirectory`; its own settings count unless they may change.

    Returns:
        A `Config`.

    Raises:
        UsageError: an unknown model, or settings that contradict each other or the run in
            progress.
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


def complete(given, defaults=None):
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


def _refuse_changes(given, before):
    """Refuses values that a run in progress can't be given any more."""
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
