"""A folder or archive of pictures (PNG, JPEG, WebP, TIFF, AVIF, …), with or without labels."""

import collections
import concurrent.futures
import os
from pathlib import Path

import numpy as np
import tqdm
from absl import logging

from keras_gan.data import archives, decoding, framing, labelling
from keras_gan.data.listing import Listing, count_endings, list_pictures
from keras_gan.data.source import Source, check_shape
from keras_gan.data.windows import WindowSource
from keras_gan.errors import refuse

WANTED = "a folder, .zip or .tar file with PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF pictures"
THREADS = 8
MANY = 2_000  # pictures from which a bar shows on a terminal that they are read
NAMED = 20  # at most so many unreadable pictures are named in the log
TWELVE_BITS = 16  # what 4,095 of 65,535 becomes in 8 bits


def open_folder(
    name: str,
    path: str | os.PathLike,
    data_dir: Path,
    *,
    image_size: tuple[int, int] | None,
    channels: int | None,
    labels: str,
    memory_limit: int,
    crop: str = framing.DEFAULT,
) -> Source:
    """Opens `folder:PATH`.

    Every picture is decoded once at the start, so that unreadable ones are known before the first
    step: they are skipped, counted, and named in the log, as are folders that can't be listed.
    Links are followed. Hidden files are ignored; files of other endings are counted in the log.

    Args:
        name: as given to `--dataset`.
        path: the folder or archive; pictures may be at any depth.
        data_dir: folder of prepared data sets, where archives are unpacked.
        image_size: (height, width), or None if all pictures have one size.
        channels: 1, 3 or 4; None is 1 if all pictures are grey, else 3.
        labels: "auto", "none", "folders" or "file"; see `labelling.labels_of`. Folders named train,
            test and the like are parts of a data set, not labels: train is the data, except with
            "folders".
        memory_limit: bytes up to which images are held in memory; else they are read as needed.
        crop: how pictures of another shape get this size; see `framing.fit`. Defaults to "center".

    Returns:
        A `Source`; its `skipped` lists the unreadable pictures.

    Raises:
        UsageError: no such folder, no readable pictures, different sizes, pictures outside the
            labels' folders, or a file of labels that does not fit the pictures.
    """
    listing = find_pictures(name, path, data_dir, labels)
    by_file = labelling.labels_of(name, listing, labels)
    files, headers, skipped = read_headers(name, listing)
    skipped += listing.unlisted
    image_size = image_size or _one_size(name, headers)
    channels = channels or max(header.colours for header in headers)
    shape = (*image_size, channels)
    check_shape(name, shape)
    sentence = framing.check(name, [header.size for header in headers], image_size, crop)
    if sentence:
        logging.info(sentence)
    else:
        crop = framing.DEFAULT  # all pictures are only scaled
    images, good, brightest = _decode(files, headers, shape, crop, memory_limit)
    readable = [files[index] for index in good]
    unread = sorted({*skipped, *files} - set(readable))
    files = readable
    _log_skipped(unread, len(files), listing.root)
    if not files:
        refuse("dataset", name, f"none of its {len(unread)} pictures can be read", WANTED)
    if 0 < brightest <= TWELVE_BITS:
        what = f"its 16-bit pictures go up to about {257 * brightest} of 65,535, as 12 bits would"
        refuse("dataset", name, what, "values scaled to 0 to 65,535, or 8 bits")
    _log_others(listing)

    def read(index):
        image = decoding.read(files[index], *shape, crop)
        if image is None:
            raise OSError(f"{files[index]} was readable when the run started, but no longer is")
        return image

    numbers = names = None
    if by_file:
        numbers, names = labelling.numbered([by_file[file] for file in files])
    options = {
        "labels": numbers,
        "label_names": names,
        "read": read,
        "count": len(files),
        "skipped": [str(file) for file in unread],
    }
    if crop == "random":
        return WindowSource(name, shape, pictures=images, **options)
    return Source(name, shape, images=images, **options)


