"""Checkpoints: whole or not there, checked when they are read, the last few kept.

A checkpoint is a folder `step-00001000` with `state.npz` (every variable of the game) and
`manifest.json` (step, names, SHA-256). It appears whole or not at all, so a killed process leaves
the one before; a flipped byte is noticed, and the one before is taken.
"""

import hashlib
import json
import pathlib
import shutil
import zipfile

import numpy as np
from absl import logging

from keras_gan import atomic
from keras_gan.errors import StorageError

FORMAT = 1
EXTRA = "extra/"


class Checkpoints:
    """The checkpoints of a run.

    Args:
        folder: where they are.
        keep: how many of the newest are kept; those named in `protected` stay besides.
        writes: whether anything is written; of several processes only one does.
        origin: JSON values to keep with each: what the state came about on, see
            `runtime.origin`.

    Attributes:
        extra, restored_note, restored_origin: what was kept beside the state that was restored
            last.
    """

    def __init__(self, folder, keep=3, writes=True, origin=None):
        self.folder, self.keep, self.writes = pathlib.Path(folder), keep, writes
        self.origin, self.protected, self.extra = origin or {}, set(), {}
        self.restored_note, self.restored_origin = {}, {}

    def steps(self):
        """Steps of the checkpoints that are there, oldest first."""
        found = self.folder.glob("step-*") if self.folder.is_dir() else []
        return sorted(int(path.name[5:]) for path in found if path.name[5:].isdigit())

    def save(self, gan, step, note=None, extra=None):
        """Writes the state of `gan`, unless this step is there already; returns its folder.

        Args:
            note: JSON values to keep beside the state, e.g. {"healthy": true}.
            extra: arrays to keep beside it, by name.
        """
        target = self._path(step)
        return target if target.is_dir() else self._write(gan, step, note, extra)

    def replace(self, gan, step, note=None, extra=None):
        """Writes the state of `gan` in the place of what was saved at this step."""
        return self._write(gan, step, note, extra)

    def _write(self, gan, step, note, extra):
        target = self._path(step)
        if not self.writes:
            return target
        arrays = {name: np.asarray(variable) for name, variable in named_state(gan).items()}
        arrays |= {EXTRA + name: np.asarray(array) for name, array in (extra or {}).items()}
        try:
            with atomic.replacing_folder(target) as folder:
                np.savez(folder / "state.npz", **arrays)
                manifest = {
                    "format": FORMAT,
                    "step": step,
                    "sha256": _digest(folder / "state.npz"),
                    "variables": {name: list(array.shape) for name, array in arrays.items()},
                    "note": note or {},
                    "origin": self.origin,
                }
                text = json.dumps({**manifest, "seal": _seal(manifest)})
                (folder / "manifest.json").write_text(text)
        except OSError as error:
            raise StorageError(f"checkpoint {target}: {error.strerror or error}") from error
        self._prune()
        return target

    def restore(self, gan, at_most=None, exactly=None):
        """Restores the newest readable checkpoint, not beyond step `at_most`.

        Args:
            exactly: the one step that will do.

        Returns:
            Its step, or 0 if there is none.

        Raises:
            StorageError: there are checkpoints, but none can be read, or they are of another game.
        """
        if self.writes:
            atomic.take_back(self.folder)
        steps = [s for s in self.steps() if at_most is None or s <= at_most]
        if exactly is not None:
            steps = [exactly]
        for step in reversed(steps):
            try:
                arrays, manifest = self.read(step), self._manifest(step)
                note, origin = manifest["note"], manifest.get("origin", {})
            except StorageError as error:
                logging.warning("%s; the one before is taken", error)
                continue
            self.restored_note, self.restored_origin = note, origin
            self.extra = {n[len(EXTRA) :]: a for n, a in arrays.items() if n.startswith(EXTRA)}
            state = {name: a for name, a in arrays.items() if not name.startswith(EXTRA)}
            load_state(gan, state, self._path(step))
            return step
        if steps:
            raise StorageError(f"{self.folder}: none of the {len(steps)} checkpoints can be read")
        return 0

    def read(self, step):
        """The arrays of a checkpoint, by name, after its digest was checked."""
        path = self._path(step)
        try:
            manifest = self._manifest(step)
            if _digest(path / "state.npz") != manifest["sha256"]:
                raise ValueError("its digest is wrong")
            with open(path / "state.npz", "rb") as raw, np.load(raw, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise StorageError(f"damaged checkpoint {path}: {error}") from error

    def note(self, step):
        """What was kept beside a checkpoint's state."""
        try:
            return self._manifest(step)["note"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(f"damaged checkpoint {self._path(step)}: {error}") from error

    def _manifest(self, step):
        manifest = json.loads((self._path(step) / "manifest.json").read_text())
        if manifest.pop("seal") != _seal(manifest):
            raise ValueError("its manifest is damaged")
        if manifest["format"] != FORMAT or manifest["step"] != step:
            raise ValueError("its manifest is of another checkpoint")
        return manifest

    def discard_after(self, step):
        """Removes checkpoints newer than `step`, after a roll-back."""
        for other in self.steps():
            if self.writes and other > step:
                shutil.rmtree(self._path(other), ignore_errors=True)

    def _path(self, step):
        return self.folder / f"step-{step:08d}"

    def _prune(self):
        keep = set(self.steps()[-self.keep :]) | self.protected
        for step in self.steps():
            if step not in keep:
                shutil.rmtree(self._path(step), ignore_errors=True)
        atomic.remove_leftovers(self.folder)


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


def _seal(manifest):
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
