"""What the explorer's second tab shows of a run, read anew from its folder while it trains."""

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from keras_gan.errors import StorageError
from keras_gan.evaluation import pictures

POINTS = 500  # of a curve
ROWS = 20  # of a table


class RunView:
    """A run's readings.

    Args:
        run: its `RunDirectory`; nothing is written.
        steps: of the whole training.
    """

    def __init__(self, run, steps):
        self.run, self.steps = run, steps

    def state(self):
        """Where the run is, in one line."""
        readings = self._read(self.run.readings)
        if not readings:
            return "No readings yet."
        step = readings[-1]["step"]
        return f"Step {step:,} of {self.steps:,}" + (": ended." if step >= self.steps else ".")

    def losses(self):
        """Both losses over the steps: uint8 [h, w, 3], or None before the first reading."""
        readings = self._read(self.run.readings)
        names = ("discriminator/loss", "generator/loss")
        names = [name for name in names if readings and name in readings[-1]]
        return self._curves(readings, names, "loss") if names else None

    def scores(self):
        """The Fréchet distance over the steps: uint8 [h, w, 3], or None without scores."""
        rows = self._read(self.run.scores)
        names = [n for n in (rows[0] if rows else {}) if n.startswith("fd_") and _is_score(n)]
        rows = [
            {"step": int(row["step"]), **{n: float(row[n] or "nan") for n in names}} for row in rows
        ]
        return self._curves(rows, names, "Fréchet distance") if names else None

    def events(self):
        """The health events, newest first: a list of [step, kind, what]."""
        rows = []
        for event in reversed(self._read(self.run.events)[-ROWS:]):
            what = event.get("meaning", "")
            if "value" in event:
                what = f"{_short(event['value'])}, threshold {_short(event['threshold'])}. {what}"
            rows.append([event["step"], str(event.get("signal", "")), what])
        return rows

    def sample_steps(self):
        """The steps of which there are samples, ascending."""
        names = [path.stem.rpartition("-")[2] for path in self.run.samples.glob("samples-*.png")]
        return sorted(int(name) for name in names if name.isdigit())

    def samples(self, number):
        """The samples at the `number`-th of `sample_steps`: (step, uint8 [h, w, 3]), or None."""
        steps = self.sample_steps()
        if not steps:
            return None
        step = steps[int(np.clip(number, 0, len(steps) - 1))]
        try:
            with Image.open(self.run.samples / f"samples-{step:08d}.png") as picture:
                return step, np.asarray(picture.convert("RGB"))
        except OSError:  # being written at this moment
            return None

    def _read(self, function):
        try:
            return function()
        except (StorageError, OSError):
            return []

    @staticmethod
    def _curves(rows, names, title):
        rows = rows[:: max(1, len(rows) // POINTS)]
        figure = Figure(figsize=(7, 3), dpi=100, layout="constrained")
        axes = figure.subplots()
        for name in names:
            values = [row.get(name, np.nan) for row in rows]
            axes.plot([row["step"] for row in rows], values, label=name, marker=".", linewidth=1)
        axes.set(xlabel="step", ylabel=title)
        axes.legend(fontsize=8)
        axes.grid(alpha=0.3)
        return pictures.render(figure)


def _is_score(name):
    return not name.endswith(("_floor", "_sd", "_hash", "_ratio", "_resize"))


def _short(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)[:200]
