"""Frames as a film: MP4, GIF or WebP."""

import io
import os
import pathlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from keras_gan import atomic
from keras_gan.errors import StorageError, UsageError
from keras_gan.evaluation import pictures
from keras_gan.gan import GAN
from keras_gan.rules import priors
from keras_gan.run.showing import latents
from keras_gan.run.showing.extras import require

FORMATS = ("mp4", "gif", "webp")
SMALLEST_SIDE = 256  # a film is enlarged by a whole number until its smaller side has this many


def save(
    frames: np.ndarray, path: str | os.PathLike, *, frame_rate: int = 24, zoom: int = 0
) -> None:
    """Writes a film that is repeated for ever where the format can say so (GIF, WebP).

    Args:
        frames: uint8 [n, h, w, 1 or 3].
        path: the file, whose ending is in `FORMATS`.
        frame_rate: frames per second, 1 to 60.
        zoom: whole factor of enlargement, by repeating pixels; 0 is the smallest that gives the
            smaller side 256 pixels. MP4 needs even sides: a black row or column is added.

    Raises:
        UsageError: MP4 without the package that encodes it.
        StorageError: it can't be written.
    """
    path = pathlib.Path(path)
    kind = path.suffix[1:].lower()
    if kind not in FORMATS:
        raise UsageError(f"{path}: a film's ending is one of {', '.join(FORMATS)}")
    data = encoded(enlarged(frames, zoom), frame_rate, kind)
    try:
        with atomic.replacing(path) as file:
            file.write(data)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error


def encoded(frames: np.ndarray, frame_rate: int, kind: str) -> bytes:
    """A film of frames uint8 [n, h, w, 3] as bytes; `kind` is in `FORMATS`."""
    return _mp4(frames, frame_rate) if kind == "mp4" else _animation(frames, frame_rate, kind)


def enlarged(frames: np.ndarray, zoom: int = 0) -> np.ndarray:
    """Frames [n, h, w, c] in colour, their pixels repeated: uint8 [n, zoom h, zoom w, 3]."""
    frames = np.asarray(frames, np.uint8)
    zoom = zoom or max(1, -(-SMALLEST_SIDE // min(frames.shape[1:3])))
    frames = frames.repeat(zoom, axis=1).repeat(zoom, axis=2)
    return frames.repeat(3, axis=-1) if frames.shape[-1] == 1 else frames[..., :3]


def durations(count: int, frame_rate: int, unit: int) -> list[int]:
    """Whole milliseconds for each frame, multiples of `unit`, that add up to the film's length."""
    ends = np.round(np.arange(1, count + 1) * 1000.0 / frame_rate / unit).astype(int) * unit
    return [int(n) for n in np.diff(ends, prepend=0)]


def _animation(frames, frame_rate, kind):
    buffer = io.BytesIO()
    first, *rest = (Image.fromarray(frame) for frame in frames)
    options = {"lossless": True} if kind == "webp" else {"disposal": 1, "optimize": False}
    # GIF counts in hundredths of a second.
    lengths = durations(len(frames), frame_rate, 10 if kind == "gif" else 1)
    first.save(
        buffer,
        kind.upper(),
        save_all=True,
        append_images=rest,
        duration=lengths,
        loop=0,
        **options,
    )
    return buffer.getvalue()


def _mp4(frames, frame_rate):
    require("film", "format", "mp4")
    import av

    height, width = (side + side % 2 for side in frames.shape[1:3])
    padding = [(0, 0), (0, height - frames.shape[1]), (0, width - frames.shape[2]), (0, 0)]
    frames = np.pad(frames, padding)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as film:
        stream = film.add_stream("libx264", rate=frame_rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "18"}
        for frame in frames:
            film.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        film.mux(stream.encode())
    return buffer.getvalue()


def walk_frames(
    gan: GAN, walks: Sequence[np.ndarray], count: int, labels: np.ndarray | None = None
) -> np.ndarray:
    """Closed walks, side by side.

    Args:
        gan: the model.
        walks: sequence of points float32 [k, dimensions], each a closed walk.
        count: number of frames.
        labels: int32 [walks] for a conditional model, else None.

    Returns:
        uint8 [count, h, w, c]; from the last frame to the first is a step like any other.
    """
    paths = np.stack([priors.walk(gan.prior, points, count, closed=True) for points in walks], 1)
    flat = paths.reshape(-1, gan.latent_dim)
    images = latents.generate(gan, flat, None if labels is None else np.tile(labels, count))
    images = images.reshape(count, len(walks), *images.shape[1:])
    columns = round(len(walks) ** 0.5)
    return np.stack([pictures.grid(row, columns) if len(walks) > 1 else row[0] for row in images])
