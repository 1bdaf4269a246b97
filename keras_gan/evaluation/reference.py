"""What fakes are compared with: statistics of the reference, and the floor that reals reach."""

import dataclasses

import numpy as np
from absl import logging

from keras_gan.errors import UsageError
from keras_gan.evaluation import protocol, storage
from keras_gan.evaluation.extractors.cnn import folder
from keras_gan.evaluation.metrics.frechet import Moments, frechet_distance, require_samples


@dataclasses.dataclass(frozen=True)
class Reference:
    """Moments of the reference's features, and the floor.

    Attributes:
        moments: `Moments` of the reference.
        floor: Fréchet distance of held-out reals, as many as there are fakes.
        floor_sd: standard deviation over five draws of as many reals (see `floor_spread`).
    """

    moments: Moments
    floor: float
    floor_sd: float


def describe(division, extractor, count):
    """All that the statistics depend on."""
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


def open_reference(division, extractor, count, data_dir=None):
    """The statistics, from the cache if they are there.

    Args:
        division: a `protocol.Division`.
        extractor: an `extractors.Extractor`.
        count: number of fakes that will be compared, so of reals in the floor.
        data_dir: where they are kept.

    Raises:
        UsageError: too few images for a covariance.
        StorageError: the kept file is damaged, or was made by another protocol.
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
    logging.info("statistics of the reference, %d images", len(division.reference))
    found = _make(division, extractor, count)
    arrays = {
        "count": np.array(found.moments.count),
        "mean": found.moments.mean,
        "scatter": found.moments.scatter,
        "floor": np.array(found.floor),
        "floor_sd": np.array(found.floor_sd),
    }
    storage.save(path, arrays, metadata)
    return found


def moments_of(source, indices, extractor):
    """`Moments` of the features of some images of a source."""
    moments = Moments(extractor.size)
    for images in protocol.chunks(source, indices):
        moments.update(extractor.features(images))
    return moments


def _make(division, extractor, count):
    source, indices = division.source, division.reference
    held = moments_of(division.held_source, division.held_out[:count], extractor)
    ends = [count * (draw + 1) for draw in range(protocol.DRAWS)]
    if ends[-1] <= len(indices):  # disjoint draws, each seen once
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


def floor_spread(moments, parts, held):
    """Standard deviation of the floor over several draws of reals.

    Each draw changes places with the held-out reals: it is compared with a reference of the same
    size that has them instead. So every draw is of one size, and none is compared with itself.

    Args:
        moments: of the reference.
        parts: moments of draws out of it, a list.
        held: moments of the held-out reals, as many as in a draw.
    """
    return float(np.std(swapped_distances(moments, parts, held), ddof=1))


def swapped_distances(moments, parts, held):
    """The Fréchet distances that `floor_spread` is the spread of, a list."""
    return [frechet_distance(part, moments.without(part).merge(held)) for part in parts]


def largest_count(division, count):
    """`count`, cut to what the held-out images allow.

    Raises:
        UsageError: nothing can be held out.
    """
    most = min(len(division.held_out), len(division.reference))
    if most < 2:
        raise UsageError(
            f"{division.source.name} has {len(division.source)} images, too few to hold some out"
            " for the scores"
        )
    if count > most:
        logging.warning("scores are taken of %d samples, as many as reals are held out", most)
    return min(count, most)
