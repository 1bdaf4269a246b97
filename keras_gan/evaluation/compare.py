"""Scores of any two sets of pictures: folders, .npz files, or a SavedModel against reals."""

import json
import os
import pathlib

import numpy as np
import tensorflow as tf
from absl import logging

from keras_gan.data import opening
from keras_gan.errors import StorageError, UsageError, reason
from keras_gan.evaluation import evaluator, protocol
from keras_gan.evaluation.extractors import by_name
from keras_gan.evaluation.metrics.frechet import Moments, frechet_distance
from keras_gan.evaluation.reference import FEWEST, warn_of_few

EXTRACTORS = "cnn, fashion_mnist_cnn, inception, clean_inception, pixels or a model's path"
_SEED = 30_000  # of the order in which pictures are read


def compare(
    fakes: str | os.PathLike,
    reals: str | os.PathLike,
    *,
    extractor: str,
    count: int | None = None,
    data_dir: str | os.PathLike | None = None,
    inception_weights: str | os.PathLike | None = None,
    image_size: tuple[int, int] | None = None,
    crop: str = "center",
) -> dict[str, float | int | str]:
    """Scores one set of pictures against another.

    The Fréchet distance uses all pictures; scores of pairs use the same number of each, 10,000 at
    most. The floor is the distance between two parts of the reals, over five random splits, scaled
    to the numbers n of fakes and m of reals, because for equal distributions the distance is
    proportional to 1/n + 1/m. With the extractor "cnn", the quarter of the reals that it is trained
    on is left out.

    Args:
        fakes: a folder, an .npz file, or a SavedModel with a `sample` endpoint.
        reals: a folder or an .npz file.
        extractor: "cnn" (trained on the reals), "fashion_mnist_cnn", "inception",
            "clean_inception", "pixels", or a model's path.
        count: largest number of fakes and of reals. Defaults to None: all pictures, 10,000 samples
            of a SavedModel.
        data_dir: folder of cached weights. Defaults to $KERAS_GAN_DATA, else ~/.cache/keras_gan.
        inception_weights: path of Inception's weights. Defaults to None.
        image_size: (height, width) to bring both to. Defaults to None.
        crop: how pictures of another shape get this size, as for `open_source`. Defaults to
            "center".

    Returns:
        A dict of floats, ints and strings, named as in scores.csv.

    Raises:
        UsageError: no extractor is given, or the pictures are unsuitable.
        StorageError: a SavedModel or cached weights can't be read.
    """
    for flag, value in (("fakes", fakes), ("reals", reals)):
        if not value:
            raise UsageError("is missing", flag=flag, value="", allowed="a folder or .npz file")
    if not extractor:
        raise UsageError(
            "two sets of pictures need an extractor",
            flag="extractor",
            value="",
            allowed=EXTRACTORS,
        )
    real_source = _open("reals", reals, image_size, None, crop)
    division = protocol.divide(real_source)
    trained_here = extractor == "cnn"
    extractor = by_name.open_extractor(extractor, division, data_dir, inception_weights)
    indices = np.random.RandomState(_SEED).permutation(len(real_source))
    if trained_here:
        indices = indices[~np.isin(indices, division.cnn)]
    indices = indices[:count]
    fake_chunks, fake_count, skipped = _fakes(fakes, real_source, image_size, count, crop)
    for what, number in (("fakes", fake_count), ("reals", len(indices))):
        if number < FEWEST:
            raise UsageError(f"{number} {what} are too few to score; at least {FEWEST} needed")
    real = _Features(extractor, protocol.chunks(real_source, indices))
    fake = _Features(extractor, fake_chunks)

    scores, numbers = {}, (fake_count, len(indices))
    half = min(fake_count, len(indices) // 2)
    if min(numbers) > extractor.size:
        name = evaluator.distance_name(extractor)
        scores[name] = frechet_distance(fake.moments, real.moments)
        scores.update(_floor(name, scores[name], half, numbers, real_source, indices, extractor))
    else:
        warn_of_few(extractor, min(numbers), "fakes" if fake_count == min(numbers) else "reals")
    pairs = min(len(fake.first), len(real.first))
    scores.update(evaluator.pairwise(extractor.name, fake.first[:pairs], real.first[:pairs]))
    pairs = min(pairs, len(real.first) // 2)
    if pairs >= FEWEST:
        parts = real.first[:pairs], real.first[pairs : 2 * pairs]
        halves = evaluator.pairwise(extractor.name, *parts)
        scores.update({f"{key}_floor": value for key, value in halves.items() if not _is_sd(key)})
    if fake.probabilities is not None and extractor.name not in ("cnn", "rotation_cnn"):
        scores.update(evaluator.inception_scores(fake.probabilities, real.probabilities))
    scores.update(
        fakes=fake_count,
        reals=len(indices),
        fakes_unreadable=skipped,
        reals_unreadable=len(real_source.skipped),
        extractor=extractor.title,
        extractor_hash=extractor.hash,
        reference=str(reals),
        floor_of=f"{half} reals against the other {len(indices) - half}, mean of {protocol.DRAWS},"
        " scaled to these numbers",
        resize=extractor.resize,
        quantisation="uint8",
    )
    return scores


def _is_sd(key):
    return key.endswith("_sd")


class _Features:
    """Moments of all features, and the first 10,000 features."""

    def __init__(self, extractor, chunks):
        self.moments = Moments(extractor.size)
        first, probabilities, count = [], [], 0
        for images in chunks:
            features, likely = extractor.both(images)
            self.moments.update(features)
            if count < protocol.COUNT:
                first.append(features)
                if likely is not None:
                    probabilities.append(likely)
            count += len(images)
        self.first = np.concatenate(first)[: protocol.COUNT]
        self.probabilities = (
            np.concatenate(probabilities)[: protocol.COUNT] if probabilities else None
        )


def _floor(name, distance, half, numbers, source, indices, extractor):
    """The floor: mean and standard deviation over random splits of the reals."""
    if half <= extractor.size:
        logging.warning(
            "half of the reals are too few for a floor with %d features", extractor.size
        )
        return {f"{name}_floor": float("nan"), f"{name}_floor_sd": float("nan")}
    # Each image goes through the extractor once; its features are added to every split.
    orders = [
        np.random.RandomState(_SEED + 1 + draw).permutation(len(indices)) < half
        for draw in range(protocol.DRAWS)
    ]
    pairs = [(Moments(extractor.size), Moments(extractor.size)) for _ in orders]
    start = 0
    for images in protocol.chunks(source, indices):
        features = extractor.features(images)
        for members, (first, second) in zip(orders, pairs):
            part = members[start : start + len(images)]
            first.update(features[part])
            second.update(features[~part])
        start += len(images)
    rest = len(indices) - half
    scale = sum(1 / number for number in numbers) / (1 / half + 1 / rest)
    values = [scale * frechet_distance(first, second) for first, second in pairs]
    floor = float(np.mean(values))
    return {
        f"{name}_floor": floor,
        f"{name}_floor_sd": float(np.std(values, ddof=1)),
        f"{name}_over_floor": distance / floor if floor > 0 else float("nan"),
    }


def _open(flag, path, image_size, channels, crop):
    """A folder or .npz file as a `Source`, with errors that name the right flag."""
    kind, _, rest = str(path).partition(":")
    if kind not in ("folder", "npz") or not rest:
        kind, rest = "npz" if str(path).endswith((".npz", ".npy")) else "folder", str(path)
    try:
        return opening.open_source(
            f"{kind}:{rest}", image_size=image_size, channels=channels, crop=crop
        )
    except UsageError as error:
        text = str(error).replace(f"--dataset={kind}:{rest}", f"--{flag}={path}", 1)
        raise UsageError(text) from error


def _fakes(path, reals, image_size, count, crop):
    """Chunks of fakes, the number of fakes, and the number of unreadable pictures."""
    folder = pathlib.Path(path).expanduser()
    if (folder / "saved_model.pb").is_file():
        number = count or protocol.COUNT
        return _sampled(folder, reals, number), number, 0
    source = _open("fakes", path, image_size, reals.image_shape[2], crop)
    if source.image_shape != reals.image_shape:
        raise UsageError(
            "sizes differ: height, width, channels are {} here and {} for the reals".format(
                *("x".join(map(str, s.image_shape)) for s in (source, reals))
            ),
            flag="fakes",
            value=path,
            allowed="pictures of one size, or --image_size",
        )
    order = np.random.RandomState(_SEED).permutation(len(source))[:count]
    return protocol.chunks(source, order), len(order), len(source.skipped)


def _sampled(folder, reals, count):
    """Samples of a SavedModel; if it is conditional, of all classes in turn."""
    try:
        model = tf.saved_model.load(str(folder))
    except Exception as error:  # TensorFlow raises many kinds
        raise StorageError(f"{folder} can't be loaded: {reason(error)}") from error
    sample, classes = getattr(model, "sample", None), None
    if sample is None:
        raise UsageError(
            "has no endpoint “sample”", flag="fakes", value=folder, allowed="a SavedModel with one"
        )
    path = folder / "model.json"
    if path.is_file():
        metadata = json.loads(path.read_text())
        classes = metadata.get("num_classes") if metadata.get("conditional") else None
    for number, start in enumerate(range(0, count, protocol.CHUNK)):
        size = min(protocol.CHUNK, count - start)
        arguments = [tf.constant(size), tf.constant(number)]
        if classes:
            labels = np.arange(start, start + size) % classes
            arguments.append(tf.constant(labels, tf.int32))
        images = sample(*arguments)
        images = np.asarray(images["images"] if isinstance(images, dict) else images)
        if images.dtype != np.uint8 or images.shape[1:] != reals.image_shape:
            raise UsageError(
                f"samples are {images.dtype} {images.shape[1:]}, reals uint8 {reals.image_shape}",
                flag="fakes",
                value=folder,
                allowed="a model of the reals' size",
            )
        yield images
