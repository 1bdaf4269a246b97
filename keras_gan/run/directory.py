"""The run directory: all output of a run, locked by one process at a time."""

import csv
import fcntl
import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any

from keras_gan import atomic
from keras_gan.errors import StorageError
from keras_gan.settings import flags
from keras_gan.settings.config import Config


class RunDirectory:
    """A run's folder; a context manager that locks it.

    Args:
        path: str or path of the folder.
        writes: bool, whether this process writes; of several workers only the chief does. The
            others read the folder without the lock, and their writes are ignored. Defaults to True.

    Attributes:
        checkpoints: path of the checkpoints' folder.
        samples: path of the sample pictures' folder.
        tensorboard: path of the TensorBoard logs' folder.
        export: path of the export's folder.

    Raises:
        StorageError: on entering, the folder can't be created or written, or is locked by another
            process.
    """

    def __init__(self, path: str | pathlib.Path, writes: bool = True):
        self.path, self.writes = pathlib.Path(path), writes
        self.checkpoints = self.path / "checkpoints"
        self.samples = self.path / "samples"
        self.tensorboard = self.path / "tensorboard"
        self.export = self.path / "export"
        self._lock = None

    def __enter__(self):
        if not self.writes:
            return self
        try:
            self.samples.mkdir(parents=True, exist_ok=True)
            self._lock = open(self.path / ".lock", "w")
        except OSError as error:
            raise StorageError(f"run directory {self.path}: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise StorageError(f"run directory {self.path}: another process is using it") from None
        atomic.take_back(self.path)
        atomic.remove_leftovers(self.path)
        return self

    def __exit__(self, *exception):
        if self._lock is not None:
            self._lock.close()

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
            raise StorageError(f"{self.flagfile}: {error}") from error

    def write_settings(self, config: Config) -> None:
        """Writes operative.flags."""
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
        self._append("events.jsonl", json.dumps(event) + "\n")

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

    def append_reading(self, step: int, means: Mapping[str, float]) -> None:
        """Appends the metrics' means since the last reading to readings.jsonl."""
        self._append("readings.jsonl", json.dumps({"step": step, **means}) + "\n")

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
                raise StorageError(f"damaged file {self.path / 'scores.csv'}: {error}") from error
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
                    f"damaged file {self.path / name}, line {number}: {error}"
                ) from error
            rows.append(row)
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
            raise StorageError(f"{path}: {error}") from error
        whole, _, rest = text.rpartition("\n")
        if rest:
            self.write_text(name, whole + "\n" if whole else "")
        return whole.splitlines()


def _csv_line(values):
    texts = []
    for value in values:
        text = f"{value:.6g}" if isinstance(value, float) else str(value)
        texts.append('"' + text.replace('"', '""') + '"' if set(text) & set(',"\n') else text)
    return ",".join(texts) + "\n"
