"""Checkpoints: whole or not there, checked when they are read, the last few kept.

A checkpoint is a folder `step-00001000` with `state.npz` (every variable of the game) and
`manifest.json` (step, names, SHA-256). It appears whole or not at all, so a killed process leaves
the one before; a flipped byte is noticed, and the one before is taken.
"""

import dataclasses
import hashlib
import json
import pathlib
import shutil
import zipfile

import numpy as np
from absl import logging

from keras_gan import atomic
from keras_gan.errors import StorageError

FORMAT = 2  # 1: random numbers were keyed by names of classes and layers
STATE = "state/"  # before the names of the arrays that are not the model's


@dataclasses.dataclass(frozen=True)
class Restored:
    """What came with the model's variables out of a checkpoint.

    Attributes:
        step: the checkpoint's step.
        metadata: JSON values, e.g. {"healthy": true}.
        environment: what the bits depend on besides the settings, as `devices.environment` gives.
        state: the arrays that were saved with it, by name.
    """

    step: int = 0
    metadata: dict = dataclasses.field(default_factory=dict)
    environment: dict = dataclasses.field(default_factory=dict)
    state: dict = dataclasses.field(default_factory=dict)


class OtherFormat(StorageError):
    """A checkpoint of another version, whose runs can't be continued."""


class Checkpoints:
    """The checkpoints of a run.

    Args:
        folder: where they are.
        keep: how many of the newest are kept, in addition to those in `protected`.
        writes: whether anything is written; of several processes only one does.
        environment: JSON values to keep with each, see `devices.environment`.

    Attributes:
        protected: steps of older checkpoints that are kept too, a set.
    """

    def __init__(self, folder, keep=3, writes=True, environment=None):
        self.folder, self.keep, self.writes = pathlib.Path(folder), keep, writes
        self.environment, self.protected = environment or {}, set()

    def steps(self):
        """Steps of the checkpoints that are there, oldest first."""
        found = self.folder.glob("step-*") if self.folder.is_dir() else []
        return sorted(int(path.name[5:]) for path in found if path.name[5:].isdigit())

    def save(self, gan, step, metadata=None, state=None):
        """Writes the state of `gan`, unless this step is there already; returns its folder.

        Args:
            gan: the `GAN`.
            step: its step.
            metadata: JSON values to keep with it, e.g. {"healthy": true}.
            state: arrays to keep with it, by name.
        """
        target = self._path(step)
        return target if target.is_dir() else self._write(gan, step, metadata, state)

    def replace(self, gan, step, metadata=None, state=None):
        """Writes the state of `gan` in the place of what was saved at this step."""
        return self._write(gan, step, metadata, state)

    def _write(self, gan, step, metadata, state):
        target = self._path(step)
        if not self.writes:
            return target
        arrays = {name: np.asarray(variable) for name, variable in named_state(gan).items()}
        arrays |= {STATE + name: np.asarray(array) for name, array in (state or {}).items()}
        try:
            with atomic.replacing_folder(target) as folder:
                np.savez(folder / "state.npz", **arrays)
                manifest = {
                    "format": FORMAT,
                    "step": step,
                    "sha256": _digest(folder / "state.npz"),
                    "variables": {name: list(array.shape) for name, array in arrays.items()},
                    "metadata": metadata or {},
                    "environment": self.environment,
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
            A `Restored`, or None if there is none.

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
                metadata, environment = manifest["metadata"], manifest["environment"]
            except OtherFormat:
                raise
            except StorageError as error:
                logging.warning("%s; the one before is taken", error)
                continue
            variables = {n: a for n, a in arrays.items() if not n.startswith(STATE)}
            state = {n.removeprefix(STATE): a for n, a in arrays.items() if n.startswith(STATE)}
            load_state(gan, variables, self._path(step))
            return Restored(step, metadata, environment, state)
        if steps:
            raise StorageError(f"{self.folder}: none of the {len(steps)} checkpoints can be read")
        return None

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

    def metadata(self, step):
        """The JSON values that were saved with a checkpoint."""
        try:
            return self._manifest(step)["metadata"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(f"damaged checkpoint {self._path(step)}: {error}") from error

    def _manifest(self, step):
        manifest = json.loads((self._path(step) / "manifest.json").read_text())
        if manifest.pop("seal") != _seal(manifest):
            raise ValueError("its manifest is damaged")
        if manifest["format"] != FORMAT:
            raise OtherFormat(
                f"{self._path(step)} was written by another version of keras-gan (checkpoint format"
                f" {manifest['format']}, not {FORMAT}) and can't be continued: use another run_dir"
            )
        if manifest["step"] != step:
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


def load_state(gan, arrays, path):
    """Assigns a checkpoint's arrays to the variables; all or nothing."""
    variables = named_state(gan)
    missing, spare = sorted(variables.keys() - arrays.keys()), sorted(arrays.keys() - variables)
    if missing or spare:
        raise StorageError(
            f"{path}: made with other settings: {len(missing)} variables are missing"
            f" {missing[:2]}, {len(spare)} are unknown {spare[:2]}"
        )
    for name, variable in variables.items():
        if tuple(variable.shape) != arrays[name].shape:
            raise StorageError(
                f"{path}: {name} has shape {arrays[name].shape}, not {tuple(variable.shape)}"
            )
    for name, variable in variables.items():
        variable.assign(arrays[name])


def _seal(manifest):
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
