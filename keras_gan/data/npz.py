"""`npz:PATH`: arrays of images, and of labels."""

import pathlib

import numpy as np

from keras_gan.data import pictures
from keras_gan.data.source import Source, check_shape
from keras_gan.errors import UsageError

IMAGES = ("images", "x_train", "x", "data", "arr_0")
LABELS = ("labels", "y_train", "y", "arr_1")


def open_npz(name, path, *, image_size, channels, labels, memory_limit):
    """Opens an .npz file.

    Images are the array named images, x_train, x, data or arr_0, else the only one of four
    dimensions: [n, h, w] or [n, h, w, c], uint8, or floats that lie in [0, 1], [-1, 1] or
    [0, 255]. The file is read into memory whatever its size.

    Args:
        name: as given to `--dataset`; path: the file.
        image_size, channels: as for `open_source`; alpha goes onto white unless 4 channels.
        labels: key of the labels, integers [n]; "auto": labels, y_train, y or arr_1 if there is
            one; "none".

    Returns:
        A `Source`.

    Raises:
        UsageError: no such file, damaged, pickled, no images, out of range, labels that do not
            fit.
    """
    file = pathlib.Path(path).expanduser()

    def refuse(what, allowed):
        raise UsageError(what, flag="dataset", value=name, allowed=allowed)

    if not file.is_file():
        refuse("no such file", "an .npz file")
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as found:
            arrays = {key: found[key] for key in _wanted(found, labels)}
    except UsageError:
        raise
    except Exception as error:  # damaged files raise whatever zipfile, zlib and NumPy know
        refuse(f"can't be read: {' '.join(str(error).split())}", "an .npz file of plain arrays")
    key = _images_key(arrays, refuse)
    images = arrays[key]
    label_key = labels
    if labels == "auto":
        label_key = next((k for k in LABELS if k in arrays), "none")
    numbers = None if label_key == "none" else arrays[label_key]

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
        if numbers.max() >= len(numbers):
            refuse(f"labels go up to {numbers.max()} for {len(numbers)} images", "classes 0 to k-1")
        numbers = numbers.astype(np.int32)
    if images.shape[-1] not in (1, 3, 4):
        refuse(f"images have {images.shape[-1]} channels", "1, 3 or 4")
    if images.shape[-1] == 4 and channels is None:
        channels = 3  # alpha goes onto white unless asked for
    images = pictures.convert(images, channels, image_size)
    check_shape(name, images.shape[1:])
    return Source(name, images.shape[1:], images=images, labels=numbers)


def _wanted(found, labels):
    """The arrays to read: the named images or, without such, all; and the labels."""
    if labels not in ("auto", "none", *found.files):
        raise UsageError(
            "no such array", flag="labels", value=labels, allowed=", ".join(found.files)
        )
    named = [key for key in IMAGES if key in found.files][:1]
    if not named:
        return found.files
    return [*named, *(key for key in found.files if key in LABELS or key == labels)]


def _images_key(arrays, refuse):
    for key in IMAGES:
        if key in arrays:
            return key
    several = [key for key, array in arrays.items() if array.ndim == 4]
    if len(several) != 1:
        shapes = ", ".join(f"{key} {array.shape}" for key, array in arrays.items()) or "nothing"
        refuse(
            f"holds {shapes}",
            "images named " + ", ".join(IMAGES) + ", or a single array of four dimensions",
        )
    return several[0]


def _to_uint8(images, refuse):
    if images.dtype == np.uint8:
        return images
    if not np.issubdtype(images.dtype, np.number):
        refuse(f"images are {images.dtype}", "uint8, or floats of a known range")
    low, high = float(images.min()), float(images.max())
    if not np.isfinite([low, high]).all():
        refuse(f"pixels range from {low:g} to {high:g}", "finite numbers")
    if np.issubdtype(images.dtype, np.integer) and low >= 0 and high <= 255:
        return images.astype(np.uint8)
    if not np.issubdtype(images.dtype, np.integer):
        if low >= 0 and high <= 1:
            return np.round(images * 255.0).astype(np.uint8)
        if -1 <= low < 0 and high <= 1:
            return np.round((images + 1.0) * 127.5).astype(np.uint8)
        if low >= 0 and 1 < high <= 255:
            return np.round(images).astype(np.uint8)
    refuse(f"pixels range from {low:g} to {high:g}", "0 to 255, or floats in [0, 1] or [-1, 1]")
