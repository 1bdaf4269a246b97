"""Extractors by their names."""

import os

from keras_gan.evaluation import protocol
from keras_gan.evaluation.extractors import cnn, inception
from keras_gan.evaluation.extractors.base import Extractor, Pixels


def open_extractor(
    name: str,
    division: protocol.Division,
    data_dir: str | os.PathLike | None = None,
    inception_weights: str | os.PathLike | None = None,
) -> Extractor:
    """Opens an extractor by name (see `Evaluator`); "cnn" may be trained first."""
    if name == "cnn":
        return cnn.small_cnn(division, data_dir)
    if name == "search_cnn":
        return cnn.search_cnn(division, data_dir)
    if name == "fashion_mnist_cnn":
        return cnn.open_shipped()
    if name == "pixels":
        return Pixels(division.source.image_shape)
    if name in ("inception", "clean_inception"):
        return inception.open_inception(inception_weights, clean=name == "clean_inception")
    return inception.open_model(name)
