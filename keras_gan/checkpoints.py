"""Checkpoints: whole or not there, checked when they are read, the last few kept.

A checkpoint is a folder `step-00001000` with `state.npz` (every variable of the game) and
`manifest.json` (step, names, SHA-256). It is written beside and renamed, so a killed process
leaves the one before; a flipped byte is noticed, and the one before is taken.
"""

import hashlib
import json
import os
import pathlib
import shutil
import zipfile

import numpy as np
from absl import logging

from keras_gan.errors import StorageError

FORMAT = 1


class Checkpoints:
    """The checkpoints of a run.

    Args:
        folder: where they are.
        keep: how many of the newest are kept; those named in `protected` stay besides.
    """

    def __init__(self, folder, keep=3):
        self.folder, self.keep = pathlib.Path(folder), keep
        self.protected = set()

    def steps(self):
        """Steps of the checkpoints that are there, oldest first."""
        found = self.folder.glob("step-*") if self.folder.is_dir() else []
        return sorted(int(path.name[5:]) for path in found if path.name[5:].isdigit())

    def save(self, gan, step, note=None):
        """Writes the state of `gan`, unless this step is there already; returns its folder.

        Args:
            note: JSON values to keep beside the state, e.g. {"healthy": true}.
        """
        target = self._path(step)
        return target if target.is_dir() else self._write(gan, step, note)

    def replace(self, gan, step, note=None):
        """Writes the state of `gan` in the place of what was saved at this step."""
        old = self.folder / f"writing-old-{step:08d}"
        if self._path(step).is_dir():
            os.replace(self._path(step), old)
        return self._write(gan, step, note)

    def _write(self, gan, step, note):
        target = self._path(step)
        beside = self.folder / f"writing-{step:08d}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(beside, ignore_errors=True)
            beside.mkdir()
            arrays = {name: np.asarray(variable) for name, variable in named_state(gan).items()}
            with open(beside / "state.npz", "wb") as file:
                np.savez(file, **arrays)
                _settle(file)
            manifest = {
                "format": FORMAT,
                "step": step,
                "sha256": _digest(beside / "state.npz"),
                "variables": {name: list(array.shape) for name, array in arrays.items()},
                "note": note or {},
            }
            with open(beside / "manifest.json", "w") as file:
                json.dump(manifest, file)
                _settle(file)
            os.replace(beside, target)
            _settle_folder(self.folder)
        except OSError as error:
            shutil.rmtree(beside, ignore_errors=True)
            raise StorageError(f"checkpoint {target}: {error.strerror or error}") from error
        self._prune()
        return target

    def restore(self, gan, at_most=None):
        """Restores the newest readable checkpoint, not beyond step `at_most`.

        Returns:
            Its step, or 0 if there is none.

        Raises:
            StorageError: there are checkpoints, but none can be read, or they are of another game.
        """
        steps = [s for s in self.steps() if at_most is None or s <= at_most]
        for step in reversed(steps):
            try:
                arrays = self.read(step)
            except StorageError as error:
                logging.warning("%s; the one before is taken", error)
                continue
            load_state(gan, arrays, self._path(step))
            return step
        if steps:
            raise StorageError(f"{self.folder}: none of the {len(steps)} checkpoints can be read")
        return 0

    def read(self, step):
        """The arrays of a checkpoint, by name, after its digest was checked."""
        path = self._path(step)
        try:
            manifest = json.loads((path / "manifest.json").read_text())
            if manifest["format"] != FORMAT or manifest["step"] != step:
                raise ValueError("its manifest is of another checkpoint")
            if _digest(path / "state.npz") != manifest["sha256"]:
                raise ValueError("its digest is wrong")
            with open(path / "state.npz", "rb") as raw, np.load(raw, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise StorageError(f"damaged checkpoint {path}: {error}") from error

    def note(self, step):
        """What was kept beside a checkpoint's state."""
        try:
            return json.loads((self._path(step) / "manifest.json").read_text())["note"]
        except (OSError, ValueError, KeyError) as error:
            raise StorageError(f"damaged checkpoint {self._path(step)}: {error}") from error

    def discard_after(self, step):
        """Removes checkpoints newer than `step`, after a roll-back."""
        for other in self.steps():
            if other > step:
                shutil.rmtree(self._path(other), ignore_errors=True)

    def _path(self, step):
        return self.folder / f"step-{step:08d}"

    def _prune(self):
        keep = set(self.steps()[-self.keep :]) | self.protected
        for step in self.steps():
            if step not in keep:
                shutil.rmtree(self._path(step), ignore_errors=True)
        for leftover in self.folder.glob("writing-*"):
            shutil.rmtree(leftover, ignore_errors=True)


def named_state(gan):
    """Every variable of the game by a stable name, such as "generator/0003".

    Keras' own names count the layers made so far in the process, so they would not do.
    """
    return {
        f"{owner}/{index:04d}": variable
        for owner, variables in gan.state().items()
        for index, variable in enumerate(variables)
    }


def load_state(gan, arrays, origin):
    """Assigns a checkpoint's arrays to the variables; all or nothing."""
    variables = named_state(gan)
    missing, spare = sorted(variables.keys() - arrays.keys()), sorted(arrays.keys() - variables)
    if missing or spare:
        raise StorageError(
            f"{origin}: made with other settings: {len(missing)} variables are missing"
            f" {missing[:2]}, {len(spare)} are unknown {spare[:2]}"
        )
    for name, variable in variables.items():
        if tuple(variable.shape) != arrays[name].shape:
            raise StorageError(
                f"{origin}: {name} has shape {arrays[name].shape}, not {tuple(variable.shape)}"
            )
    for name, variable in variables.items():
        variable.assign(arrays[name])


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _settle(file):
    file.flush()
    os.fsync(file.fileno())


def _settle_folder(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
