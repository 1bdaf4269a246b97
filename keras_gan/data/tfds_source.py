"""Any image data set of TensorFlow Datasets, with random access."""

import contextlib
import difflib
import json
import pathlib
import sys

import numpy as np
from absl import logging

from keras_gan import atomic
from keras_gan.data import archives, decoding, fashion_mnist, framing, reachable
from keras_gan.data.source import MEMORY_LIMIT, Source, check_shape
from keras_gan.errors import StorageError, UsageError, reason, refuse


def open_tfds(
    name: str,
    split: str,
    data_dir: pathlib.Path,
    *,
    image_size: tuple[int, int] | None = None,
    channels: int | None = None,
    labels: str = "auto",
    memory_limit: int = MEMORY_LIMIT,
    crop: str = framing.DEFAULT,
) -> Source:
    """Opens a TFDS data set, preparing it the first time.

    It is prepared as ArrayRecord, which has random access. Data that fit into `memory_limit` bytes
    as uint8 are held in memory, and their decoded images are cached so that the next start is
    quick; larger data sets are read as needed.

    Args:
        name: TFDS' name, "NAME" or "NAME/CONFIG".
        split: "train", "test", …
        data_dir: folder of prepared data sets.
        image_size: (height, width) to resize to. Defaults to None, the data's own.
        channels: 1, 3 or 4. Defaults to None, the data's own, with transparency composited on
            white.
        labels: "auto" or "label" for the feature “label”, or "none". Defaults to "auto".
        memory_limit: bytes up to which images are held in memory. Defaults to `MEMORY_LIMIT`.
        crop: how images of another shape get the size; see `framing.fit`. Defaults to "center".

    Returns:
        A `Source`.

    Raises:
        UsageError: TFDS has no such data set or split, it has no images, or can't be prepared.
        StorageError: the disk is full, or cached files are damaged.
    """
    if labels not in ("auto", "none", "label"):
        raise UsageError(
            "TFDS data has no such labels", flag="labels", value=labels, allowed="auto, none, label"
        )
    folder = data_dir / "decoded" / name.replace("/", "-").replace(":", "-") / split
    if not (folder / "about.json").is_file():
        _prepare(name, split, data_dir, folder)
    metadata, numbers = _open_folder(folder)

    native = metadata["shape"]
    if image_size is None and None in native[:2]:
        raise UsageError(
            "its images have many sizes", flag="dataset", value=name, allowed="--image_size=HxW"
        )
    if channels is None:
        channels = native[2] if native[2] in (1, 3) else 3
    shape = (*(image_size or native[:2]), channels)
    check_shape(name, shape)
    framing.check_fixed(name, native[:2], shape[:2], crop)
    if None not in native[:2] and framing.same_shape(native[:2], shape[:2]):
        crop = "squeeze"  # images are only scaled, whatever the crop

    images = read = None
    if metadata["count"] * int(np.prod(shape)) <= memory_limit:
        images = _decoded(name, split, data_dir, folder, shape, metadata["count"], crop)
    else:
        read = _reader(name, split, data_dir, shape, crop)
    labelled = labels != "none" and numbers is not None

    def reopen(other):
        if other not in metadata["splits"]:
            return None
        return open_tfds(
            name,
            other,
            data_dir,
            image_size=image_size,
            channels=channels,
            labels=labels,
            memory_limit=memory_limit,
            crop=crop,
        )

    return Source(
        name,
        shape,
        images=images,
        labels=numbers if labelled else None,
        label_names=metadata["label_names"] if labelled else None,
        read=read,
        count=metadata["count"],
        split=split,
        reopen=reopen,
    )


@contextlib.contextmanager
def _errors_only():
    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)


def _builder(name, data_dir):
    import tensorflow_datasets as tfds  # slow, and not needed for decoded data

    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    try:
        return tfds.builder(name, data_dir=str(data_dir / "tfds"), file_format="array_record")
    except (tfds.core.DatasetNotFoundError, ValueError, ImportError) as error:
        if (kind := _kind_of_path(name)) is not None:
            allowed = f"--dataset={kind}:{name}" if kind else "folder:PATH or npz:PATH"
            refuse("dataset", name, "is a path, and of what kind is not said", allowed)
        known = tfds.list_builders(with_community_datasets=False)
        close = difflib.get_close_matches(name, known, 3)
        raise UsageError(
            "TFDS knows no such data set",
            flag="dataset",
            value=name,
            allowed=(f"for example {', '.join(close)}; " if close else "")
            + "a TFDS name, folder:PATH, npz:PATH, ring8, grid25, swissroll,"
            " stacked_fashion_mnist, stacked_mnist",
        ) from error


