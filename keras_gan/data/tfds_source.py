"""Any image data set of TensorFlow Datasets, with random access."""

import difflib
import json
import os

import numpy as np
from absl import logging

from keras_gan.data import fashion_mnist, pictures
from keras_gan.data.sources import Source, check_shape
from keras_gan.errors import StorageError, UsageError


def open_tfds(
    name, split, data_dir, *, image_size=None, channels=None, labels="auto", memory_limit=2**30
):
    """Opens a TFDS data set, preparing it the first time.

    What fits into `memory_limit` bytes as uint8 is held in memory (and kept decoded beside the
    data, so that the next start is quick); larger sets are prepared as ArrayRecord and read as
    needed.

    Returns:
        A `Source`.

    Raises:
        UsageError: TFDS knows no such data set or split, it has no images, or it can't be had.
    """
    if labels not in ("auto", "none", "label"):
        raise UsageError(
            "TFDS data has no such labels", flag="labels", value=labels, allowed="auto, none, label"
        )
    kept = data_dir / "decoded" / f"{name.replace('/', '-').replace(':', '-')}-{split}"
    if not (kept / "about.json").is_file():
        _prepare(name, split, data_dir, kept, memory_limit)
    about, images, numbers, read = _open_kept(name, split, data_dir, kept)
    native = tuple(about["shape"])
    if images is None:
        shape = (*(image_size or native[:2]), channels or native[2])
        if None in shape:
            raise UsageError(
                "its images have many sizes", flag="dataset", value=name, allowed="--image_size=HxW"
            )
    else:
        images = pictures.convert(images, channels, image_size)
        shape = images.shape[1:]
    check_shape(name, shape)

    def fetch_one(index):
        return pictures.convert(read(index)[None], channels, image_size)[0]

    labelled = labels != "none" and numbers is not None
    return Source(
        name,
        shape,
        images=images,
        labels=numbers if labelled else None,
        label_names=about["label_names"] if labelled else None,
        read=fetch_one,
        count=about["count"],
        split=split,
        reopen=lambda other: _reopen(
            name, other, about["splits"], data_dir, image_size, channels, labels, memory_limit
        ),
    )


def _reopen(name, split, splits, data_dir, image_size, channels, labels, memory_limit):
    if split not in splits:
        return None
    return open_tfds(
        name,
        split,
        data_dir,
        image_size=image_size,
        channels=channels,
        labels=labels,
        memory_limit=memory_limit,
    )


def _builder(name, data_dir, file_format=None):
    import tensorflow_datasets as tfds  # slow to import, and not needed once a set is prepared

    options = {"file_format": file_format} if file_format else {}
    try:
        return tfds.builder(name, data_dir=str(data_dir / "tfds"), **options)
    except (tfds.core.DatasetNotFoundError, ValueError, ImportError) as error:
        close = difflib.get_close_matches(
            name, tfds.list_builders(with_community_datasets=False), 3
        )
        raise UsageError(
            "TFDS knows no such data set",
            flag="dataset",
            value=name,
            allowed=(f"for example {', '.join(close)}; " if close else "")
            + "a TFDS name, folder:PATH, npz:PATH, ring8, grid25, swissroll",
        ) from error


def _download(builder, name, data_dir):
    import tensorflow_datasets as tfds

    options = {}
    if name == "fashion_mnist":
        manual = fashion_mnist.manual_files(data_dir)
        if manual is None and not fashion_mnist.host_answers():
            raise UsageError(
                "is not here and its host can't be reached",
                flag="dataset",
                value=name,
                allowed=f"Debian's package {fashion_mnist.PACKAGE} installed, or"
                " `python -m keras_gan.data.fetch`",
            )
        options = {"manual_dir": str(manual)} if manual else {}
    logging.info("preparing %s in %s", name, data_dir)
    try:
        builder.download_and_prepare(download_config=tfds.download.DownloadConfig(**options))
    except OSError as error:
        raise StorageError(f"{data_dir}: {error}") from error
    except Exception as error:  # whatever a builder or its downloads may raise
        raise UsageError(
            f"could not be prepared: {type(error).__name__}: {error}", flag="dataset", value=name
        ) from error


def _prepare(name, split, data_dir, kept, memory_limit):
    """Prepares the data set, and keeps it decoded if it is small."""
    builder = _builder(name, data_dir)
    features = builder.info.features
    if "image" not in features:
        raise UsageError(
            f"has no feature “image”, only {', '.join(features)}",
            flag="dataset",
            value=name,
            allowed="image data sets",
        )
    shape = features["image"].shape
    _download(builder, name, data_dir)
    if split not in builder.info.splits:
        raise UsageError(
            f"has no split {split}",
            flag="dataset",
            value=name,
            allowed=", ".join(builder.info.splits),
        )
    count = builder.info.splits[split].num_examples
    small = None not in shape and count * int(np.prod(shape)) <= memory_limit
    about = {
        "shape": list(shape),
        "count": count,
        "splits": list(builder.info.splits),
        "label_names": list(features["label"].names) if "label" in features else None,
        "decoded": small,
    }
    try:
        kept.mkdir(parents=True, exist_ok=True)
        if small:
            images, numbers = np.empty((count, *shape), np.uint8), np.empty(count, np.int32)
            for index, example in enumerate(builder.as_dataset(split=split).as_numpy_iterator()):
                images[index] = example["image"]
                numbers[index] = example.get("label", -1)
            np.save(kept / "images.npy", images)
        else:
            numbers = _record_labels(name, split, data_dir, "label" in features)
        if "label" in features:
            np.save(kept / "labels.npy", numbers)
        beside = kept / "about.json.writing"
        beside.write_text(json.dumps(about))
        os.replace(beside, kept / "about.json")
    except OSError as error:
        raise StorageError(f"{kept}: {error}") from error


def _records(name, split, data_dir):
    builder = _builder(name, data_dir, "array_record")
    if not builder.is_prepared():
        _download(builder, name, data_dir)
    return builder.as_data_source(split=split)


def _record_labels(name, split, data_dir, labelled):
    records = _records(name, split, data_dir)
    if not labelled:
        return None
    return np.array([records[i]["label"] for i in range(len(records))], np.int32)


def _open_kept(name, split, data_dir, kept):
    try:
        about = json.loads((kept / "about.json").read_text())
        has_labels = about["label_names"] is not None
        numbers = np.load(kept / "labels.npy", allow_pickle=False) if has_labels else None
        if about["decoded"]:
            images = np.load(kept / "images.npy", allow_pickle=False)
            if len(images) != about["count"] or images.dtype != np.uint8:
                raise ValueError("images.npy is not what about.json says")
            return about, images, numbers, None
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise StorageError(f"{kept} is damaged ({error}); delete it and start again") from error
    records = _records(name, split, data_dir)
    return about, None, numbers, lambda index: np.asarray(records[index]["image"])
