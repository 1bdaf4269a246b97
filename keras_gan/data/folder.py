"""A folder of pictures (PNG, JPEG, WebP, TIFF, AVIF, …), with or without labels."""

import collections
import concurrent.futures
import os
import warnings
from pathlib import Path

import numpy as np
from absl import logging
from PIL import Image

from keras_gan.data import decoding
from keras_gan.data.source import Source, check_shape
from keras_gan.errors import refuse

ENDINGS = {".png", ".jpg", ".jpeg", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"}
WANTED = "a folder with PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF pictures"
SPLITS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev"}
THREADS = 8
NAMED = 20  # at most so many unreadable pictures are named in the log


def open_folder(
    name: str,
    path: str | os.PathLike,
    *,
    image_size: tuple[int, int] | None,
    channels: int | None,
    labels: str,
    memory_limit: int,
) -> Source:
    """Opens `folder:PATH`.

    Every picture is decoded once at the start, so that unreadable ones are known before the first
    step: they are skipped, counted, and named in the log, as are folders that can't be listed.
    Links are followed. Hidden files are ignored; files of other endings are counted in the log.

    Args:
        name: as given to `--dataset`.
        path: the folder; pictures may be at any depth.
        image_size: (height, width), or None if all pictures have one size.
        channels: 1, 3 or 4; None is 1 if all pictures are grey, else 3.
        labels: "auto" takes each subfolder as a label if there are two or more and no picture is
            outside them; "folders" requires this; "none" ignores them. Folders named train, test
            and the like are parts of a data set, not labels: train is the data, except with
            "folders".
        memory_limit: bytes up to which images are held in memory; else they are read as needed.

    Returns:
        A `Source`; its `skipped` lists the unreadable pictures.

    Raises:
        UsageError: no such folder, no readable pictures, different sizes, or pictures outside the
            labels' folders.
    """
    root = Path(path).expanduser()
    if not root.is_dir():
        refuse("dataset", name, "is not a folder" if root.exists() else "no such folder", WANTED)
    root, other_parts = _without_splits(root, labels)
    files, unlisted, others = _list(root)
    if not files:
        what = "can't be listed" if root in unlisted else "no pictures in it"
        only = f", only{_count_endings(others)}" if others else ""
        refuse("dataset", name, what + only, WANTED)
    names = _label_names(name, files, root, labels)

    skipped = list(unlisted)
    with warnings.catch_warnings(), concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # large ones are read
        headers = list(pool.map(decoding.read_header, files))
        skipped += [file for file, header in zip(files, headers) if header is None]
        files = [file for file, header in zip(files, headers) if header is not None]
        headers = [header for header in headers if header is not None]
        if not files:
            refuse("dataset", name, f"none of its {len(skipped)} pictures can be read", WANTED)
        image_size = image_size or _one_size(name, headers)
        channels = channels or max(header.colours for header in headers)
        shape = (*image_size, channels)
        check_shape(name, shape)

        in_memory = len(files) * int(np.prod(shape)) <= memory_limit
        images = np.empty((len(files), *shape), np.uint8) if in_memory else None
        good = []
        for index, image in enumerate(pool.map(lambda f: decoding.read(f, *shape), files)):
            if image is None:
                skipped.append(files[index])
                continue
            if in_memory:
                images[len(good)] = image
            good.append(files[index])
    _log_skipped(sorted(skipped), len(good), root)
    if not good:
        refuse("dataset", name, f"none of its {len(skipped)} pictures can be read", WANTED)

    if others:
        logging.info("not taken for pictures in %s:%s", root, _count_endings(others))
    if other_parts:
        logging.info("%s is the data; %s: other parts, left out", root, ", ".join(other_parts))

    def read(index):
        image = decoding.read(good[index], *shape)
        if image is None:
            raise OSError(f"{good[index]} was readable when the run started, but no longer is")
        return image

    numbers = None
    if names:
        labels = [_label(file, root) for file in good]
        names = [label for label in names if label in set(labels)]
        numbers = np.array([names.index(label) for label in labels], np.int32)
    return Source(
        name,
        shape,
        images=images[: len(good)] if in_memory else None,
        labels=numbers,
        label_names=names,
        read=read,
        count=len(good),
        skipped=[str(file) for file in sorted(skipped)],
    )


def _list(root):
    """The picture files under a folder in order, the folders that can't be listed, other files."""
    files, unlisted, others, seen = [], [], [], set()
    walk = os.walk(root, followlinks=True, onerror=lambda e: unlisted.append(Path(e.filename)))
    for folder, folders, names in walk:
        place = os.path.realpath(folder)
        if place in seen:  # a link in a circle, or a folder that is linked twice
            folders.clear()
            continue
        seen.add(place)
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            file = Path(folder, name)
            if not name.startswith(".") and file.is_file():
                (files if file.suffix.lower() in ENDINGS else others).append(file)
    return sorted(files), unlisted, others


def _count_endings(files):
    """How many files there are of which ending: " 3 .txt, 1 .md" """
    endings = collections.Counter(file.suffix.lower() or "without ending" for file in files)
    text = ", ".join(f"{count} {ending}" for ending, count in endings.most_common(5))
    return f" {text}" if text else ""


def _without_splits(root, labels):
    """The folder that holds the data, and the names of the other parts of the data set."""
    if labels == "folders":
        return root, []
    try:
        entries = [e for e in os.scandir(root) if not e.name.startswith(".")]
    except OSError:
        return root, []
    names = sorted(entry.name for entry in entries if entry.is_dir())
    parts = [name for name in names if name.lower() in SPLITS]
    pictures = any(Path(entry.name).suffix.lower() in ENDINGS for entry in entries)
    train = [name for name in parts if name.lower().startswith("train")]
    if pictures or not train or parts != names:
        return root, []
    return root / train[0], [name for name in names if name != train[0]]


def _label(file, root):
    return file.relative_to(root).parts[0]


def _label_names(name, files, root, labels):
    """The sorted names of the labels, or None without labels."""
    if labels not in ("auto", "none", "folders"):
        refuse("labels", labels, "a folder has no such labels", "auto, none, folders")
    outside = sum(file.parent == root for file in files)
    names = sorted({_label(file, root) for file in files if file.parent != root})
    if labels == "folders" and outside:
        refuse(
            "dataset",
            name,
            f"{outside} pictures are outside the subfolders",
            "a subfolder for each label",
        )
    if labels == "none" or not names:
        return None
    if labels == "auto" and (outside or len(names) == 1):
        reason = f"{outside} pictures are outside them" if outside else "there is only one"
        logging.info("the subfolders of %s are not used as labels: %s", root, reason)
        return None
    return names


def _one_size(name, headers):
    sizes = collections.Counter(header.size for header in headers)
    if len(sizes) > 1:
        (height, width), count = sizes.most_common(1)[0]
        refuse(
            "dataset",
            name,
            f"its pictures have {len(sizes)} sizes ({height}x{width} most often, {count} times)",
            "--image_size=HxW, to which all are resized",
        )
    return next(iter(sizes))


def _log_skipped(skipped, readable, root):
    if not skipped:
        return
    for file in skipped[:NAMED]:
        logging.warning("unreadable picture skipped: %s", file)
    total = len(skipped) + readable
    more = f", {len(skipped) - NAMED} of them not named here" if len(skipped) > NAMED else ""
    logging.warning("%d of %d pictures in %s can't be read%s", len(skipped), total, root, more)
