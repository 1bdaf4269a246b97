"""Latents in files: what `--latents` reads, and what projection and the explorer write."""

import dataclasses
import os
import pathlib
import zipfile

import numpy as np

from keras_gan import atomic
from keras_gan.errors import StorageError, refuse
from keras_gan.gan import GAN
from keras_gan.step import randomness

WANTED = "an .npz file with latents float32 [n, dimensions] and, for classes, labels int32 [n]"
LARGEST = 1e4  # no prior draws such a number


@dataclasses.dataclass(frozen=True)
class Latents:
    """Latents float32 [n, dimensions], and labels int32 [n] of a conditional model or None."""

    latents: np.ndarray
    labels: np.ndarray | None = None

    def __len__(self):
        return len(self.latents)


def save(
    path: str | os.PathLike, latents: np.ndarray, labels: np.ndarray | None = None, **more
) -> None:
    """Writes an .npz file whole or not at all.

    Args:
        path: the file; its folder is made.
        latents: float32 [n, dimensions].
        labels: int32 [n], or None.
        more: further arrays, by name.
    """
    arrays = {"latents": np.asarray(latents, np.float32), **more}
    if labels is not None:
        arrays["labels"] = np.asarray(labels, np.int32)
    try:
        with atomic.replacing(path) as file:
            np.savez_compressed(file, **arrays)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error


def load(path: str | os.PathLike, gan: GAN, flag: str = "latents") -> Latents:
    """Reads latents for a model.

    Args:
        path: an .npz file.
        gan: the `GAN` whose latents they are.
        flag: what named the file.

    Returns:
        `Latents`; a conditional model's without labels in the file have all classes in turn.

    Raises:
        UsageError: no such file, or not latents of this model.
    """
    path = pathlib.Path(path).expanduser()
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in ("latents", "labels") if name in file.files}
    except FileNotFoundError:
        refuse(flag, path, "no such file", WANTED)
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile):
        refuse(flag, path, "can't be read", WANTED)
    if "latents" not in arrays:
        refuse(flag, path, "no latents in it", WANTED)
    return check(arrays["latents"], arrays.get("labels"), gan, flag, path)


def check(
    latents: np.ndarray, labels: np.ndarray | None, gan: GAN, flag: str, value: object
) -> Latents:
    """`Latents` of arrays, or a `UsageError` that says how they don't fit the model."""
    if latents.ndim != 2 or latents.shape[1] != gan.latent_dim or not len(latents):
        refuse(flag, value, f"latents {list(latents.shape)}", f"[n, {gan.latent_dim}] here")
    if latents.dtype.kind not in "fiu" or not (np.abs(latents) < LARGEST).all():
        refuse(flag, value, "latents that are no finite numbers of moderate size", WANTED)
    if not gan.conditional:
        return Latents(latents.astype(np.float32))
    if labels is None:
        labels = np.arange(len(latents)) % gan.num_classes
    if labels.shape != (len(latents),) or labels.dtype.kind not in "iu":
        refuse(flag, value, f"labels {list(labels.shape)} {labels.dtype}", "one integer per latent")
    if labels.min() < 0 or labels.max() >= gan.num_classes:
        refuse(flag, value, "labels out of range", f"0 to {gan.num_classes - 1}")
    return Latents(latents.astype(np.float32), labels.astype(np.int32))


def generate(
    gan: GAN,
    latents: np.ndarray,
    labels: np.ndarray | None = None,
    noise_key: randomness.Key | None = None,
) -> np.ndarray:
    """The averaged generator's images of many latents, in batches: uint8 [n, h, w, c]."""
    parts = []
    for row in range(0, len(latents), gan.chunk):
        rows = slice(row, row + gan.chunk)
        some = None if labels is None else labels[rows]
        key = None if noise_key is None else noise_key.at(row)
        parts.append(np.asarray(gan.generate(latents[rows], some, key)))
    return np.concatenate(parts)
