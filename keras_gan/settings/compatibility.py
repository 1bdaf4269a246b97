"""Which switches go together: what is refused, and what differs on several replicas."""

import dataclasses
import math

from keras_gan import errors
from keras_gan.settings.config import NETS, Config
from keras_gan.settings.conflicts import OF_REPLICAS, TABLE, Settings, plain

# Flags that are options of networks: a model whose `Options` lack one refuses it.
OF_NETWORKS = (
    *(
        field.name
        for field in dataclasses.fields(Config)
        if field.metadata["flag"]["group"] == NETS and field.name != "noise_at_sampling"
    ),
    "sync_batch_norm",
)

# Rules that compare consecutive images within a replica, and how many they would like at a time.
GROUPS = {"minibatch_stddev": 4, "dragan": 8, "top_k": 16}


def conflicts(settings):
    """The conflicts of some settings.

    Args:
        settings: values by flag name; flags that are left out have their defaults. One more
            name, "replicas", is the number of replicas.

    Returns:
        A list of `Conflict`, empty if the combination makes sense.
    """
    settings = Settings(settings)
    return [conflict for conflict in TABLE if conflict.when(settings)]


def options(model_class):
    """Names of the options of a model's networks, a set."""
    return {field.name for field in dataclasses.fields(model_class.Options)}


def regrouped(config, replicas):
    """Which rules see other groups of images on several replicas than on one device.

    The rules are right on both, but not the same to the last digit.

    Returns:
        A sentence for each.
    """
    rows = config.batch_size // replicas
    for name, size in GROUPS.items():
        if getattr(config, name) and math.gcd(rows, size) != math.gcd(config.batch_size, size):
            yield (
                f"--{name} groups {size} images, which the {rows} images of a replica don't hold:"
                f" {replicas} replicas will differ from one device; a --batch_size that divides by"
                f" {size * replicas} makes them equal"
            )


def check(config, model_class=None):
    """Raises a `UsageError` if a config contradicts itself or asks for what its model lacks.

    Args:
        config: a `Config`.
        model_class: the model that `config.model` names.
    """
    _refuse(TABLE, _settings(config, model_class))


def check_replicas(config, model_class, replicas):
    """Raises a `UsageError` for what only the number of replicas makes wrong.

    Args:
        config: a `Config` that `check` accepts.
        model_class: the model that `config.model` names.
        replicas: how many replicas train.
    """
    _refuse(OF_REPLICAS, Settings(_settings(config, model_class), replicas=replicas))


def _settings(config, model_class):
    """A config as `Settings`, with what the model's networks have in place of flags they lack."""
    settings = Settings(vars(config))
    if model_class is not None:
        of_model = options(model_class)
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
            # What the model's networks have in its place, as far as the table cares.
            settings[name] = getattr(model_class, "built_in", {}).get(
                name, "none" if name.endswith("normalization") else settings[name]
            )
    return settings


def _refuse(table, settings):
    for conflict in table:
        if conflict.when(settings):
            name = conflict.flags[0]
            errors.refuse(name, plain(settings[name]), conflict.message(settings))
