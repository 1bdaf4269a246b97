"""run.png: a run on one page."""

import pathlib
import re
from collections.abc import Mapping

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from keras_gan.monitoring import best
from keras_gan.monitoring.health import plots

LOSSES = ("discriminator/loss", "generator/loss")


def write(run, title: str) -> None:
    """Writes run.png: losses, scores and the health's events above, samples below.

    Args:
        run: the `RunDirectory`.
        title: of the page.
    """
    readings, rows, events = run.readings(), run.scores(), run.events()
    name = best.metric(rows[-1]) if rows else None
    shown = _pictures(run.samples)
    heights = [2.8, *([2.2] if name else []), *([3.8] if shown else [])]  # inches
    figure = Figure(figsize=(9, sum(heights)), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    cells = figure.add_gridspec(len(heights), max(1, len(shown)), height_ratios=heights)
    losses = figure.add_subplot(cells[0, :])
    for loss in LOSSES:
        points = [(row["step"], row[loss]) for row in readings if loss in row]
        if points:
            plots.curve(losses, *zip(*points), loss)
    losses.set(ylabel="loss")
    losses.set_title(title, pad=14 if events else None)
    plots.finish(losses, events, numbers=True)
    if name:
        scores = figure.add_subplot(cells[1, :], sharex=losses)
        _score(scores, rows, name)
        plots.finish(scores, ())
        scores.set(xlabel="step")
    else:
        losses.set(xlabel="step")
    for column, (step, path) in enumerate(shown):
        axes = figure.add_subplot(cells[-1, column])
        picture = np.asarray(Image.open(path))
        axes.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.set_title(f"samples at step {step}")
        axes.axis("off")
    figure.savefig(run.path / "run.png")


def _score(axes, rows: list[Mapping], name: str):
    points = [(int(row["step"]), float(row[name])) for row in rows if row.get(name)]
    steps, values = zip(*points)
    axes.plot(steps, values, marker="o", markersize=4, linewidth=1, label=name)
    floor = rows[-1].get(f"{name}_floor")
    if floor:
        axes.axhline(float(floor), color="0.4", linestyle="--", linewidth=1, label="of other reals")
    if name.startswith(("fd_", "fid", "clean")) and min(values) > 0:
        axes.set_yscale("log")
    axes.set(ylabel=name)


def _pictures(folder: pathlib.Path) -> list[tuple[int, pathlib.Path]]:
    """The first and the last samples with their steps; one of them if there is one."""
    steps = {}
    for path in sorted(folder.glob("samples-*.png")):
        match = re.fullmatch(r"samples-(\d+)", path.stem)
        if match:
            steps[int(match[1])] = path
    return [(step, steps[step]) for step in sorted({min(steps), max(steps)})] if steps else []
