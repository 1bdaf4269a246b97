"""Any image data set of TensorFlow Datasets, with random access."""

import contextlib
import difflib
import json
import sys

import numpy as np
from absl import logging

from keras_gan import atomic
from keras_gan.data import decoding, fashion_mnist, reachable
from keras_gan.data.source import MEMORY_LIMIT, Source, check_shape
from keras_gan.errors import StorageError, UsageError


def open_tfds(
    name,
    split,
    data_dir,
    *,
    image_size=None,
    channels=None,
    labels="auto",
    memory_limit=MEMORY_LIMIT,
):
    """Opens a TFDS data set, preparing it the first time.

    It is prepared as ArrayRecord, which has random access. What fits into `memory_limit` bytes as
    uint8 is held in memory, and kept decoded beside the data so that the next start is quick;
    larger sets are read as needed.

    Args:
        name: of the data set, "NAME" or "NAME/CONFIG".
        split: "train", "test", …
        data_dir: folder (pathlib) of all data.
        image_size: (height, width), or None for the data's own.
        channels: 1, 3, 4, or None for the data's own (alpha goes onto white).
        labels: "auto" or "label" for the feature of that name, "none".

    Returns:
        A `Source`.

    Raises:
        UsageError: TFDS knows no such data set or split, it has no images, or it can't be had.
        StorageError: the disk is full, or kept files are damaged.
    """
    if labels not in ("auto", "none", "label"):
        raise UsageError(
            "TFDS data has no such labels", flag="labels", value=labels, allowed="auto, none, label"
        )
    kept = data_dir / "decoded" / name.replace("/", "-").replace(":", "-") / split
    if not (kept / "about.json").is_file():
        _prepare(name, split, data_dir, kept)
    about, numbers = _open_kept(kept)

    native = about["shape"]
    if image_size is None and None in native[:2]:
        raise UsageError(
            "its images have many sizes", flag="dataset", value=name, allowed="--image_size=HxW"
        )
    if channels is None:
        channels = native[2] if native[2] in (1, 3) else 3
    shape = (*(image_size or native[:2]), channels)
    check_shape(name, shape)

    images = read = None
    if about["count"] * int(np.prod(shape)) <= memory_limit:
        images = _decoded(name, split, data_dir, kept, shape, about["count"])
    else:
        read = _reader(name, split, data_dir, shape)
    labelled = labels != "none" and numbers is not None

    def reopen(other):
        if other not in about["splits"]:
            return None
        return open_tfds(
            name,
            other,
            data_dir,
            image_size=image_size,
            channels=channels,
            labels=labels,
            memory_limit=memory_limit,
        )

    return Source(
        name,
        shape,
        images=images,
        labels=numbers if labelled else None,
        label_names=about["label_names"] if labelled else None,
        read=read,
        count=about["count"],
        split=split,
        reopen=reopen,
    )


def _builder(name, data_dir):
    import tensorflow_datasets as tfds  # slow to import, and not needed once a set is prepared

    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    try:
        return tfds.builder(name, data_dir=str(data_dir / "tfds"), file_format="array_record")
    except (tfds.core.DatasetNotFoundError, ValueError, ImportError) as error:
        known = tfds.list_builders(with_community_datasets=False)
        close = difflib.get_close_matches(name, known, 3)
        raise UsageError(
            "TFDS knows no such data set",
            flag="dataset",
            value=name,
            allowed=(f"for example {', '.join(close)}; " if close else "")
            + "a TFDS name, folder:PATH, npz:PATH, ring8, grid25, swissroll,"
            " stacked_fashion_mnist",
        ) from error


def _download(builder, name, data_dir):
    """Downloads and prepares, unless that can't work, which TFDS would find out in minutes."""
    import tensorflow_datasets as tfds

    options = {}
    if name == "fashion_mnist":
        manual = fashion_mnist.manual_files(data_dir)
        if manual is not None:
            options["manual_dir"] = str(manual)
    if not options:
        _check_reachable(list(builder.url_infos or ()), name, data_dir)
    logging.info("preparing %s in %s", name, data_dir)
    try:
        builder.download_and_prepare(download_config=tfds.download.DownloadConfig(**options))
    except Exception as error:  # whatever a builder or its downloads may raise
        text = " ".join(f"{type(error).__name__}: {error}".split())
        # Failed downloads are OSErrors too, but have no errno of a disk.
        if isinstance(error, OSError) and error.errno is not None:
            raise StorageError(f"{data_dir}: {text}") from error
        raise UsageError(f"could not be prepared: {text}", flag="dataset", value=name) from error


