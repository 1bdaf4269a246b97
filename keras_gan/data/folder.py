"""A folder of pictures: PNG, JPEG, WebP, BMP, a GIF's first frame; a subfolder a label or none."""

import collections
import concurrent.futures
import pathlib

import numpy as np
from absl import logging
from PIL import Image, UnidentifiedImageError

from keras_gan.data import pictures
from keras_gan.data.sources import Source, check_shape
from keras_gan.errors import UsageError

ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"}


def open_folder(name, path, *, image_size, channels, labels, memory_limit):
    """Opens `folder:PATH`.

    Pictures directly in the folder are unlabelled; with pictures in subfolders only, each
    subfolder is a class (`labels="none"` ignores that). Without `image_size` all pictures must
    have one size. Unreadable ones are skipped, counted, and named in the log.

    Returns:
        A `Source`, in memory if it fits into `memory_limit` bytes, else read as needed.
    """
    root = pathlib.Path(path).expanduser()

    def refuse(what, allowed="a folder with PNG, JPEG, WebP, GIF or BMP pictures"):
        raise UsageError(what, flag="dataset", value=name, allowed=allowed)

    if not root.is_dir():
        refuse("no such folder")
    files = sorted(f for f in root.rglob("*") if f.suffix.lower() in ENDINGS and f.is_file())
    if not files:
        refuse("no pictures in it")
    flat = [f for f in files if f.parent == root]
    nested = len(files) - len(flat)
    if labels == "folders" and flat:
        refuse(
            f"{len(flat)} pictures lie outside the subfolders",
            "a subfolder a label, or --labels=none",
        )
    if labels not in ("auto", "none", "folders"):
        raise UsageError(
            "a folder has no such labels",
            flag="labels",
            value=labels,
            allowed="auto, none, folders",
        )
    labelled = labels != "none" and nested and not flat

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(_look, files))
    skipped = [str(f) for f, seen in zip(files, found) if seen is None]
    for file in skipped[:20]:
        logging.warning("unreadable picture skipped: %s", file)
    if skipped:
        logging.warning("%d of %d pictures in %s are unreadable", len(skipped), len(files), root)
    files = [f for f, seen in zip(files, found) if seen is not None]
    found = [seen for seen in found if seen is not None]
    if not files:
        refuse(f"none of its {len(skipped)} pictures can be read")

    sizes = collections.Counter(size for size, _ in found)
    if image_size is None:
        if len(sizes) > 1:
            (common, count), *_ = sizes.most_common()
            refuse(
                f"its pictures have {len(sizes)} sizes (most often, {count} times,"
                f" {common[0]}x{common[1]})",
                "--image_size=HxW",
            )
        image_size = next(iter(sizes))
    if channels is None:
        channels = max(needed for _, needed in found)
        channels = 3 if channels == 4 else channels  # alpha goes onto white unless asked for
    shape = (*image_size, channels)
    check_shape(name, shape)

    def read(index):
        with Image.open(files[index]) as picture:
            return pictures.to_array(picture, channels, image_size)

    names, numbers = None, None
    if labelled:
        names = sorted({f.relative_to(root).parts[0] for f in files})
        numbers = np.array([names.index(f.relative_to(root).parts[0]) for f in files], np.int32)
    images = None
    if len(files) * int(np.prod(shape)) <= memory_limit:
        images = np.empty((len(files), *shape), np.uint8)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for index, array in enumerate(pool.map(read, range(len(files)))):
                images[index] = array
    return Source(
        name,
        shape,
        images=images,
        labels=numbers,
        label_names=names,
        read=read,
        count=len(files),
        skipped=skipped,
    )


def _look(file):
    """A picture's (height, width) and the channels it needs, or None if it can't be read."""
    try:
        with Image.open(file) as picture:
            picture.load()  # a cut file shows only here
            grey = picture.mode in ("1", "L", "I", "F", "LA") or picture.mode.startswith("I;16")
            alpha = 4 if pictures.has_alpha(picture) else 0
            return picture.size[::-1], alpha or (1 if grey else 3)
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError, Image.DecompressionBombError):
        return None
