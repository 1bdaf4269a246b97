"""`npz:PATH`: an .npz file with arrays of images and labels, or an .npy file of images."""

import os
import pathlib
import zipfile

import numpy as np
from absl import logging

from keras_gan.data import decoding, framing, labelling
from keras_gan.data.pixel_range import has_strays, known_range
from keras_gan.data.source import Source, check_shape
from keras_gan.data.windows import WindowSource
from keras_gan.errors import UsageError, refuse

IMAGES = ("images", "x_train", "x", "data", "arr_0")
LABELS = ("labels", "y_train", "y", "arr_1")
NAMES = ("label_names", "class_names")
WANTED = "an .npz or .npy file"


def open_npz(
    name: str,
    path: str | os.PathLike,
    *,
    image_size: tuple[int, int] | None,
    channels: int | None,
    labels: str,
    memory_limit: int,
    crop: str = framing.DEFAULT,
) -> Source:
    """Opens an .npz file, or an .npy file of images without labels.

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
        labels: key of the labels, integers or texts [n]; "auto" takes labels, y_train, y or arr_1
            if there is one; "none" takes none. Texts are the classes' names, in alphabetical order;
            names of integers are the array label_names or class_names, if there is one.
        memory_limit: ignored; the other loaders take it.
        crop: how images of another shape get the size; see `framing.fit`. Defaults to "center".

    Returns:
        A `Source`.

    Raises:
        UsageError: the file is missing, damaged or pickled, has no images or images out of range,
            or its labels don't fit them.
    """
    file = pathlib.Path(path).expanduser()
    if not file.is_file():
        refuse("dataset", name, "no such file", WANTED)
    arrays = _read(name, file, labels)
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
    names = None
    if numbers is not None:
        numbers, names = _classes(name, np.squeeze(numbers), len(images), arrays)
    if images.shape[-1] not in (1, 3, 4):
        refuse("dataset", name, f"images have {images.shape[-1]} channels", "1, 3 or 4")
    if images.shape[-1] == 4 and channels is None:
        channels = 3  # composited on white unless 4 channels are requested
    size, wanted = images.shape[1:3], tuple(image_size or images.shape[1:3])
    check_shape(name, (*wanted, channels or images.shape[-1]))
    sentence = framing.check(name, [size] * len(images), wanted, crop)
    if sentence:
        logging.info(sentence)
    options = {"labels": numbers, "label_names": names}
    if sentence and crop == "random":
        pictures = decoding.convert(images, channels, framing.covering(size, wanted), "squeeze")
        return WindowSource(name, (*wanted, pictures.shape[-1]), pictures=pictures, **options)
    images = decoding.convert(images, channels, wanted, crop)
    return Source(name, images.shape[1:], images=images, **options)


def _read(name, file, labels):
    """The wanted arrays of a file by key."""
    if not zipfile.is_zipfile(file):
        if file.suffix == ".npy":
            return {"images": _read_npy(name, file, labels)}
        refuse(
            "dataset",
            name,
            "can't be read: it is no .npz file",
            "what np.savez or np.savez_compressed wrote",
        )
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as archive:
            return {key: archive[key] for key in _wanted(archive, labels)}
    except UsageError:
        raise
    except Exception as error:  # zipfile, zlib and NumPy raise many kinds for damaged files
        reason = " ".join(str(error).split())
        refuse("dataset", name, f"can't be read: {reason}", "an .npz file of plain arrays")


def _read_npy(name, file, labels):
    if labels not in ("auto", "none"):
        refuse("labels", labels, "an .npy file has none", "auto, none, or an .npz file")
    try:
        return np.load(file, allow_pickle=False)
    except Exception as error:  # as above
        reason = " ".join(str(error).split())
        refuse("dataset", name, f"can't be read: {reason}", "what np.save wrote")


def _wanted(archive, labels):
    """The arrays to read: the images and labels; all arrays if no images have a known name."""
    if labels not in ("auto", "none", *archive.files):
        refuse("labels", labels, "no such array", ", ".join(archive.files))
    named = [key for key in IMAGES if key in archive.files][:1]
    if not named:
        return archive.files
    return [*named, *(key for key in archive.files if key in (*LABELS, *NAMES, labels))]


def _classes(name, labels, count, arrays):
    """The labels as (classes int32 [n], the classes' names or None)."""
    if labels.dtype.kind == "U" and labels.shape == (count,):
        return labelling.numbered([str(label).strip() for label in labels])
    numbers = _checked(name, labels, count)
    key = next((key for key in NAMES if key in arrays), None)
    if key is None:
        return numbers, None
    names = arrays[key]
    if names.dtype.kind != "U" or names.ndim != 1 or len(names) <= numbers.max():
        what = f"{key} is {names.dtype} {list(names.shape)}, and labels go up to {numbers.max()}"
        refuse("dataset", name, what, "a text for each class")
    return numbers, [str(text) for text in names]


def _checked(name, labels, count):
    """The labels of `count` images as int32, once they are known to be valid."""
    if labels.shape != (count,):
        what = f"{count} images but labels of shape {labels.shape}"
        refuse("dataset", name, what, "one label per image")
    if not np.issubdtype(labels.dtype, np.integer):
        allowed = "integers from 0, texts, or --labels=none"
        refuse("dataset", name, f"labels are {labels.dtype}", allowed)
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
    limits = known_range(low, high, np.issubdtype(images.dtype, np.floating))
    if limits is None:
        refuse("dataset", name, pixels, "0 to 255, or floats in [0, 1] or [-1, 1]")
    if limits == (0, 255) and has_strays(images):
        what = f"{pixels}, but 99 % of those above 0 are at most 1"
        refuse("dataset", name, what, "0 to 255, or floats in [0, 1] or [-1, 1]")
    first, last = limits
    levels = (images - first) * (255.0 / (last - first))
    return np.clip(np.round(levels), 0, 255).astype(np.uint8)
