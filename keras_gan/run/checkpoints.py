"""Checkpoints: written atomically, verified when read; the newest few are kept.

A checkpoint is a folder `step-00001000` with `state.npz` (every variable of the model) and
`manifest.json` (step, names, SHA-256). A process that is killed while writing leaves the previous
one; if a checkpoint is damaged, the previous one is used.
"""

import dataclasses
import hashlib
import json
import pathlib
import shutil
import zipfile
from collections.abc import Callable, Mapping

import numpy as np
from absl import logging

from keras_gan import atomic
from keras_gan.errors import StorageError, reason

FORMAT = 2  # 1: random numbers were keyed by names of classes and layers
STATE = "state/"  # prefix of the names of arrays that are not the model's


@dataclasses.dataclass(frozen=True)
class Restored:
    """What a checkpoint holds in addition to the model's variables.

    Attributes:
        step: int, the checkpoint's step.
        metadata: dict of JSON values, e.g. {"healthy": true}.
        environment: dict, facts in addition to the settings that affect bitwise reproducibility,
            see `devices.environment`.
        state: dict of arrays by name.
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
        folder: str or path, the folder of the checkpoints.
        keep: int, number of newest checkpoints to keep, in addition to `protected`. Defaults to 3.
        writes: bool, whether this process writes; of several only the chief does. Defaults to True.
        environment: dict of JSON values to save with each, see `devices.environment`.
        on_save: function (step) that is called after a checkpoint has been written. Defaults to
            None.

    Attributes:
        protected: set of int, steps of older checkpoints to keep as well.
        best: int, step of the checkpoint with the best score, which is kept as well, or None.
    """

    def __init__(
        self,
        folder: str | pathlib.Path,
        keep: int = 3,
        writes: bool = True,
        environment: dict | None = None,
        on_save: Callable[[int], None] | None = None,
    ):
        self.folder, self.keep, self.writes = pathlib.Path(folder), keep, writes
        self.environment, self.protected, self.best = environment or {}, set(), None
        self.on_save = on_save

    def steps(self) -> list[int]:
        """Steps of the existing checkpoints, oldest first."""
        paths = self.folder.glob("step-*") if self.folder.is_dir() else []
        return sorted(int(path.name[5:]) for path in paths if path.name[5:].isdigit())

    def save(
        self, gan, step: int, metadata: dict | None = None, state: Mapping | None = None
    ) -> pathlib.Path:
        """Writes the state of `gan`, unless there is a checkpoint of this step.

        Args:
            gan: `GAN`.
            step: int, its step.
            metadata: dict of JSON values to save, e.g. {"healthy": true}.
            state: mapping, arrays to save by name.

        Returns:
            The checkpoint's folder.

        Raises:
            StorageError: it can't be written.
        """
        target = self._path(step)
        return target if target.is_dir() else self._write(gan, step, metadata, state)

    def replace(
        self, gan, step: int, metadata: dict | None = None, state: Mapping | None = None
    ) -> pathlib.Path:
        """Like `save`, but replaces a checkpoint of this step."""
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
            raise StorageError(f"checkpoint {target}: {reason(error)}") from error
        if self.on_save is not None:
            self.on_save(step)
        self._prune()
        return target

    def restore(
        self, gan, at_most: int | None = None, exactly: int | None = None
    ) -> Restored | None:
        """Restores the newest readable checkpoint.

        Args:
            gan: `GAN` whose variables are assigned.
            at_most: int, the last step that is accepted. Defaults to any.
            exactly: int, the only step that is accepted. Defaults to any.

        Returns:
            A `Restored`, or None if there is no checkpoint.

        Raises:
            StorageError: no checkpoint can be read, or they are of another model.
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
                logging.warning("%s; the previous one is used", error)
                continue
            variables = {n: a for n, a in arrays.items() if not n.startswith(STATE)}
            state = {n.removeprefix(STATE): a for n, a in arrays.items() if n.startswith(STATE)}
            load_state(gan, variables, self._path(step))
            return Restored(step, metadata, environment, state)
        if steps:
            raise StorageError(f"{self.folder}: none of the {len(steps)} checkpoints can be read")
        return None

    def last_environment(self) -> dict:
        """The environment of the newest checkpoint whose manifest can be read, or {}."""
        for step in reversed(self.steps()):
            try:
                return self._manifest(step)["environment"]
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return {}

    def environment_of(self, step: int) -> dict:
        """The environment that was saved with a checkpoint."""
        try:
            return self._manifest(step)["environment"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(f"damaged checkpoint {self._path(step)}: {reason(error)}") from error

    def restore_best(self, gan) -> Restored | None:
        """Restores the checkpoint with the best score, or else the newest one, as `restore`."""
        if self.best in self.steps():
            try:
                return self.restore(gan, exactly=self.best)
            except OtherFormat:
                raise
            except StorageError as error:
                logging.warning("%s; the last checkpoint is used", error)
        return self.restore(gan)

    def read(self, step: int) -> dict[str, np.ndarray]:
        """The arrays of a checkpoint by name, verified by its digest."""
        path = self._path(step)
        try:
            manifest = self._manifest(step)
            if _digest(path / "state.npz") != manifest["sha256"]:
                raise ValueError("its digest is wrong")
            with open(path / "state.npz", "rb") as raw, np.load(raw, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise StorageError(f"damaged checkpoint {path}: {reason(error)}") from error

    def metadata(self, step: int) -> dict:
        """The JSON values that were saved with a checkpoint."""
        try:
            return self._manifest(step)["metadata"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(f"damaged checkpoint {self._path(step)}: {reason(error)}") from error

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

    def discard_after(self, step: int) -> None:
        """Removes checkpoints newer than `step`."""
        for other in self.steps():
            if self.writes and other > step:
                shutil.rmtree(self._path(other), ignore_errors=True)

    def _path(self, step):
        return self.folder / f"step-{step:08d}"

    def _prune(self):
        keep = {*self.steps()[-self.keep :], *self.protected, self.best}
        for step in self.steps():
            if step not in keep:
                shutil.rmtree(self._path(step), ignore_errors=True)
        atomic.remove_leftovers(self.folder)


def named_state(gan) -> dict:
    """Every variable of the model by a stable name, such as "generator/0003".

    Keras' names are not stable: they depend on the number of layers built in the process so far.
    """
    return {
        f"{owner}/{index:04d}": variable
        for owner, variables in gan.state().items()
        for index, variable in enumerate(variables)
    }


def load_state(gan, arrays: Mapping[str, np.ndarray], path: pathlib.Path) -> None:
    """Assigns a checkpoint's arrays to the variables, all of them or none.

    Raises:
        StorageError: names or shapes differ from the model's; the message begins with `path`.
    """
    variables = named_state(gan)
    missing, unknown = sorted(variables.keys() - arrays.keys()), sorted(arrays.keys() - variables)
    if missing or unknown:
        raise StorageError(
            f"{path}: made with other settings: {len(missing)} variables are missing"
            f" {missing[:2]}, {len(unknown)} are unknown {unknown[:2]}"
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
