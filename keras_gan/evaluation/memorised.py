"""The check for memorised pictures at the end of a training on few of them."""

from collections.abc import Callable

import numpy as np

from keras_gan.data import duplicates
from keras_gan.data.source import Source
from keras_gan.evaluation import protocol
from keras_gan.evaluation.metrics.authenticity import authenticity

LARGEST = 5_000  # training pictures up to which the check is made
FAKES = 500
SHOWN = 8


def applies(source: Source) -> bool:
    """Whether a data set is small enough to be memorised and has pictures."""
    return 2 <= len(source) < LARGEST and len(source.image_shape) == 3


def check(
    source: Source, sample_fn: Callable[..., np.ndarray], mirror: bool = False
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Compares fakes with all training pictures, as thumbnails of 16×16 pixels.

    Args:
        source: the training data.
        sample_fn: function (count, seed=…) → uint8 [count, h, w, c].
        mirror: whether the generator was trained on mirror images too. Defaults to False.

    Returns:
        (the shares of `authenticity`, a dict of "fakes" uint8 [8, h, w, c] and "nearest"
        uint8 [8, 1, h, w, c], the fakes that are nearest to a training picture first).
    """
    fakes = np.asarray(sample_fn(FAKES, seed=0))
    images = np.concatenate(list(protocol.chunks(source, np.arange(len(source)))))
    training, features = _features(images), _features(fakes)
    mirrored = _features(images[:, :, ::-1]) if mirror else None
    shares, indices = authenticity(features, training, mirrored)
    everything = training if mirrored is None else np.concatenate([training, mirrored])
    closest = np.linalg.norm(features - everything[indices], axis=1).argsort()[:SHOWN]
    nearest = [
        images[i % len(images)][:, ::-1] if i >= len(images) else images[i]
        for i in indices[closest]
    ]
    return shares, {"fakes": fakes[closest], "nearest": np.stack(nearest)[:, None]}


def _features(images):
    return duplicates.fingerprints(images)[1].reshape(len(images), -1).astype(np.float32)
