"""Which settings are compatible, and which rules differ between several replicas and one."""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any

from keras_gan import errors
from keras_gan.settings.combinations import Conflict, Settings, plain
from keras_gan.settings.config import NETS, Config
from keras_gan.settings.conflicts import OF_REPLICAS, TABLE

# Flags that are options of networks. A model whose `Options` lack one refuses it.
OF_NETWORKS = (
    *(
        field.name
        for field in dataclasses.fields(Config)
        if field.metadata["flag"]["group"] == NETS
        and field.name not in ("noise_at_sampling", "conditional")
    ),
    "sync_batch_norm",
)

# Rules that compare consecutive images within a replica, and the size of their groups.
GROUPS = {"minibatch_stddev": 4, "dragan": 8, "top_k": 16}


def conflicts(settings: Mapping[str, Any]) -> list[Conflict]:
    """The conflicts between settings.

    Args:
        settings: mapping, values by flag name; missing flags have their defaults. The additional
            key "replicas" is the number of replicas, which defaults to 1.

    Returns:
        A list of `Conflict`, empty if the settings are compatible.
    """
    settings = Settings(settings)
    return [conflict for conflict in TABLE if conflict.when(settings)]


def options(model_class: type) -> set[str]:
    """Names of the options of a model's networks."""
    return {field.name for field in dataclasses.fields(model_class.Options)}


def conditional(config: Config, model_class: type) -> bool:
    """Whether a run's model is conditional: always so, or by `--conditional`."""
    fields = {field.name: field for field in dataclasses.fields(model_class.Options)}
    if "num_classes" not in fields:
        return False
    return config.conditional or fields["num_classes"].default is not None


def regrouped(config: Config, replicas: int) -> Iterator[str]:
    """Rules that see other groups of images on several replicas than on one device.

    Both are correct, but the results are not bit-identical.

    Args:
        config: `Config`.
        replicas: number of replicas that train.

    Yields:
        One sentence per rule.
    """
    rows = config.batch_size // replicas
    for name, size in GROUPS.items():
        if getattr(config, name) and math.gcd(rows, size) != math.gcd(config.batch_size, size):
            yield (
                f"--{name} groups {size} images, which does not fit the {rows} images per replica:"
                f" {replicas} replicas will differ from one device; a --batch_size that is a"
                f" multiple of {size * replicas} makes them equal"
            )


def rates_that_end(config: Config) -> str | None:
    """A sentence on players whose learning rate is 0 before the last step, or None."""
    last = config.schedule_steps
    sides = [
        side.upper()
        for side in "dg"
        if getattr(config, f"{side}_learning_rate_schedule") != "constant"
        and not getattr(config, f"{side}_learning_rate_end")
    ]
    if last is None or last >= config.steps or not sides:
        return None
    return (
        f"from step {last} to {config.steps} the learning rate of {' and '.join(sides)} is 0, since"
        f" --schedule_steps={last} is fixed at a run's first start; to train longer, begin another"
        " --run_dir with a higher one"
    )


def check(config: Config, model_class: type | None = None) -> None:
    """Checks that a config's settings are compatible with each other and with its model.

    Args:
        config: `Config`.
        model_class: class of the model `config.model`. Defaults to None: any model.

    Raises:
        UsageError: they are not; the message names settings that would be.
    """
    _refuse(TABLE, _settings(config, model_class))


def check_replicas(config: Config, model_class: type, replicas: int) -> None:
    """Checks what depends on the number of replicas.

    Args:
        config: `Config` that `check` accepts.
        model_class: class of the model `config.model`.
        replicas: number of replicas that train.

    Raises:
        UsageError: a replica has too few images.
    """
    _refuse(OF_REPLICAS, Settings(_settings(config, model_class), replicas=replicas))


def _settings(config, model_class):
    """A config as `Settings`, with the fixed choices of networks that have no flag for them."""
    settings = Settings(vars(config))
    if model_class is not None:
        of_model = options(model_class)
        if config.conditional and "num_classes" not in of_model:
            errors.refuse(
                "conditional",
                "true",
                f"--model={config.model} has no classes",
                "false, or a model whose D is a plain one, such as dcgan",
            )
        for name in OF_NETWORKS:
            if name in of_model:
                continue
            if settings[name] != model_class.defaults().get(name, Settings.DEFAULTS[name]):
                errors.refuse(
                    name,
                    plain(settings[name]),
                    f"--model={config.model} has no such switch",
                    plain(Settings.DEFAULTS[name]),
                )
            # What the model's networks always do, where a conflict depends on it.
            settings[name] = getattr(model_class, "built_in", {}).get(
                name, "none" if name.endswith("normalization") else settings[name]
            )
    return settings


def _refuse(table, settings):
    for conflict in table:
        if conflict.when(settings):
            name = conflict.flags[0]
            errors.refuse(name, plain(settings[name]), conflict.message(settings))
