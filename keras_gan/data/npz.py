"""`npz:PATH`: arrays of images, and of labels."""

import pathlib
import zipfile

import numpy as np

from keras_gan.data import pictures
from keras_gan.data.sources import Source, check_shape
from keras_gan.errors import UsageError

IMAGES = ("images", "x_train", "x", "data", "arr_0")
LABELS = ("labels", "y_train", "y", "arr_1")


def open_npz(name, path, *, image_size, channels, labels, memory_limit):
    """Opens an .npz file.

    Images are the array named images, x_train, x, data or arr_0, [n, h, w] or [n, h, w, c], uint8
    or floats that span [0, 1], [-1, 1] or [0, 255]. Labels are the array named by `labels`, by
    default labels, y_train, y or arr_1, integers [n]; "none" leaves them out. It is read into
    memory whatever its size.
    """
    file = pathlib.Path(path).expanduser()

    def refuse(what, allowed):
        raise UsageError(what, flag="dataset", value=name, allowed=allowed)

    if not file.is_file():
        refuse("no such file", "an .npz file")
    try:
        with np.load(file, allow_pickle=False) as found:
            keys = list(found.files)
            key = next((k for k in IMAGES if k in keys), None)
            if key is None:
                refuse(f"has the arrays {', '.join(keys)}", "one of " + ", ".join(IMAGES))
            images = found[key]
            label_key = labels
            if labels == "auto":
                label_key = next((k for k in LABELS if k in keys), "none")
            elif labels != "none" and labels not in keys:
                raise UsageError(
                    "no such array", flag="labels", value=labels, allowed=", ".join(keys)
                )
            numbers = None if label_key == "none" else found[label_key]
    except (OSError, ValueError, KeyError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        if isinstance(error, UsageError):
            raise
        refuse(f"can't be read: {error}", "an .npz file of plain arrays")

    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or not len(images):
        refuse(f"{key} has shape {images.shape}", "[n, height, width] or [n, height, width, c]")
    images = _to_uint8(images, refuse)
    if numbers is not None:
        numbers = np.squeeze(numbers)
        if numbers.shape != (len(images),):
            refuse(f"{len(images)} images but labels of shape {numbers.shape}", "a label an image")
        if not np.issubdtype(numbers.dtype, np.integer) or numbers.min() < 0:
            refuse(f"labels are {numbers.dtype}, from {numbers.min()}", "integers from 0")
        numbers = numbers.astype(np.int32)
    if images.shape[-1] not in (1, 3, 4):
        refuse(f"images have {images.shape[-1]} channels", "1, 3 or 4")
    if images.shape[-1] == 4 and channels is None:
        channels = 3  # alpha goes onto white unless asked for
    images = pictures.convert(images, channels, image_size)
    check_shape(name, images.shape[1:])
    return Source(name, images.shape[1:], images=images, labels=numbers)


def _to_uint8(images, refuse):
    if images.dtype == np.uint8:
        return images
    if not np.issubdtype(images.dtype, np.number):
        refuse(f"images are {images.dtype}", "uint8, or floats of a known range")
    low, high = float(images.min()), float(images.max())
    if np.issubdtype(images.dtype, np.integer) and 0 <= low and high <= 255:
        return images.astype(np.uint8)
    if not np.issubdtype(images.dtype, np.integer):
        if 0 <= low and high <= 1:
            return np.round(images * 255.0).astype(np.uint8)
        if -1 <= low < 0 and high <= 1:
            return np.round((images + 1.0) * 127.5).astype(np.uint8)
        if 0 <= low and 1 < high <= 255:
            return np.round(images).astype(np.uint8)
    refuse(f"pixels range from {low:g} to {high:g}", "0 to 255, or floats in [0, 1] or [-1, 1]")
