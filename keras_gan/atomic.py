"""Files and folders that are written completely or not at all, even on a kill or a full disk.

Content is written under a temporary name in the same folder, synced to the disk, and renamed once
it is complete. The temporary names are hidden:

    .NAME.1f0c9a3e.writing   being written; `remove_leftovers` removes those of killed processes
    .NAME.replaced           a folder that is being replaced; `take_back` restores it
"""

import contextlib
import json
import math
import os
import pathlib
import secrets
import shutil
from collections.abc import Iterator
from typing import Any, BinaryIO


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """Opens a file that replaces `path` when the block ends without an exception.

    Several processes may write the same file at once: the last to finish wins.

    Args:
        path: str or path of the file; its folder is created if it does not exist.

    Yields:
        A binary file to write to.

    Raises:
        OSError: it can't be written. The old file is unchanged, and nothing else is left.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync(path.parent)


@contextlib.contextmanager
def replacing_folder(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Creates a folder that replaces `path` when the block ends without an exception.

    A folder can't be renamed over another one, so an old one is moved aside first. A process
    killed at that moment leaves nothing at `path`; `take_back` restores the old folder.

    Args:
        path: str or path of the folder; its parent is created if it does not exist.

    Yields:
        The path of an empty folder to write into.

    Raises:
        OSError: it can't be written. The old folder is unchanged, and nothing else is left.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary, old = _temporary(path), path.with_name(f".{path.name}.replaced")
    try:
        temporary.mkdir()
        yield temporary
        for folder, _, names in os.walk(temporary):
            for name in names:
                _sync(os.path.join(folder, name))
            _sync(folder)
        if path.is_dir():
            shutil.rmtree(old, ignore_errors=True)
            os.replace(path, old)
        os.replace(temporary, path)
    except BaseException:
        if old.is_dir() and not path.exists():
            os.replace(old, path)
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    _sync(path.parent)
    shutil.rmtree(old, ignore_errors=True)


def take_back(folder: str | os.PathLike) -> None:
    """Restores the folders in `folder` that a killed process had moved aside to replace them."""
    for old in pathlib.Path(folder).glob(".*.replaced"):
        path = old.with_name(old.name[1 : -len(".replaced")])
        if path.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.replace(old, path)


def remove_leftovers(folder: str | os.PathLike) -> None:
    """Removes the temporary files of killed processes; no other process may write to `folder`."""
    for leftover in pathlib.Path(folder).glob(f".*.{8 * '[0-9a-f]'}.writing"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def json_text(value: Any, indent: int | None = None) -> str:
    """The JSON text of a value; NaN and infinity, which JSON lacks, become null.

    Args:
        value: dictionaries, lists, texts and numbers.
        indent: spaces per level, or None for a single line.
    """
    return json.dumps(_finite(value), indent=indent, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _temporary(path: pathlib.Path) -> pathlib.Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.writing")


def _sync(path: str | os.PathLike) -> None:
    """Syncs a file's content, or a folder's entries, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
