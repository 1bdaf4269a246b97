"""Small .npz files of arrays with metadata: written at once, and refused if they are not whole."""

import hashlib
import json

import numpy as np

from keras_gan import atomic
from keras_gan.errors import StorageError
from keras_gan.evaluation.extractors.base import hash_arrays


def key(metadata):
    """12 hex digits that stand for metadata, for file names."""
    return hashlib.sha256(_text(metadata).encode()).hexdigest()[:12]


def plain_name(name):
    """A data set's name as a part of a file's name: its last 40 characters, the odd ones as -."""
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in name)[-40:]


def save(path, arrays, metadata):
    """Writes arrays by name, their hash and what they are.

    Raises:
        StorageError: the file can't be written.
    """
    metadata = {**metadata, "hash": hash_arrays(arrays)}
    try:
        with atomic.replacing(path) as file:
            np.savez_compressed(file, metadata=np.array(_text(metadata)), **arrays)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error


def load(path, expected=None):
    """Reads what `save` wrote.

    Args:
        path: the file.
        expected: metadata that the file must have, by name; others do not matter.

    Returns:
        (arrays by name, metadata).

    Raises:
        StorageError: the file is damaged, or belongs to another protocol.
    """
    try:
        # Opened here: np.load leaves a damaged archive open.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files if name != "metadata"}
            metadata = json.loads(str(found["metadata"]))
            whole = metadata["hash"] == hash_arrays(arrays)
    except Exception as error:  # zipfile's, zlib's, NumPy's and JSON's kinds
        raise StorageError(
            f"{path} is damaged ({error}); delete it to have it made again"
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