def _check_reachable(urls, name, data_dir):
    if not urls or _downloaded(urls, data_dir) or any(map(reachable.answers, urls[:2])):
        return
    here = f"TFDS' files in {data_dir / 'tfds'}"
    if name == "fashion_mnist":
        here = (
            f"Debian's package {fashion_mnist.PACKAGE} installed (or fetched without root by"
            " `python -m keras_gan.data.fetch`)"
        )
    raise UsageError(
        f"is not in {data_dir}, and {urls[0]} can't be reached",
        flag="dataset",
        value=name,
        allowed=f"a connection, or {here}",
    )


def _downloaded(urls, data_dir):
    """Whether TFDS has downloaded one of these before; then it may need no network."""
    for info in (data_dir / "tfds" / "downloads").rglob("*.INFO"):
        with contextlib.suppress(OSError, ValueError):
            if set(urls) & set(json.loads(info.read_text()).get("urls", ())):
                return True
    return False


def _prepare(name, split, data_dir, kept):
    """Prepares the data set, and keeps what is known about it and its labels."""
    import tensorflow_datasets as tfds

    builder = _builder(name, data_dir)
    features = dict(builder.info.features.items())
    image = features.get("image")
    if not isinstance(image, tfds.features.Image):
        raise UsageError(
            f"has no feature “image”, only {', '.join(features)}",
            flag="dataset",
            value=name,
            allowed="image data sets",
        )
    if image.np_dtype != np.uint8:
        raise UsageError(
            f"its images are {np.dtype(image.np_dtype).name}",
            flag="dataset",
            value=name,
            allowed="images of 0 to 255, uint8",
        )
    if not builder.is_prepared():
        _download(builder, name, data_dir)
    if split not in builder.info.splits:
        raise UsageError(
            f"has no split {split}",
            flag="dataset",
            value=name,
            allowed=", ".join(builder.info.splits),
        )
    label = features.get("label")
    numbers = None
    if isinstance(label, tfds.features.ClassLabel):
        skip = {"image": tfds.decode.SkipDecoding()}
        records = builder.as_data_source(split=split, decoders=skip)
        numbers = np.array([records[i]["label"] for i in range(len(records))], np.int32)
        if len(numbers) and numbers.min() < 0:
            numbers = None  # -1 is TFDS' sign of a split whose labels are not public
    about = {
        "shape": list(image.shape),
        "count": builder.info.splits[split].num_examples,
        "splits": list(builder.info.splits),
        "label_names": list(label.names) if numbers is not None else None,
    }
    with _disk(kept):
        if numbers is not None:
            _save(kept / "labels.npy", numbers)
        with atomic.replacing(kept / "about.json") as file:
            file.write(json.dumps(about).encode())


def _reader(name, split, data_dir, shape):
    """A function index → image uint8 of the given shape, from the records."""
    records = _builder(name, data_dir).as_data_source(split=split)

    def read(index):
        image = np.asarray(records[index]["image"])
        return decoding.convert(image[None], shape[2], shape[:2])[0]

    return read


def _decoded(name, split, data_dir, kept, shape, count):
    """All images, uint8 [count, *shape]; decoded once, then kept."""
    file = kept / f"images-{shape[0]}x{shape[1]}x{shape[2]}.npy"
    if not file.is_file():
        read = _reader(name, split, data_dir, shape)
        images = np.empty((count, *shape), np.uint8)
        for index in range(count):
            images[index] = read(index)
        with _disk(kept):
            _save(file, images)
        return images
    images = _load(file)
    if images.shape != (count, *shape) or images.dtype != np.uint8:
        raise StorageError(f"{file} is damaged; delete it and start again")
    return images


def _open_kept(kept):
    try:
        about = json.loads((kept / "about.json").read_text())
        labelled = about["label_names"] is not None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{kept} is damaged ({error}); delete it and start again") from error
    numbers = _load(kept / "labels.npy") if labelled else None
    if labelled and numbers.shape != (about["count"],):
        raise StorageError(f"{kept / 'labels.npy'} is damaged; delete {kept} and start again")
    return about, numbers


def _load(file):
    try:
        return np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise StorageError(f"{file} is damaged ({error}); delete it and start again") from error


def _save(file, array):
    with atomic.replacing(file) as opened:
        np.save(opened, array)


@contextlib.contextmanager
def _disk(folder):
    try:
        yield
    except OSError as error:
        raise StorageError(f"{folder}: {error}") from error
