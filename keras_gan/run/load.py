"""`keras_gan.load`: whatever a training has left, as a model."""

import json
import os
import pathlib
import re
import types
from typing import Any

import keras
import tensorflow as tf

from keras_gan.errors import StorageError, UsageError, reason
from keras_gan.model.serving import ABOUT
from keras_gan.run import loading, shipped
from keras_gan.run.build import build_model, open_data
from keras_gan.run.checkpoints import Checkpoints
from keras_gan.run.directory import RunDirectory
from keras_gan.run.zoo import zoo
from keras_gan.settings.resolve import resolve


def load(path: Any) -> Any:
    """Loads a model.

    Args:
        path: the name of a shipped model (`models.WEIGHTS` lists them), a `.keras` file, a run
            directory, the folder of an export, or a hub folder (`--export_format=hub`) or its
            "owner/name" on a model hub.

    Returns:
        A `GAN` of a file or a run (as its last checkpoint has it), with `sample`, `predict`,
        `fit`, …. Of an export what `tf.saved_model.load` gives, with `sample(count, seed)`,
        `generate(latents)`, ….

    Raises:
        UsageError: there is nothing that can be loaded.
        StorageError: it is damaged.

    Example:

    ```python
    gan = keras_gan.load("gan.keras")
    images = gan.sample(16, seed=0)
    ```
    """
    if not isinstance(path, (str, os.PathLike)) or "\0" in os.fspath(path):
        raise UsageError(f'load({path!r}): a path or a name is needed, such as "runs/mine"')
    name, path = str(path), shipped.find(path)
    if path.is_file() and path.suffix == ".keras":
        return _load_file(path)
    if (path / "operative.flags").exists():
        return _load_run(path)
    if loading.is_hub_folder(path):
        return loading.load_hub(path)
    if (path / "saved_model.pb").exists():
        return _load_export(path)
    if not path.exists() and re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        return loading.load_hub(name)  # of a model hub
    what = "is none of these" if path.exists() else "does not exist"
    raise UsageError(
        f"{path} {what}; a .keras file, a run directory (with operative.flags), an export (with"
        f" saved_model.pb) or one of {', '.join(shipped.folders())} can be loaded"
    )


def _load_export(path: pathlib.Path) -> Any:
    """A SavedModel whose functions keep it: TensorFlow's own refer to a model that may be gone."""
    model = tf.saved_model.load(str(path))
    for name in dir(model):
        if not name.startswith("_") and callable(function := getattr(model, name)):
            function.keras_gan_model = model
    return model


def _load_file(path: pathlib.Path) -> Any:
    try:
        zoo()  # so that Keras knows the zoo's classes
    except UsageError:
        pass  # a file of the engine's own classes does not need them
    try:
        return keras.saving.load_model(path)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise StorageError(
            f"{path} can't be loaded; classes of your own have to be imported first, and registered"
            f" by @keras.saving.register_keras_serializable(): {reason(error)}"
        ) from error


def _load_run(path: pathlib.Path) -> Any:
    registry = zoo().REGISTRY
    run = RunDirectory(path, writes=False)
    config = resolve({"mode": "sample", "run_dir": str(path)}, registry, run)
    gan = build_model(config, registry[config.model], _data_of(run, config))
    restored = Checkpoints(run.checkpoints, writes=False).restore(gan)
    if restored is None:
        raise UsageError(f"{path} has no checkpoint yet")
    return gan


def _data_of(run: RunDirectory, config: Any) -> Any:
    """What the model has to know of the data, which need not be there any more."""
    try:
        about = json.loads((run.export / ABOUT).read_text())
        shape, num_classes = tuple(about["image_shape"]), about["num_classes"]
    except (OSError, ValueError, KeyError, TypeError):
        return open_data(config)
    return types.SimpleNamespace(image_shape=shape, num_classes=num_classes)
