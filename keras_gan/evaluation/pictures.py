"""Pictures: grids of samples, interpolations, points, the run on one page; and saving them."""

import io
import pathlib

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from keras_gan.errors import StorageError
from keras_gan.rules import priors
from keras_gan.step import randomness


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


def scatter(points, reference=None, size=480, legend=False):
    """Points as a picture.

    Args:
        points: float32 [n, 2].
        reference: the data's points, float32 [n, 2], in grey behind; or None.
        size: height and width of the picture.
        legend: whether to say which are which.

    Returns:
        uint8 [size, size, 3].
    """
    figure = Figure(figsize=(size / 100, size / 100), dpi=100)
    axes = figure.add_axes([0.06, 0.06, 0.9, 0.9])
    if reference is not None:
        axes.scatter(*reference.T, s=2, c="0.75", linewidths=0, label="reals")
    axes.scatter(*points.T, s=2, c="tab:red", linewidths=0, label="fakes")
    limit = 1.2 * float(np.abs(points if reference is None else reference).max() or 1.0)
    axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    if legend:
        axes.legend(loc="upper right", markerscale=4)
    return drawn(figure)


def drawn(figure):
    """A Matplotlib figure as a picture: uint8 [h, w, 3]."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def interpolation(gan, rows, columns, seed=0, labels=None, truncation=1.0):
    """Paths of the prior between pairs of latents as a picture, one row per path.

    Args:
        gan: a `GAN`.
        rows: number of paths.
        columns: images per path.
        seed: of the latents at the ends.
        labels: int32 [rows] for a conditional generator, else None.
        truncation: ψ of the prior's `truncate`; 1 changes nothing.

    Returns:
        uint8 [h, w, c].
    """
    key = randomness.Key.create(seed).fold("ends")
    ends = gan.prior.sample(key, (2 * rows, gan.latent_dim)).numpy()
    if truncation != 1.0:
        ends = np.asarray(gan.prior.truncate(ends, truncation))
    pairs = ends.reshape(rows, 2, gan.latent_dim)
    path = np.concatenate([priors.walk(gan.prior, pair, columns) for pair in pairs])
    if labels is not None:
        labels = np.repeat(labels, columns)
    images = gan.generate(path, labels).numpy()
    return scatter(images) if images.ndim == 2 else grid(images, columns)


def save(picture, path, largest=None):
    """Writes a picture as PNG.

    Args:
        picture: uint8 [h, w, 1, 3 or 4].
        path: the file; its folder is made if it is not there.
        largest: bytes that the file may have, reached with a smaller picture if need be; or None.

    Raises:
        StorageError: it can't be written.
    """
    path = pathlib.Path(path)
    image = Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)
    data = _png(image, optimize=largest is not None)
    while largest is not None and len(data) > largest:
        smaller = tuple(max(1, int(0.8 * side)) for side in image.size)
        image = image.convert("RGB").resize(smaller, Image.Resampling.LANCZOS)
        data = _png(image, optimize=True)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error


def _png(image, optimize):
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=optimize)
    return buffer.getvalue()


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
