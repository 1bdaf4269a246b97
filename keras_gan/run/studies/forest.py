"""Forest plots: a difference with its interval per variant, one panel per data set.

    python -m keras_gan.run.studies.forest PICTURE METRIC FOLDER [FOLDER …]

draws the metric of several studies beside each other.
"""

import dataclasses
import os
import pathlib
import sys
from collections.abc import Sequence

import numpy as np
import pandas
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from keras_gan.run.studies.comparisons import HELPS, HURTS, METRICS, Metric, frames
from keras_gan.run.studies.results import BASE

WIDEST = 1.0  # relative change; what is larger is written at the edge, or the rest can't be seen
COLOURS = {HELPS: "tab:green", HURTS: "tab:red"}


@dataclasses.dataclass(frozen=True)
class Panel:
    """The comparisons of one study.

    Args:
        title: str, above the panel.
        metric: Metric, what is compared.
        frame: as `comparisons.analyse` returns it, with differences.
    """

    title: str
    metric: Metric
    frame: pandas.DataFrame

    def rows(self) -> dict[str, pandas.Series]:
        """Its comparisons, by the name that the plot shows."""
        return {
            row_name(row["variant"], row["against"]): row
            for _, row in self.frame.dropna(subset=["difference"]).iterrows()
        }


def row_name(variant: str, against: str) -> str:
    """What the plot calls a comparison."""
    return variant if against == BASE else f"{variant} vs {against}"


def draw(
    panels: Sequence[Panel], path: str | os.PathLike, names: Sequence[str] | None = None
) -> None:
    """Draws panels beside each other, one row per comparison.

    Args:
        panels: at least one `Panel`.
        path: of the PNG.
        names: of the comparisons to show, from the top. Defaults to None, all of them, in the
            first panel's order of size.
    """
    by_panel = [panel.rows() for panel in panels]
    if names is None:
        names = sorted(by_panel[0], key=lambda name: by_panel[0][name]["difference"])
        names = list(dict.fromkeys([*names, *(name for rows in by_panel for name in rows)]))
    else:
        names = [name for name in reversed(names) if any(name in rows for rows in by_panel)]
    figure = Figure(
        figsize=(4 + 4 * len(panels), 1.2 + 0.28 * len(names)), dpi=100, layout="constrained"
    )
    FigureCanvasAgg(figure)
    all_axes = np.atleast_1d(figure.subplots(1, len(panels), sharey=True))
    for panel, rows, axes in zip(panels, by_panel, all_axes):
        for position, name in enumerate(names):
            if name in rows:
                row = rows[name]
                if panel.metric.ratio and row["difference"] > WIDEST:
                    text = f"{row['difference']:+.0%} →"
                    colour = COLOURS.get(row["verdict"], "0.45")
                    place = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center"}
                    axes.text(0.98, position, text, color=colour, fontsize=8, **place)
                    continue
                ends = [[row["difference"] - row["low"]], [row["high"] - row["difference"]]]
                colour = COLOURS.get(row["verdict"], "0.45")
                axes.errorbar(
                    row["difference"], position, xerr=ends, fmt="o", color=colour, capsize=3
                )
        axes.axvline(0, color="0.5", linewidth=1)
        axes.set_title(panel.title, fontsize=10)
        if panel.metric.ratio:
            axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_xlabel(f"change of {panel.metric.title} ({panel.metric.better})")
        axes.grid(axis="x", alpha=0.3)
    all_axes[0].set_yticks(range(len(names)), names, fontsize=8)
    all_axes[0].set_ylim(-0.7, len(names) - 0.3)
    figure.savefig(path, metadata={"Software": None})


def main(path: str, metric: str, folders: Sequence[str]) -> None:
    """Draws a metric of several studies.

    Args:
        path: of the PNG.
        metric: a name in `comparisons.METRICS`.
        folders: of the studies.
    """
    panels = [Panel(pathlib.Path(f).name, METRICS[metric], frames(f)[metric]) for f in folders]
    draw(panels, path)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
