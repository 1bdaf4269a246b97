"""Models back from what was handed on: a hub folder, on disk or by its name on a model hub."""

import json
import os
import pathlib
import types
from collections.abc import Mapping

import numpy as np

from keras_gan.errors import StorageError, UsageError
from keras_gan.gan import GAN
from keras_gan.run.showing import hub
from keras_gan.run.showing.extras import require
from keras_gan.run.zoo import zoo
from keras_gan.settings import flags
from keras_gan.settings.config import Config
from keras_gan.settings.resolve import complete


def is_hub_folder(path: str | os.PathLike) -> bool:
    """Whether a folder is one that `--export_format=hub` wrote."""
    path = pathlib.Path(path)
    return (path / "config.json").is_file() and (path / "model.safetensors").is_file()


def load_hub(
    path_or_name: str | os.PathLike, registry: Mapping[str, type[GAN]] | None = None
) -> GAN:
    """A model from a hub folder.

    Args:
        path_or_name: the folder, or "owner/name" on the hub (needs `huggingface_hub`).
        registry: the zoo, name → model class; by default the one that is installed.

    Returns:
        A compiled `GAN` with the weights of all its networks.

    Raises:
        UsageError: no such folder or name, or it holds another model.
        StorageError: its files are damaged.
    """
    from keras_gan.run.build import build_model

    require("hub", "load", path_or_name)
    folder = pathlib.Path(path_or_name).expanduser()
    if not folder.is_dir():
        folder = _download(str(path_or_name))
    description = _description(folder)
    settings = {
        n: v for n, v in description["settings"].items() if n in Config.__dataclass_fields__
    }
    flags.check(Config, settings)
    registry = registry or zoo().REGISTRY
    name = description["model"]
    if name not in registry:
        raise UsageError(f"{folder}: model {name!r}; here are {', '.join(sorted(registry))}")
    config = complete(settings, registry[name].defaults())
    data = types.SimpleNamespace(
        image_shape=tuple(description["image_shape"]), num_classes=description["num_classes"]
    )
    gan = build_model(config, registry[name], data)
    _assign(gan, folder / "model.safetensors")
    gan.step.assign(description["step"])
    return gan


def _download(name):
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        return pathlib.Path(snapshot_download(name))
    except HFValidationError:
        raise UsageError(f"{name}: no such folder, and no name of the form owner/name") from None
    except (HfHubHTTPError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UsageError(f"{name}: no such folder, and not had from the hub: {reason}") from None


def _description(folder):
    try:
        description = json.loads((folder / "config.json").read_text())
        if description["format"] != "keras_gan":
            raise KeyError("format")
        version = int(description["format_version"])
        needed = ("model", "settings", "image_shape", "num_classes", "step")
        results = {name: description[name] for name in needed}
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}: config.json") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{folder / 'config.json'}: not of a keras-gan model") from error
    if version > hub.FORMAT:
        raise UsageError(f"{folder}: format {version}, of a newer version; this one: {hub.FORMAT}")
    return results


def _assign(gan, path):
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        values = load_file(str(path))
    except (OSError, SafetensorError) as error:
        raise StorageError(f"{path}: {error}") from error
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
