"""The small CNN of a data set: shipped with the project, cached, or trained on demand."""

import dataclasses
import os
import pathlib
import sys
import time

import numpy as np
from absl import logging

from keras_gan.data import opening, stacked
from keras_gan.errors import UsageError
from keras_gan.evaluation import protocol, storage
from keras_gan.evaluation.extractors import cnn_network
from keras_gan.evaluation.extractors.base import SmallCNN, StackedCNN, to_size

SHIPPED = pathlib.Path(__file__).with_name("fashion_mnist_cnn.npz")
FEWEST = 4 * cnn_network.BATCH  # images of a data set, a quarter of which trains the network
NAMES = ("cnn", "search_cnn")  # of those that classify
_ARCHITECTURE = 1  # raised whenever the network or its training changes


def folder(data_dir: str | os.PathLike | None = None) -> pathlib.Path:
    """The folder of cached weights and reference statistics."""
    return pathlib.Path(data_dir or opening.default_data_dir()) / "evaluation"


def small_cnn(
    division: protocol.Division, data_dir: str | os.PathLike | None = None, seed: int = 0
) -> SmallCNN | StackedCNN:
    """The extractor "cnn" (without labels, "rotation_cnn") of a divided data set.

    Args:
        division: a `protocol.Division`.
        data_dir: folder of the cache. Defaults to $KERAS_GAN_DATA, else ~/.cache/keras_gan.
        seed: of the training. Defaults to 0.

    Returns:
        An `Extractor`; of a stacked data set, a `StackedCNN`.

    Raises:
        UsageError: too few images.
        StorageError: cached weights are damaged.
    """
    source = division.source
    if source.name in stacked.BASES:
        grey = opening.open_source(stacked.BASES[source.name], data_dir=data_dir)
        return StackedCNN(small_cnn(protocol.divide(grey), data_dir, seed))
    metadata = describe(division, seed)
    for path in (SHIPPED, _path(source.name, metadata, data_dir)):
        if path == SHIPPED and not (path.exists() and _is_shipped(metadata)):
            continue
        if path.exists():
            arrays, _ = storage.load(path, metadata)
            return _extractor(arrays, source, metadata)
    arrays = _train(division, metadata, seed)
    storage.save(path, arrays, metadata)
    return _extractor(arrays, source, metadata)


def search_cnn(
    division: protocol.Division, data_dir: str | os.PathLike | None = None
) -> SmallCNN | StackedCNN:
    """The extractor "search_cnn": as "cnn", from another seed and other images of the data set.

    Settings are chosen by its scores, so that the published ones, of "cnn", are not what they were
    chosen by. Its images are the last ones of the reference.
    """
    source = division.source
    if source.name in stacked.BASES:
        grey = opening.open_source(stacked.BASES[source.name], data_dir=data_dir)
        return StackedCNN(search_cnn(protocol.divide(grey), data_dir))
    others = dataclasses.replace(division, cnn=division.reference[-len(division.cnn) :])
    extractor = small_cnn(others, data_dir, seed=1)
    extractor.name = extractor.name.replace("cnn", "search_cnn")
    extractor.title = extractor.title.replace("CNN", "search CNN")
    return extractor


def describe(division: protocol.Division, seed: int = 0) -> dict[str, object]:
    """Everything that the weights depend on, as JSON values by name."""
    source = division.source
    classes = source.num_classes or 0
    return {
        "what": "small CNN",
        "architecture": _ARCHITECTURE,
        "task": "labels" if classes > 1 else "rotations",
        "classes": classes if classes > 1 else cnn_network.ROTATIONS,
        "image_shape": list(source.image_shape),
        "images": len(division.cnn),
        "data": protocol.fingerprint(source, division.cnn),
        "epochs": cnn_network.EPOCHS,
        "seed": seed,
    }


def open_shipped() -> SmallCNN:
    """The extractor "fashion_mnist_cnn", which ships with the project."""
    arrays, metadata = storage.load(SHIPPED)
    return SmallCNN(arrays, tuple(metadata["image_shape"]))


def _is_shipped(metadata):
    return metadata["image_shape"] == [28, 28, 1] and (
        storage.load(SHIPPED)[1].get("data") == metadata["data"]
        and storage.load(SHIPPED)[1].get("seed") == metadata["seed"]
    )


def _path(name, metadata, data_dir):
    return folder(data_dir) / f"cnn-{storage.plain_name(name)}-{storage.key(metadata)}.npz"


def _extractor(arrays, source, metadata):
    return SmallCNN(arrays, source.image_shape, rotations=metadata["task"] == "rotations")


def trainable(division: protocol.Division) -> bool:
    """Whether a divided data set has enough images to train its CNN."""
    return division.source.name in stacked.BASES or len(division.cnn) >= cnn_network.BATCH


def default(division: protocol.Division) -> str:
    """The extractor of a divided data set where none is asked for: "cnn", or "pixels"."""
    if trainable(division):
        return "cnn"
    logging.warning(
        "%d images are too few to train the extractor cnn (at least %d): pixels are compared",
        len(division.source),
        FEWEST,
    )
    return "pixels"


def _train(division, metadata, seed):
    source = division.source
    if not trainable(division):
        raise UsageError(
            f"{len(source)} images are too few to train an extractor on a quarter of them; at least"
            f" {FEWEST} needed",
            flag="extractor",
            value="cnn",
            allowed="pixels, inception or a model's path",
        )
    images, labels = source.fetch(division.cnn)
    if metadata["task"] == "rotations":
        side, labels = min(source.image_shape[:2]), None
        if images.shape[1:3] != (side, side):
            parts = [to_size(images[i : i + 500], (side, side)) for i in range(0, len(images), 500)]
            images = np.concatenate([np.round(part).astype(np.uint8) for part in parts])
    logging.info("training the extractor for the scores on %d images", len(images))
    started = time.monotonic()
    classes = None if labels is None else metadata["classes"]
    arrays = cnn_network.train(images, labels, classes=classes, seed=seed)
    logging.info("the extractor is trained, in %.0f s", time.monotonic() - started)
    return arrays


def main(argv: list[str]) -> None:
    """python -m keras_gan.evaluation.extractors.cnn PATH: trains the shipped extractor again."""
    division = protocol.divide(opening.open_source("fashion_mnist"))
    metadata = {
        **describe(division),
        "command": "python -m keras_gan.evaluation.extractors.cnn PATH",
        "source": "fashion_mnist as TFDS has it, its first 10,000 training images",
    }
    arrays = _train(division, metadata, 0)
    storage.save(argv[1], arrays, metadata)
    extractor = SmallCNN(arrays, division.source.image_shape)
    images, labels = division.held_source.fetch(division.held_out)
    correct = extractor.probabilities(images).argmax(1) == labels
    print(
        f"{argv[1]}: hash {extractor.hash}, accuracy {correct.mean():.4f} on {len(labels)} images"
    )


if __name__ == "__main__":
    main(sys.argv)
