"""Models back from what was handed on: a hub folder, by path or name, and a run's export."""

import json
import os
import pathlib
import types
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from keras_gan.errors import StorageError, UsageError, reason
from keras_gan.gan import GAN
from keras_gan.model import serving
from keras_gan.run import shipped
from keras_gan.run.showing import hub
from keras_gan.run.showing.extras import require
from keras_gan.run.zoo import zoo
from keras_gan.settings import flags
from keras_gan.settings.config import Config
from keras_gan.settings.resolve import complete

NEEDED = ("model", "settings", "image_shape", "num_classes", "step")  # of a description


def is_hub_folder(path: str | os.PathLike) -> bool:
    """Whether a folder is one that `--export_format=hub` wrote, or of shipped weights."""
    path = pathlib.Path(path)
    weights = (path / "model.safetensors", path / shipped.FILE)
    return (path / "config.json").is_file() and any(file.is_file() for file in weights)


def is_export(path: str | os.PathLike) -> bool:
    """Whether a folder is an export."""
    path = pathlib.Path(path)
    return (path / "saved_model.pb").is_file() and (path / serving.ABOUT).is_file()


def load_hub(
    path_or_name: str | os.PathLike, registry: Mapping[str, type[GAN]] | None = None
) -> GAN:
    """A model from a hub folder, or from shipped weights.

    Args:
        path_or_name: the folder, or "owner/name" on the hub (needs `huggingface_hub`).
        registry: the zoo, name → model class; by default the one that is installed.

    Returns:
        A compiled `GAN` with the weights of all its networks.

    Raises:
        UsageError: no such folder or name, or it holds another model.
        StorageError: its files are damaged.
    """
    return open_hub(path_or_name, registry)[0]


def open_hub(
    path_or_name: str | os.PathLike, registry: Mapping[str, type[GAN]] | None = None
) -> tuple[GAN, dict[str, Any]]:
    """As `load_hub`, with what the folder's config.json says of the model."""
    folder = pathlib.Path(path_or_name).expanduser()
    if not (folder / shipped.FILE).is_file():
        require("hub", None, path_or_name)
    if not folder.is_dir():
        folder = _download(str(path_or_name))
    description = _description(folder / "config.json")
    gan = _build(description, folder, registry)
    if (folder / shipped.FILE).is_file():
        _assign(gan, folder / shipped.FILE, shipped.read(folder / shipped.FILE))
    else:
        file = folder / "model.safetensors"
        _assign(gan, file, _safetensors(file))
    gan.step.assign(description["step"])
    return gan, description


def open_export(
    folder: str | os.PathLike, registry: Mapping[str, type[GAN]] | None = None
) -> tuple[GAN, dict[str, Any]]:
    """A model with its weights from the export of a run.

    Args:
        folder: what a run or `--mode=export` wrote, with model.json.
        registry: the zoo, name → model class; by default the one that is installed.

    Returns:
        (compiled `GAN`, what model.json says of it).

    Raises:
        UsageError: the export is not of a run, and so does not say how its networks are built.
        StorageError: its files are damaged.
    """
    folder = pathlib.Path(folder).expanduser()
    description = _description(folder / serving.ABOUT)
    gan = _build(description, folder, registry)
    networks = tf.train.Checkpoint(root=serving.Networks(gan))
    try:
        status = networks.read(str(folder / "variables" / "variables"))
        status.assert_existing_objects_matched()
    except (tf.errors.OpError, OSError, ValueError, LookupError) as error:
        raise StorageError(f"{folder}: its weights can't be read: {reason(error)}") from None
    except AssertionError:
        raise StorageError(f"{folder}: its weights don't fit its {serving.ABOUT}") from None
    gan.step.assign(description["step"])
    return gan, description


def _build(description, folder, registry):
    """The model that a description is of, compiled, without its weights."""
    from keras_gan.run.build import build_model

    values = description["settings"]
    settings = {n: v for n, v in values.items() if n in Config.__dataclass_fields__}
    flags.check(Config, settings)
    registry = registry or zoo().REGISTRY
    name = description["model"]
    if name not in registry:
        raise UsageError(f"{folder}: model {name!r}; here are {', '.join(sorted(registry))}")
    config = complete(settings, registry[name].defaults())
    data = types.SimpleNamespace(
        image_shape=tuple(description["image_shape"]), num_classes=description["num_classes"]
    )
    return build_model(config, registry[name], data)


def _download(name):
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        return pathlib.Path(snapshot_download(name))
    except HFValidationError:
        raise UsageError(f"{name}: no such folder, and no name of the form owner/name") from None
    except (HfHubHTTPError, OSError) as error:
        raise UsageError(
            f"{name}: no such folder, and not had from the hub: {reason(error)}"
        ) from None


def _description(file):
    """What a hub folder's config.json or an export's model.json says of a model."""
    try:
        description = json.loads(file.read_text())
        version = int(description.get("format_version", hub.FORMAT))
        missing = [name for name in NEEDED if name not in description]
    except OSError as error:
        raise UsageError(f"{file.parent}: {error.strerror}: {file.name}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise StorageError(f"{file}: not of a keras-gan model") from error
    if missing == ["settings"]:
        raise UsageError(
            f"{file.parent}: an export without a run's settings, which does not say how to build"
            " its networks; a run's export, a hub folder or a .keras file does"
        )
    if missing or description.get("format", "keras_gan") != "keras_gan":
        raise StorageError(f"{file}: not of a keras-gan model")
    if version > hub.FORMAT:
        raise UsageError(
            f"{file.parent}: format {version}, of a newer version; this one: {hub.FORMAT}"
        )
    return description


def _safetensors(path):
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(str(path))
    except (OSError, SafetensorError) as error:
        raise StorageError(f"{path}: {reason(error)}") from error


def _assign(gan, path, values):
    variables = hub.variables(gan)
    shapes = {name: tuple(variable.shape) for name, variable in variables.items()}
    results = {name: value.shape for name, value in values.items()}
    if shapes != results:
        names = sorted(name for name in shapes | results if shapes.get(name) != results.get(name))
        raise StorageError(f"{path}: does not fit its config.json, for example {names[0]}")
    if not all(np.isfinite(value).all() for value in values.values()):
        raise StorageError(f"{path}: weights that are not finite")
    for name, variable in variables.items():
        variable.assign(values[name])
