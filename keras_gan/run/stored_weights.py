"""The weights that a run, an export, a hub folder or a `.keras` file holds, network by network."""

import dataclasses
import json
import os
import re
from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from keras_gan.errors import StorageError, UsageError, reason
from keras_gan.gan import GAN
from keras_gan.model.serving import ABOUT
from keras_gan.monitoring.best import best_step
from keras_gan.run import load, loading, shipped
from keras_gan.run.checkpoints import Checkpoints, OtherFormat
from keras_gan.run.directory import RunDirectory
from keras_gan.settings.config import Config
from keras_gan.step import network_state


@dataclasses.dataclass(frozen=True)
class StoredWeights:
    """The weights of a trained model, and what is known of it.

    Attributes:
        source: str, where they are.
        networks: mapping, name of a network → arrays in the order of `network_state.variables`;
            "average_generator" is one of the names.
        model: str, name or class of the model.
        image_shape: tuple, (height, width, channels).
        num_classes: int, or None.
    """

    source: str
    networks: Mapping[str, list[np.ndarray]]
    model: str
    image_shape: tuple
    num_classes: int | None

    @classmethod
    def of_model(cls, source: str, gan: GAN) -> "StoredWeights":
        """The weights of a model in memory."""
        return cls(
            source,
            {
                name: [np.asarray(variable) for variable in network_state.variables(network)]
                for name, network in named_networks(gan).items()
            },
            type(gan).__name__,
            tuple(gan.image_shape),
            gan.num_classes,
        )


def named_networks(gan: GAN) -> dict:
    """The networks of a model by name, the averaged generator among them."""
    return {**gan.networks, "average_generator": gan.average_generator}


def read(path: str | os.PathLike) -> StoredWeights:
    """Reads the weights of a trained model.

    Args:
        path: a run directory (of which it takes the checkpoint with the best score, without scores
            the last one), the folder of an export, a hub folder or its "owner/name" on a model
            hub, a `.keras` file, or a name in the zoo's `WEIGHTS`.

    Raises:
        UsageError: there is nothing of this kind.
        StorageError: it is damaged.
    """
    name = str(path)
    path = shipped.find(path)
    try:
        if (path / "operative.flags").exists():
            stored = _of_run(path)
        elif loading.is_hub_folder(path):
            stored = _of_hub(path)
        elif (path / "saved_model.pb").exists():
            stored = _of_export(path)
        elif path.is_file() and path.suffix == ".keras":
            stored = _of_file(path)
        elif not path.exists() and re.fullmatch(r"[\w.-]+/[\w.-]+", name):
            stored = _of_hub(name)
        else:
            what = "is none of these" if path.exists() else "does not exist"
            raise UsageError(f"{what}; {_allowed()}", flag="init_from", value=name)
    except OSError as error:
        raise StorageError(f"{path}: {reason(error)}") from error
    _check_finite(stored)
    return stored


def _allowed():
    names = ", ".join(shipped.folders())
    return (
        "a run directory (with operative.flags), an export (with saved_model.pb), a hub folder or a"
        f" .keras file can be read{f', or one of {names}' if names else ''}"
    )


def _of_run(path):
    run = RunDirectory(path, writes=False)
    checkpoints = Checkpoints(run.checkpoints, writes=False)
    steps = [*checkpoints.steps()[::-1]]
    best = best_step(run.scores())
    if best in steps:
        steps = [best, *steps]
    for step in steps:
        try:
            arrays, environment = checkpoints.read(step), checkpoints.environment_of(step)
        except OtherFormat:
            raise
        except StorageError as error:
            logging.warning("%s; another one is used", error)
            continue
        networks = {}
        for name in sorted(arrays):  # "generator/0003"
            networks.setdefault(name.rpartition("/")[0], []).append(arrays[name])
        shape = tuple(environment["image shape"])
        classes, model = environment["number of classes"], run.given().get("model", Config.model)
        return StoredWeights(f"{path}, step {step}", networks, model, shape, classes)
    if steps:
        raise StorageError(f"{path}: none of its {len(steps)} checkpoints can be read")
    raise UsageError(
        "has no checkpoint yet", flag="init_from", value=path, allowed="a run that has saved one"
    )


def _of_export(path):
    try:
        about = json.loads((path / ABOUT).read_text())
        loaded = tf.saved_model.load(str(path))
        networks = {
            name: [np.asarray(variable) for variable in variables]
            for name, variables in loaded.weights.items()
        }
        shape = tuple(about["image_shape"])
        return StoredWeights(str(path), networks, about["model"], shape, about["num_classes"])
    except AttributeError as error:
        raise UsageError(
            "this export does not list its weights: another version wrote it",
            flag="init_from",
            value=path,
            allowed="its run directory, or a new export",
        ) from error
    except (OSError, ValueError, KeyError, TypeError, tf.errors.OpError) as error:
        raise StorageError(f"damaged export {path}: {reason(error)}") from error


def _of_hub(path_or_name):
    policy = keras.config.dtype_policy()
    try:
        return StoredWeights.of_model(str(path_or_name), loading.load_hub(path_or_name))
    finally:
        keras.config.set_dtype_policy(policy)  # loading has set that of the model


def _of_file(path):
    gan = load.load(path)
    if not isinstance(gan, GAN):
        raise UsageError(
            f"holds a {type(gan).__name__}", flag="init_from", value=path, allowed="a saved GAN"
        )
    return StoredWeights.of_model(str(path), gan)


def _check_finite(stored):
    for name, arrays in stored.networks.items():
        if not all(np.isfinite(array).all() for array in arrays if array.dtype.kind == "f"):
            raise StorageError(f"{stored.source}: weights of its {name} are not finite")
