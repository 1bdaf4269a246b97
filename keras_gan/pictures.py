"""Pictures of samples: grids, great-circle strips, and the run on one page."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from keras_gan import latents


def grid(images, columns=8, pad=1):
    """Images uint8 [n, h, w, c] side by side: uint8 [H, W, c], white between them."""
    n, h, w, c = images.shape
    columns = min(columns, n)
    rows = -(-n // columns)
    page = np.full((rows * (h + pad) + pad, columns * (w + pad) + pad, c), 255, np.uint8)
    for i, image in enumerate(images):
        top, left = pad + i // columns * (h + pad), pad + i % columns * (w + pad)
        page[top : top + h, left : left + w] = image
    return page


def scatter(points, reference=None, size=480):
    """Points float32 [n, 2] as a picture, uint8 [size, size, 3]; the data's in grey behind."""
    figure = Figure(figsize=(size / 100, size / 100), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes([0.06, 0.06, 0.9, 0.9])
    if reference is not None:
        axes.scatter(*reference.T, s=2, c="0.75", linewidths=0)
    axes.scatter(*points.T, s=2, c="tab:red", linewidths=0)
    limit = 1.2 * float(np.abs(points if reference is None else reference).max() or 1.0)
    axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def save(array, path):
    """Writes a picture uint8 [h, w, 1, 3 or 4] as PNG."""
    Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array).save(path)


def walk(first, last, count):
    """Latents on the great circle from `first` to `last` [z]: float32 [count, z]."""
    fraction = np.linspace(0.0, 1.0, count, dtype=np.float32)[:, None]
    return latents.slerp(first[None], last[None], fraction).numpy()


def run_page(curves, first, last, path, title):
    """The run on one page: loss curves above, first and last samples below.

    Args:
        curves: name → (steps, values).
        first, last: pictures uint8, of the first and the last samples.
        path: PNG to write.
        title: what the run was.
    """
    figure = Figure(figsize=(9, 8), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    rooms = figure.add_gridspec(2, 2, height_ratios=(1, 1.2))
    losses = figure.add_subplot(rooms[0, :])
    left, right = figure.add_subplot(rooms[1, 0]), figure.add_subplot(rooms[1, 1])
    for name, (steps, values) in curves.items():
        losses.plot(steps, values, label=name, linewidth=1)
    losses.set(xlabel="step", ylabel="loss", title=title)
    losses.legend(loc="upper right", fontsize=8)
    losses.grid(alpha=0.3)
    for axes, picture, name in ((left, first, "first samples"), (right, last, "last samples")):
        axes.imshow(picture.squeeze(), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.set_title(name)
        axes.axis("off")
    figure.savefig(path)
