"""`npz:PATH`: an .npz file with an array of images and, optionally, one of labels."""

import os
import pathlib
import zipfile

import numpy as np

from keras_gan.data import decoding
from keras_gan.data.pixel_range import DARK, SLACK, has_strays
from keras_gan.data.source import Source, check_shape
from keras_gan.errors import UsageError, refuse

IMAGES = ("images", "x_train", "x", "data", "arr_0")
LABELS = ("labels", "y_train", "y", "arr_1")


def open_npz(
    name: str,
    path: str | os.PathLike,
    *,
    image_size: tuple[int, int] | None,
    channels: int | None,
    labels: str,
    memory_limit: int,
) -> Source:
    """Opens an .npz file.

    Images are the array named images, x_train, x, data or arr_0, else the only one of four
    dimensions: [n, h, w] or [n, h, w, c], integers from 0 to 255, or floats in [0, 1], [-1, 1] or
    [0, 255]. Floats may leave their range by a thousandth of it, as rounding does, and are clipped.
    Floats in [0, 255] must reach 8, to tell them from badly scaled ones in [0, 1]. The whole file
    is read into memory.

    Args:
        name: as given to `--dataset`.
        path: the file.
        image_size: (height, width) to resize to, or None for the data's own.
        channels: 1, 3 or 4, or None for the data's own. Transparency is composited on white
            unless 4.
        labels: key of the labels, integers [n]; "auto" takes labels, y_train, y or arr_1 if there
            is one; "none" takes none.
        memory_limit: ignored; the other loaders take it.

    Returns:
        A `Source`.

    Raises:
        UsageError: the file is missing, damaged or pickled, has no images or images out of range,
            or its labels don't fit them.
    """
    file = pathlib.Path(path).expanduser()
    if not file.is_file():
        refuse("dataset", name, "no such file", "an .npz file")
    if not zipfile.is_zipfile(file):
        refuse(
            "dataset",
            name,
            "can't be read: it is no .npz file",
            "what np.savez or np.savez_compressed wrote",
        )
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in _wanted(archive, labels)}
    except UsageError:
        raise
    except Exception as error:  # zipfile, zlib and NumPy raise many kinds for damaged files
        reason = " ".join(str(error).split())
        refuse("dataset", name, f"can't be read: {reason}", "an .npz file of plain arrays")
    others = [key for key, array in arrays.items() if not isinstance(array, np.ndarray)]
    if others:
        what = f"holds {others[0]}, which is no array"
        refuse("dataset", name, what, "an .npz file of plain arrays; folder:PATH for pictures")
    key = _images_key(name, arrays)
    images = arrays[key]
    label_key = labels
    if labels == "auto":
        label_key = next((k for k in LABELS if k in arrays), "none")
    numbers = None if label_key == "none" else arrays[label_key]

    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or not len(images):
        allowed = "[n, height, width] or [n, height, width, c]"
        refuse("dataset", name, f"{key} has shape {images.shape}", allowed)
    images = _to_uint8(name, images)
    if numbers is not None:
        numbers = _checked(name, np.squeeze(numbers), len(images))
    if images.shape[-1] not in (1, 3, 4):
        refuse("dataset", name, f"images have {images.shape[-1]} channels", "1, 3 or 4")
    if images.shape[-1] == 4 and channels is None:
        channels = 3  # composited on white unless 4 channels are requested
    images = decoding.convert(images, channels, image_size)
    check_shape(name, images.shape[1:])
    return Source(name, images.shape[1:], images=images, labels=numbers)


def _wanted(archive, labels):
    """The arrays to read: the images and labels; all arrays if no images have a known name."""
    if labels not in ("auto", "none", *archive.files):
        refuse("labels", labels, "no such array", ", ".join(archive.files))
    named = [key for key in IMAGES if key in archive.files][:1]
    if not named:
        return archive.files
    return [*named, *(key for key in archive.files if key in LABELS or key == labels)]


def _checked(name, labels, count):
    """The labels of `count` images as int32, once they are known to be valid."""
    if labels.shape != (count,):
        what = f"{count} images but labels of shape {labels.shape}"
        refuse("dataset", name, what, "one label per image")
    if not np.issubdtype(labels.dtype, np.integer):
        kind = "texts" if labels.dtype.kind in "US" else str(labels.dtype)
        refuse("dataset", name, f"labels are {kind}", "integers from 0, or --labels=none")
    if labels.min() < 0:
        refuse("dataset", name, f"labels begin at {labels.min()}", "integers from 0")
    if labels.max() >= count:
        what = f"labels go up to {labels.max()} for {count} images"
        refuse("dataset", name, what, "classes 0 to k-1")
    return labels.astype(np.int32)


def _images_key(name, arrays):
    for key in IMAGES:
        if key in arrays:
            return key
    several = [key for key, array in arrays.items() if array.ndim == 4]
    if len(several) != 1:
        shapes = ", ".join(f"{key} {array.shape}" for key, array in arrays.items()) or "nothing"
        refuse(
            "dataset",
            name,
            f"holds {shapes}",
            "images named " + ", ".join(IMAGES) + ", or a single array of four dimensions",
        )
    return several[0]


def _to_uint8(name, images):
    if images.dtype == np.uint8:
        return images
    real = np.issubdtype(images.dtype, np.integer) or np.issubdtype(images.dtype, np.floating)
    if not real:
        refuse("dataset", name, f"images are {images.dtype}", "uint8, or floats of a known range")
    low, high = float(images.min()), float(images.max())
    pixels = f"pixels range from {low:.9g} to {high:.9g}"
    if not np.isfinite([low, high]).all():
        refuse("dataset", name, pixels, "finite numbers")
    if np.issubdtype(images.dtype, np.integer):
        if low >= 0 and high <= 255:
            return images.astype(np.uint8)
    elif low >= -SLACK and high <= 1 + SLACK:
        return _levels(images * 255.0)
    elif low >= -1 - 2 * SLACK and high <= 1 + 2 * SLACK:
        return _levels((images + 1.0) * 127.5)
    elif low >= -255 * SLACK and DARK <= high <= 255 * (1 + SLACK):
        if not has_strays(images):
            return _levels(images)
        pixels += ", but 99 % of those above 0 are at most 1"
    refuse("dataset", name, pixels, "0 to 255, or floats in [0, 1] or [-1, 1]")


def _levels(images):
    """Floats in [0, 255] and a little beyond, as uint8."""
    return np.clip(np.round(images), 0, 255).astype(np.uint8)