def _kind_of_path(name):
    """ "folder" or "npz" if there is such a path, "" if it is neither; None if there is none."""
    path = pathlib.Path(name).expanduser()
    try:
        if path.is_dir() and path.name:
            return "folder"
        if not path.is_file():
            return None
        if path.suffix in (".npz", ".npy"):
            return "npz"
        return "folder" if archives.is_archive(path) else ""
    except (OSError, ValueError):
        return None


def _download(builder, name, data_dir):
    """Downloads and prepares, but fails at once without a connection: TFDS would take minutes."""
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
    except Exception as error:  # builders and their downloads raise many kinds
        text = " ".join(f"{type(error).__name__}: {error}".split())
        # Failed downloads are OSErrors too, but without an errno.
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
    """Whether TFDS has downloaded one of these before and so may need no network."""
    for info in (data_dir / "tfds" / "downloads").rglob("*.INFO"):
        with contextlib.suppress(OSError, ValueError):
            if set(urls) & set(json.loads(info.read_text()).get("urls", ())):
                return True
    return False


def _prepare(name, split, data_dir, folder):
    """Prepares the data set, and saves its metadata and labels."""
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
    with _errors_only():  # TFDS warns of a folder in which nothing is prepared yet
        prepared = builder.is_prepared()
    if not prepared:
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
            numbers = None  # TFDS marks splits without public labels with -1
    metadata = {
        "shape": list(image.shape),
        "count": builder.info.splits[split].num_examples,
        "splits": list(builder.info.splits),
        "label_names": list(label.names) if numbers is not None else None,
    }
    with _disk(folder):
        if numbers is not None:
            _save(folder / "labels.npy", numbers)
        with atomic.replacing(folder / "about.json") as file:
            file.write(json.dumps(metadata).encode())


def _reader(name, split, data_dir, shape, crop):
    """A function from an index to its image, uint8 of this shape, read from the records."""
    records = _builder(name, data_dir).as_data_source(split=split)

    def read(index):
        image = np.asarray(records[index]["image"])
        return decoding.convert(image[None], shape[2], shape[:2], crop)[0]

    return read


def _decoded(name, split, data_dir, folder, shape, count, crop):
    """All images, uint8 [count, *shape]; decoded once, then cached."""
    how = "" if crop == "squeeze" else f"-{crop}"
    file = folder / f"images-{shape[0]}x{shape[1]}x{shape[2]}{how}.npy"
    if not file.is_file():
        read = _reader(name, split, data_dir, shape, crop)
        images = np.empty((count, *shape), np.uint8)
        for index in range(count):
            images[index] = read(index)
        with _disk(folder):
            _save(file, images)
        return images
    images = _load(file)
    if images.shape != (count, *shape) or images.dtype != np.uint8:
        raise StorageError(f"{file} is damaged; delete it and start again")
    return images


def _open_folder(folder):
    try:
        metadata = json.loads((folder / "about.json").read_text())
        labelled = metadata["label_names"] is not None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"{folder} is damaged ({reason(error)}); delete it and start again"
        ) from error
    numbers = _load(folder / "labels.npy") if labelled else None
    if labelled and numbers.shape != (metadata["count"],):
        raise StorageError(f"{folder / 'labels.npy'} is damaged; delete {folder} and start again")
    return metadata, numbers


def _load(file):
    try:
        return np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise StorageError(
            f"{file} is damaged ({reason(error)}); delete it and start again"
        ) from error


def _save(file, array):
    with atomic.replacing(file) as opened:
        np.save(opened, array)


@contextlib.contextmanager
def _disk(folder):
    try:
        yield
    except OSError as error:
        raise StorageError(f"{folder}: {reason(error)}") from error
