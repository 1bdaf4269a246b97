"""The run directory: all output of a run, locked by one process at a time.

A folder is accepted only if it is new, empty, or a run's own: the first file that a run writes is a
marker, and a folder with other files and no marker is never touched.
"""

import csv
import fcntl
import json
import math
import os
import pathlib
from collections.abc import Mapping
from typing import Any

from keras_gan import atomic
from keras_gan.errors import StorageError, reason, refuse
from keras_gan.settings import flags
from keras_gan.settings.config import Config

MARKER, LOCK = ".keras_gan_run", ".lock"
SCORED = {"fakes", "extractor"}  # a score's own columns, which are called like flags


class RunDirectory:
    """A run's folder; a context manager that locks it.

    A run that is refused before it has written its settings leaves nothing behind.

    Args:
        path: str or path of the folder; `~` is the home directory.
        writes: bool, whether this process writes; of several workers only the chief does. The
            others read the folder without the lock, and their writes are ignored. Defaults to True.

    Attributes:
        checkpoints: path of the checkpoints' folder.
        samples: path of the sample pictures' folder.
        tensorboard: path of the TensorBoard logs' folder.
        export: path of the export's folder.
        recipe: str, text of recipe.flags, which is written with the settings; "" writes none.

    Raises:
        UsageError: on entering, the folder holds files that are not a run's.
        StorageError: on entering, the folder can't be created or written, or is locked by another
            process.
    """

    def __init__(self, path: str | pathlib.Path, writes: bool = True):
        self.path, self.writes = pathlib.Path(path).expanduser(), writes
        self.checkpoints = self.path / "checkpoints"
        self.samples = self.path / "samples"
        self.tensorboard = self.path / "tensorboard"
        self.export = self.path / "export"
        self._lock, self._made, self._marked = None, [], False
        self.recipe = ""

    def __enter__(self):
        if not self.writes:
            return self
        self.check_owner()
        try:
            missing = [p for p in (self.path, *self.path.parents) if not p.exists()]
            self.path.mkdir(parents=True, exist_ok=True)
            self._made = missing
            self._lock = open(self.path / LOCK, "a")
        except OSError as error:
            self._remove_made()
            raise StorageError(f"run directory {self.path}: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise StorageError(f"run directory {self.path}: another process is using it") from None
        try:
            self._mark()
            self.samples.mkdir(exist_ok=True)
        except OSError as error:
            self.__exit__()
            raise StorageError(f"run directory {self.path}: {error.strerror}") from error
        except StorageError:
            self.__exit__()
            raise
        atomic.take_back(self.path)
        atomic.remove_leftovers(self.path)
        return self

    def __exit__(self, *exception):
        if self._lock is None:
            return
        if self._marked and not self.flagfile.exists():
            self._undo()
        self._lock.close()

    def check_owner(self):
        """Raises a `UsageError` if the folder holds files that are not a run's."""
        try:
            names = set(os.listdir(self.path))
        except FileNotFoundError:
            return
        except OSError as error:
            raise StorageError(f"run directory {self.path}: {error.strerror}") from error
        if names - {LOCK} and not names & {MARKER, "operative.flags"}:
            refuse(
                "run_dir",
                self.path,
                f"holds {', '.join(sorted(names)[:3])} and is no run's folder",
                "a new folder, an empty one, or a run's",
            )

    def _mark(self):
        if not (self.path / MARKER).exists():
            self._marked = True
            self.write_text(MARKER, atomic.json_text({"saved": False}) + "\n")

    def _undo(self):
        """Removes what was made for a run that has not begun."""
        for name in (MARKER, LOCK):
            (self.path / name).unlink(missing_ok=True)
        for folder in (self.samples, *self._made):
            try:
                folder.rmdir()
            except OSError:  # not empty, or not made
                continue

    def _remove_made(self):
        for folder in self._made:
            try:
                folder.rmdir()
            except OSError:
                return

    def note_checkpoint(self, step):
        """Remembers that checkpoints have been saved, so that their loss is noticed."""
        if not self.saved:
            self.write_text(MARKER, atomic.json_text({"saved": True}) + "\n")

    @property
    def saved(self):
        """Whether the run has ever saved a checkpoint."""
        try:
            return bool(json.loads((self.path / MARKER).read_text())["saved"])
        except (OSError, ValueError, KeyError, TypeError):
            return False

    # Settings -----------------------------------------------------------------------------------

    @property
    def flagfile(self) -> pathlib.Path:
        return self.path / "operative.flags"

    def given(self) -> dict[str, Any] | None:
        """The settings the run was started with, by flag name; None for a new run.

        Raises:
            StorageError: they can't be read.
        """
        if not self.flagfile.exists():
            return None
        try:
            return flags.parse(Config, ["operative.flags", f"--flagfile={self.flagfile}"])
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise StorageError(f"{self.flagfile}: {reason(error)}") from error

    def write_settings(self, config: Config) -> None:
        """Writes operative.flags, and recipe.flags if a recipe chose them."""
        if self.recipe:
            self.write_text("recipe.flags", self.recipe)
        self.write_text("operative.flags", flags.as_flags(config))

    # Files --------------------------------------------------------------------------------------

    def write_text(self, name: str, text: str) -> None:
        """Writes a small file, completely or not at all."""
        if not self.writes:
            return
        try:
            with atomic.replacing(self.path / name) as file:
                file.write(text.encode())
        except OSError as error:
            raise StorageError(f"{self.path / name}: {error.strerror}") from error

    def append_event(self, event: Mapping[str, Any]) -> None:
        """Appends a line to events.jsonl; `event` has "step" and "attempt"."""
        self._append("events.jsonl", atomic.json_text(event) + "\n")

    def events(self) -> list[dict]:
        """The events so far, oldest first."""
        return self._rows("events.jsonl")

    def append_score(self, row: Mapping[str, Any]) -> None:
        """Appends a row to scores.csv; its first columns are step and attempt."""
        header = None if (self.path / "scores.csv").exists() else list(row)
        columns = header or next(csv.reader([self._lines("scores.csv")[0]]))
        row = {name: row.get(name, "") for name in columns}
        text = _csv_line(header) if header else ""
        self._append("scores.csv", text + _csv_line(row.values()))

    def scores(self) -> list[dict[str, str]]:
        """The rows of scores.csv so far: column → text."""
        return list(csv.DictReader(self._lines("scores.csv")))

    def scores_of(self, step: int) -> dict:
        """The scores of a step, the last ones: numbers and texts by name, or {}."""
        rows = [row for row in self.scores() if int(row["step"]) == step]
        settings = Config.__dataclass_fields__.keys() - SCORED
        row = {n: v for n, v in (rows[-1] if rows else {}).items() if n not in settings}
        return {name: _number(text) for name, text in row.items() if text not in ("", None)}

    def append_reading(self, step: int, means: Mapping[str, float]) -> None:
        """Appends the metrics' means since the last reading to readings.jsonl."""
        self._append("readings.jsonl", atomic.json_text({"step": step, **means}) + "\n")

    def readings(self) -> list[dict]:
        """The readings so far, oldest first."""
        return self._rows("readings.jsonl")

    def cut_after(self, step: int, attempt: int = 0) -> None:
        """Removes the rows after a restored step, which will be written again.

        Events of earlier attempts are kept, since they explain why the run was rolled back.

        Args:
            step: int, the step of the restored state.
            attempt: int, its number of roll-backs. Defaults to 0.

        Raises:
            StorageError: a file is damaged.
        """
        self._keep("readings.jsonl", [r["step"] <= step for r in self.readings()])
        self._keep(
            "events.jsonl",
            [
                r["attempt"] < attempt or (r["attempt"] == attempt and r["step"] <= step)
                for r in self.events()
            ],
        )
        rows = self._lines("scores.csv")
        if rows:
            try:
                keep = [int(line.split(",")[0]) <= step for line in rows[1:]]
            except ValueError as error:
                raise StorageError(
                    f"damaged file {self.path / 'scores.csv'}: {reason(error)}"
                ) from error
            self._keep("scores.csv", [True, *keep])

    def _keep(self, name, keep):
        """Keeps the lines of a file for which `keep`, one bool per line, is true."""
        if not all(keep):
            lines = [line for line, keeps in zip(self._lines(name), keep) if keeps]
            self.write_text(name, "".join(line + "\n" for line in lines))

    def _rows(self, name):
        """The rows of a .jsonl file, each with the step it belongs to."""
        rows = []
        for number, line in enumerate(self._lines(name), 1):
            try:
                row = json.loads(line)
                counters = (row["step"], row.get("attempt", 0))
                if not all(isinstance(counter, (int, float)) for counter in counters):
                    raise ValueError("step and attempt are not numbers")
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise StorageError(
                    f"damaged file {self.path / name}, line {number}: {reason(error)}"
                ) from error
            rows.append({k: math.nan if v is None else v for k, v in row.items()})
        return rows

    def _append(self, name, text):
        if not self.writes:
            return
        try:
            with open(self.path / name, "a") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StorageError(f"{self.path / name}: {error.strerror}") from error

    def _lines(self, name):
        """The complete lines of a file; a last line that a kill cut short is removed."""
        path = self.path / name
        if not path.exists():
            return []
        try:
            text = path.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise StorageError(f"{path}: {reason(error)}") from error
        whole, _, rest = text.rpartition("\n")
        if rest:
            self.write_text(name, whole + "\n" if whole else "")
        return whole.splitlines()


def _number(text):
    """A cell of scores.csv as the number that it is, or as its text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _csv_line(values):
    texts = []
    for value in values:
        text = f"{value:.6g}" if isinstance(value, float) else str(value)
        texts.append('"' + text.replace('"', '""') + '"' if set(text) & set(',"\n') else text)
    return ",".join(texts) + "\n"
