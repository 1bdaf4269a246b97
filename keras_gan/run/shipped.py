"""Weights that ship with the zoo: small folders, in half precision, read without further packages.

Such a folder has `config.json` (how the networks are built, scores), `weights.npz` (all networks
and the averaged generator), `README.md` (the card) and `samples.png`.
"""

import os
import pathlib

import numpy as np

from keras_gan.errors import UsageError
from keras_gan.evaluation import storage
from keras_gan.gan import GAN
from keras_gan.run.showing import hub
from keras_gan.run.zoo import zoo

FILE = "weights.npz"


def folders() -> dict[str, pathlib.Path]:
    """The shipped models: name → folder."""
    try:
        return zoo().WEIGHTS
    except UsageError:  # The engine alone is installed.
        return {}


def find(name: str | os.PathLike) -> pathlib.Path:
    """The folder of a shipped model, or the path that was given, ~ expanded."""
    return pathlib.Path(folders().get(os.fspath(name), name)).expanduser()


def write(gan: GAN, path: str | os.PathLike, precision: str = "float16") -> str:
    """Writes the weights of all networks.

    Args:
        gan: a trained `GAN`.
        path: the file, `FILE` in a model's folder.
        precision: "float16" or "float32", of all arrays with fractions.

    Returns:
        The hash of the arrays, 16 hex digits.
    """
    arrays = {
        name: array.astype(precision) if array.dtype.kind == "f" else array
        for name, array in hub.weights(gan).items()
    }
    storage.save(path, arrays, {"precision": precision})
    return storage.load(path)[1]["hash"]


def read(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """The arrays of a file that `write` wrote, by name.

    Raises:
        StorageError: it is damaged.
    """
    return storage.load(path)[0]
