"""Draws docs/images/zoo.png: a few samples of every model side by side, from the zoo's own grids.

python tools/zoo_strip.py
"""

import pathlib

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from benchmarks import made

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIDE, PAD = 28, 1  # of an image in a grid, in pixels
ROWS, COLUMNS = 4, 4  # images shown per model


def samples(path):
    """The upper left images of a grid, uint8 [h, w]."""
    grid = np.asarray(Image.open(path).convert("L"))
    return grid[: ROWS * (SIDE + PAD) + PAD, : COLUMNS * (SIDE + PAD) + PAD]


def draw(paths, target):
    """Writes one panel per grid, named after its file."""
    figure = Figure(figsize=(9.6, 3.4), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, -(-len(paths) // 2)).flat
    for axes, path in zip(panels, paths):
        axes.imshow(samples(path), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.set_title(path.stem, fontsize=9)
    for axes in figure.axes:
        axes.axis("off")
    figure.savefig(target)


if __name__ == "__main__":
    draw(
        sorted((ROOT / "docs" / "images" / "models").glob("*.png")),
        ROOT / "docs" / "images" / "zoo.png",
    )
    made.stamp("images/zoo.png", docs=ROOT / "docs")
