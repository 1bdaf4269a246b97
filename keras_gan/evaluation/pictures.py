"""Pictures: grids of samples, interpolations, points, a summary of the run; and saving them."""

import io
import os
import pathlib

import keras
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from keras_gan.errors import StorageError
from keras_gan.rules import priors
from keras_gan.step import randomness


def grid(images: np.ndarray, columns: int = 8, pad: int = 1) -> np.ndarray:
    """Images side by side, separated by white.

    Args:
        images: uint8 [n, h, w, c].
        columns: images per row. Defaults to 8.
        pad: pixels between images. Defaults to 1.

    Returns:
        uint8 [H, W, c].
    """
    n, h, w, c = images.shape
    columns = min(columns, n)
    rows = -(-n // columns)
    page = np.full((rows * (h + pad) + pad, columns * (w + pad) + pad, c), 255, np.uint8)
    for i, image in enumerate(images):
        top, left = pad + i // columns * (h + pad), pad + i % columns * (w + pad)
        page[top : top + h, left : left + w] = image
    return page


def scatter(
    points: np.ndarray,
    reference: np.ndarray | None = None,
    size: int = 480,
    legend: bool = False,
) -> np.ndarray:
    """A scatter plot of points.

    Args:
        points: float32 [n, 2].
        reference: the data's points, float32 [n, 2], drawn behind in grey. Defaults to None.
        size: height and width of the picture. Defaults to 480.
        legend: whether to add a legend. Defaults to False.

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
    return render(figure)


def render(figure: Figure) -> np.ndarray:
    """Renders a Matplotlib figure: uint8 [h, w, 3]."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def interpolation(
    gan: keras.Model,
    rows: int,
    columns: int,
    seed: int = 0,
    labels: np.ndarray | None = None,
    truncation: float = 1.0,
) -> np.ndarray:
    """Paths of the prior between pairs of latents as a picture, one row per path.

    Args:
        gan: a `GAN`.
        rows: number of paths.
        columns: images per path.
        seed: of the latents at the ends. Defaults to 0.
        labels: int32 [rows] for a conditional generator. Defaults to None.
        truncation: ψ of the prior's `truncate`. Defaults to 1, which changes nothing.

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


def save(picture: np.ndarray, path: str | os.PathLike, largest: int | None = None) -> None:
    """Writes a picture as PNG.

    Args:
        picture: uint8 [h, w, 1, 3 or 4].
        path: the file; its folder is created if missing.
        largest: largest size of the file in bytes; the picture is reduced until it fits. Defaults
            to None, no limit.

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
