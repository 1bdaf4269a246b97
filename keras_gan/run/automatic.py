"""`--recipe=auto`: looks at the data and the device, and writes the recipe out as plain flags."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf
from absl import logging

from keras_gan.data import symmetry
from keras_gan.data.survey import Survey, survey
from keras_gan.errors import refuse
from keras_gan.run.directory import RunDirectory
from keras_gan.settings import flags
from keras_gan.settings.config import Config
from keras_gan.settings.conflicts import POINTS
from keras_gan.settings.recipe import FEW, Facts, flagfile, recipe_for
from keras_gan.settings.resolve import complete


def look(given: Mapping[str, Any]) -> Survey:
    """The `Survey` of the data set that a command line names."""
    config = complete(given)
    if config.dataset in POINTS:
        refuse("dataset", config.dataset, "holds points, not pictures", "a data set of pictures")
    return survey(
        config.dataset,
        labels=config.labels,
        channels=config.channels or None,
        image_size=flags.image_size(config.image_size),
        data_dir=config.data_dir or None,
        crop=config.crop,
    )


def facts_of(seen: Survey) -> Facts:
    """What a recipe needs to know of the data and of this machine."""
    height, width = seen.median_size
    names = list(seen.classes or ())
    own = seen.name.partition(":")[0] in ("folder", "npz")
    return Facts(
        height,
        width,
        seen.channels,
        len(seen),
        num_classes=len(names) or None,
        one_size=seen.one_size,
        signs=bool(names) and all(len(name) == 1 for name in names),
        own=own,
        sided=own and len(seen) < FEW and symmetry.of_survey(seen) > symmetry.ASYMMETRIC,
        device="GPU" if tf.config.list_physical_devices("GPU") else "CPU",
    )


def settings(given: Mapping[str, Any], run: RunDirectory) -> Mapping[str, Any]:
    """The values of a command line, for a new run with those of `--recipe` added.

    Args:
        given: values of the command line by flag name, as returned by `flags.parse`.
        run: the run; it keeps the text of recipe.flags. A run that exists keeps its settings.

    Raises:
        UsageError: the data can't be opened.
    """
    if not given.get("recipe"):
        return given
    if run.flagfile.exists():
        logging.info("--recipe=%s: %s keeps its settings", given["recipe"], run.path)
        return given
    values, run.recipe = fill_in(given)
    return values


def fill_in(given: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Adds the recipe's settings to those of a command line, and logs each with its reason.

    Args:
        given: values of the command line by flag name, as returned by `flags.parse`.

    Returns:
        (values by flag name, the text of `recipe.flags`).

    Raises:
        UsageError: the data can't be opened.
    """
    facts = facts_of(look(given))
    made = recipe_for(facts, given)
    logging.info("--recipe=auto for %s:", facts)
    for choice in made:
        logging.info("%s", choice)
    text = flagfile(facts, made, given.get("dataset", Config.dataset))
    return {**given, **{choice.name: choice.value for choice in made}}, text
