"""Small .npz files of arrays with metadata: written atomically, and verified when read."""

import hashlib
import json
import os
from collections.abc import Mapping

import numpy as np

from keras_gan import atomic
from keras_gan.errors import StorageError, reason
from keras_gan.evaluation.extractors.base import hash_arrays


def key(metadata: Mapping[str, object]) -> str:
    """A hash of metadata for file names, 12 hex digits."""
    return hashlib.sha256(_text(metadata).encode()).hexdigest()[:12]


def plain_name(name: str) -> str:
    """A data set's name as part of a file name: its last 40 characters, special ones as -."""
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in name)[-40:]


def save(
    path: str | os.PathLike, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, object]
) -> None:
    """Writes arrays, their hash and their metadata.

    Args:
        path: the file.
        arrays: dict from names to arrays.
        metadata: dict from names to JSON values.

    Raises:
        StorageError: the file can't be written.
    """
    metadata = {**metadata, "hash": hash_arrays(arrays)}
    try:
        with atomic.replacing(path) as file:
            np.savez_compressed(file, metadata=np.array(_text(metadata)), **arrays)
    except OSError as error:
        raise StorageError(f"{path}: {reason(error)}") from error


def load(
    path: str | os.PathLike, expected: Mapping[str, object] | None = None
) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    """Reads a file that `save` wrote.

    Args:
        path: the file.
        expected: metadata that the file must have, by name. Defaults to None, any.

    Returns:
        (arrays by name, metadata).

    Raises:
        StorageError: the file is damaged, or belongs to another protocol.
    """
    try:
        # Opened here, because np.load leaves a damaged archive open.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files if name != "metadata"}
            metadata = json.loads(str(archive["metadata"]))
            whole = metadata["hash"] == hash_arrays(arrays)
    except Exception as error:  # zipfile, zlib, NumPy and JSON raise many kinds
        raise StorageError(
            f"{path} is damaged ({reason(error)}); delete it to have it made again"
        ) from error
    if not whole:
        raise StorageError(
            f"{path} is damaged (its arrays are not those that were written); delete it to have it"
            " made again"
        )
    for name, value in (expected or {}).items():
        if metadata.get(name) != value:
            raise StorageError(
                f"{path} does not fit: its {name} is {metadata.get(name)}, needed is {value};"
                " delete it to have it made again"
            )
    return arrays, metadata


def _text(metadata):
    return json.dumps(metadata, sort_keys=True)
