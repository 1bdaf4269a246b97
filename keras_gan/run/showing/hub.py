"""A trained model as a folder for a model hub: card, weights, SavedModel, config."""

import dataclasses
import json
import os
import pathlib
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from keras_gan.evaluation import pictures
from keras_gan.gan import GAN
from keras_gan.run.showing import card
from keras_gan.run.showing.extras import require
from keras_gan.settings.config import Config

FORMAT = 1
# Settings that say where things are on one machine, and nothing about the model.
OF_A_MACHINE = (
    "mode",
    "run_dir",
    "init_from",
    "data_dir",
    "fakes",
    "reals",
    "inception_weights",
    "weights",
    "latents",
    "pictures",
    "out",
    "host",
    "port",
    "onnxruntime_web",
    "variant",
    "shard",
    "jobs",
)
SAVED_MODEL = ("saved_model.pb", "fingerprint.pb", "variables", "assets")


def write(
    gan: GAN,
    folder: str | os.PathLike,
    config: Config,
    saved_model: str | os.PathLike,
    metrics: Mapping[str, object] | None = None,
    class_names: Sequence[str] | None = None,
) -> None:
    """Writes the folder.

    It holds `README.md` (the card), `config.json`, `model.safetensors` (all networks, the
    averaged generator among them), `saved_model/` and `samples.png`.

    Args:
        gan: a trained `GAN`.
        folder: where; it is made.
        config: the run's `Config`.
        saved_model: folder of the SavedModel, which is copied.
        metrics: the last scores, by name, or None.
        class_names: the classes' names by number, or None.
    """
    require("hub", "export_format", "hub")
    from safetensors.numpy import save as serialise

    folder, saved_model = pathlib.Path(folder), pathlib.Path(saved_model)
    folder.mkdir(parents=True)
    description = describe(gan, config, class_names)
    (folder / "config.json").write_text(json.dumps(description, indent=1) + "\n")
    metadata = {"format": "keras_gan", "model": config.model}
    (folder / "model.safetensors").write_bytes(serialise(weights(gan), metadata=metadata))
    (folder / "saved_model").mkdir()
    for name in SAVED_MODEL:
        source, target = saved_model / name, folder / "saved_model" / name
        if source.is_dir():
            shutil.copytree(source, target)
        elif source.exists():
            shutil.copyfile(source, target)
    samples = gan.sample(2000 if len(gan.image_shape) == 1 else 64)
    page = pictures.scatter(samples) if samples.ndim == 2 else pictures.grid(samples)
    pictures.save(page, folder / "samples.png")
    text = card.text(description, metrics or {})
    card.check(text)
    (folder / "README.md").write_text(text)


def describe(gan: GAN, config: Config, class_names: Sequence[str] | None = None) -> dict[str, Any]:
    """What rebuilds the model, without weights: a dictionary for JSON."""
    settings = dataclasses.asdict(config)
    settings = {name: value for name, value in settings.items() if name not in OF_A_MACHINE}
    kind, separator, path = config.dataset.partition(":")
    settings["dataset"] = kind + separator + pathlib.PurePath(path).name if path else kind
    return {
        "format": "keras_gan",
        "format_version": FORMAT,
        "model": config.model,
        "image_shape": list(gan.image_shape),
        "latent_dim": gan.latent_dim,
        "num_classes": gan.num_classes,
        "class_names": list(class_names) if class_names else None,
        "step": int(gan.step.numpy()),
        "settings": settings,
    }


def variables(gan: GAN) -> dict[str, keras.Variable]:
    """The variables that are the model, by name: of all networks and the averaged generator."""
    named = {}
    networks = {**gan.networks, "average_generator": gan.average_generator}
    for owner, network in networks.items():
        for number, variable in enumerate(network.variables):
            named[f"{owner}/{number:03d}/{variable.path.rpartition('/')[2]}"] = variable
    return named


def weights(gan: GAN) -> dict[str, np.ndarray]:
    """The values of `variables`, as safetensors takes them."""
    return {
        name: np.ascontiguousarray(np.asarray(variable.numpy()))
        for name, variable in variables(gan).items()
    }