def find_pictures(name: str, path: str | os.PathLike, data_dir: Path, labels: str) -> Listing:
    """The pictures of a folder or archive; the arguments are those of `open_folder`.

    Raises:
        UsageError: there is no such folder or archive, it holds no pictures, or is refused.
    """
    root = Path(path).expanduser()
    if root.is_file() and root.suffix in (".npz", ".npy"):
        refuse("dataset", name, "is a file of arrays", f"npz:{path}")
    if root.is_file() and archives.is_archive(root):
        root = archives.unpack(name, root, data_dir)
    if not root.is_dir():
        what = "is not a folder, .zip or .tar file" if root.exists() else "no such folder"
        refuse("dataset", name, what, WANTED)
    listing = list_pictures(root, labels)
    if not listing.files:
        what = "can't be listed" if listing.root in listing.unlisted else "no pictures in it"
        only = f", only{count_endings(listing.others)}" if listing.others else ""
        refuse("dataset", name, what + only, WANTED)
    return listing


def read_headers(
    name: str, listing: Listing
) -> tuple[list[Path], list[decoding.Header], list[Path]]:
    """The files whose headers can be read, their headers, and the other files.

    Raises:
        UsageError: none can be read.
    """
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        headers = list(pool.map(decoding.read_header, listing.files))
    skipped = [file for file, header in zip(listing.files, headers) if header is None]
    if len(skipped) == len(headers):
        refuse("dataset", name, f"none of its {len(skipped)} pictures can be read", WANTED)
    pairs = [(file, header) for file, header in zip(listing.files, headers) if header is not None]
    return [file for file, _ in pairs], [header for _, header in pairs], skipped


def _decode(files, headers, shape, crop, memory_limit):
    """Decodes every picture once.

    Args:
        files, headers: of the pictures.
        shape: (height, width, channels).
        crop: as for `framing.fit`; with "random" pictures are larger than `shape`.
        memory_limit: in bytes.

    Returns:
        (the readable images as an array, or a list with "random", or None if they exceed the
        limit; the indices of the readable ones; the largest value of pictures of more than 8 bits,
        0 without any).
    """
    windows = crop == "random"
    sizes = [framing.covering(h.size, shape[:2]) if windows else shape[:2] for h in headers]
    in_memory = sum(height * width for height, width in sizes) * shape[2] <= memory_limit
    images = [] if windows else np.empty((len(files) if in_memory else 0, *shape), np.uint8)
    good, brightest = [], 0
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        decoded = pool.map(lambda file: decoding.read(file, *shape, crop), files)
        bar = tqdm.tqdm(
            decoded, "reading pictures", len(files), disable=None if len(files) >= MANY else True
        )
        for index, image in enumerate(bar):
            if image is None:
                continue
            if in_memory and windows:
                images.append(image)
            elif in_memory:
                images[len(good)] = image
            if headers[index].deep:
                brightest = max(brightest, int(image.max()))
            good.append(index)
    return images[: len(good)] if in_memory else None, good, brightest


def _one_size(name, headers):
    sizes = collections.Counter(header.size for header in headers)
    if len(sizes) > 1:
        (height, width), count = sizes.most_common(1)[0]
        refuse(
            "dataset",
            name,
            f"its pictures have {len(sizes)} sizes ({height}x{width} most often, {count} times)",
            "--image_size=HxW, to which all are brought; --crop says how",
        )
    return next(iter(sizes))


def _log_skipped(skipped, readable, root):
    if not skipped:
        return
    for file in skipped[:NAMED]:
        logging.warning("unreadable picture skipped: %s (%s)", file, why_skipped(file))
    total = len(skipped) + readable
    more = f", {len(skipped) - NAMED} of them not named here" if len(skipped) > NAMED else ""
    logging.warning("%d of %d pictures in %s can't be read%s", len(skipped), total, root, more)


def why_skipped(file: Path) -> str:
    """Why a picture, or a folder of pictures, can't be read, in a few words."""
    return "can't be listed" if file.is_dir() else decoding.why_unreadable(file)


def _log_others(listing):
    if listing.others:
        others = count_endings(listing.others)
        logging.info("not taken for pictures in %s:%s", listing.root, others)
    if listing.parts:
        others = ", ".join(listing.parts)
        logging.info("%s is the data; %s: other parts, left out", listing.root, others)
