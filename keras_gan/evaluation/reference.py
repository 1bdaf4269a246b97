"""Statistics of the reference that fakes are compared with, and the floor that reals reach."""

import dataclasses
import os

import numpy as np
from absl import logging

from keras_gan.data.source import Source
from keras_gan.errors import UsageError
from keras_gan.evaluation import protocol, storage
from keras_gan.evaluation.extractors.base import Extractor
from keras_gan.evaluation.extractors.cnn import folder
from keras_gan.evaluation.metrics.frechet import Moments, frechet_distance, require_samples
from keras_gan.evaluation.metrics.precision_recall import NEIGHBOURS_DENSITY

FEWEST = NEIGHBOURS_DENSITY + 1  # held-out images, so that each has its neighbours


@dataclasses.dataclass(frozen=True)
class Reference:
    """Moments of the reference's features, and the floor.

    Attributes:
        moments: `Moments` of the reference.
        floor: Fréchet distance between the reference and as many held-out reals as fakes.
        floor_sd: standard deviation of the floor over five draws of reals (see `floor_spread`).
    """

    moments: Moments
    floor: float
    floor_sd: float


def describe(division: protocol.Division, extractor: Extractor, count: int) -> dict[str, object]:
    """Everything that the statistics depend on, as JSON values by name."""
    return {
        "what": "reference statistics",
        "data": division.source.name,
        "split": division.source.split,
        "images": len(division.reference),
        "image_shape": list(division.source.image_shape),
        "fingerprint": protocol.fingerprint(division.source, division.reference),
        "held_out": protocol.fingerprint(division.held_source, division.held_out),
        "extractor": extractor.name,
        "extractor_hash": extractor.hash,
        "resize": extractor.resize,
        "quantisation": "uint8",
        "covariance": "N-1",
        "floor_images": count,
    }


def open_reference(
    division: protocol.Division,
    extractor: Extractor,
    count: int,
    data_dir: str | os.PathLike | None = None,
) -> Reference:
    """Loads the statistics from the cache, or computes and caches them.

    Args:
        division: a `protocol.Division`.
        extractor: an `Extractor`.
        count: number of fakes to compare, and so of reals in the floor.
        data_dir: folder of the cache. Defaults to $KERAS_GAN_DATA, else ~/.cache/keras_gan.

    Returns:
        A `Reference`.

    Raises:
        UsageError: too few images for a covariance.
        StorageError: the cached file is damaged, or belongs to another protocol.
    """
    require_samples(count, extractor.size, "samples")
    require_samples(len(division.reference), extractor.size, "images of the reference")
    metadata = describe(division, extractor, count)
    name = storage.plain_name(division.source.name)
    path = folder(data_dir) / f"reference-{name}-{extractor.name}-{storage.key(metadata)}.npz"
    if path.exists():
        arrays, _ = storage.load(path, metadata)
        moments = Moments(extractor.size)
        moments.count = int(arrays["count"])
        moments.mean, moments.scatter = arrays["mean"], arrays["scatter"]
        return Reference(moments, float(arrays["floor"]), float(arrays["floor_sd"]))
    logging.info("computing statistics of the reference, %d images", len(division.reference))
    computed = _make(division, extractor, count)
    arrays = {
        "count": np.array(computed.moments.count),
        "mean": computed.moments.mean,
        "scatter": computed.moments.scatter,
        "floor": np.array(computed.floor),
        "floor_sd": np.array(computed.floor_sd),
    }
    storage.save(path, arrays, metadata)
    return computed


def moments_of(source: Source, indices: np.ndarray, extractor: Extractor) -> Moments:
    """`Moments` of the features of the images of `indices`."""
    moments = Moments(extractor.size)
    for images in protocol.chunks(source, indices):
        moments.update(extractor.features(images))
    return moments


def _make(division, extractor, count):
    source, indices = division.source, division.reference
    held = moments_of(division.held_source, division.held_out[:count], extractor)
    ends = [count * (draw + 1) for draw in range(protocol.DRAWS)]
    if ends[-1] <= len(indices):  # disjoint draws: each image is read once
        parts = [
            moments_of(source, part, extractor) for part in np.split(indices[: ends[-1]], ends[:-1])
        ]
        moments = moments_of(source, indices[ends[-1] :], extractor)
        for part in parts:
            moments.merge(part)
    else:
        moments = moments_of(source, indices, extractor)
        orders = [np.random.RandomState(d).permutation(len(indices)) for d in range(protocol.DRAWS)]
        parts = [moments_of(source, indices[order[:count]], extractor) for order in orders]
    return Reference(moments, frechet_distance(held, moments), floor_spread(moments, parts, held))


def floor_spread(moments: Moments, parts: list[Moments], held: Moments) -> float:
    """Standard deviation of the floor over several draws of reals.

    Each draw changes places with the held-out reals: it is compared with a reference of the same
    size that contains them instead. So no draw is compared with itself.

    Args:
        moments: `Moments` of the reference.
        parts: list of `Moments`, one for each draw from the reference.
        held: `Moments` of the held-out reals, as many as in a draw.

    Returns:
        A float.
    """
    return float(np.std(swapped_distances(moments, parts, held), ddof=1))


def swapped_distances(moments: Moments, parts: list[Moments], held: Moments) -> list[float]:
    """The Fréchet distances whose standard deviation is `floor_spread`."""
    return [frechet_distance(part, moments.without(part).merge(held)) for part in parts]


def allows_distance(division: protocol.Division, extractor: Extractor) -> bool:
    """Whether the data have enough images for covariances of the extractor's features."""
    return min(len(division.held_out), len(division.reference)) > extractor.size


def warn_of_few(extractor: Extractor, count: int, what: str) -> None:
    """Says why there is no Fréchet distance, and what there is."""
    logging.warning(
        "no Fréchet distance: %d %s give no covariance of %d features, at least %d are needed; KID,"
        " precision and recall are computed",
        count,
        what,
        extractor.size,
        extractor.size + 1,
    )


def largest_count(division: protocol.Division, count: int) -> int:
    """`count`, cut to the number of held-out images.

    Raises:
        UsageError: nothing can be held out.
    """
    most = min(len(division.held_out), len(division.reference))
    if most < FEWEST:
        raise UsageError(
            f"{division.source.name} has {len(division.source)} images, too few to hold some out"
            f" for the scores; at least {4 * FEWEST} needed"
        )
    if count > most:
        logging.warning("only %d samples are scored, as many as there are held-out reals", most)
    return min(count, most)
