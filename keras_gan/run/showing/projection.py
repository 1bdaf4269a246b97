"""Projection: latents whose images come nearest to given ones."""

import dataclasses
import math
import pathlib
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from absl import logging
from tqdm import tqdm

from keras_gan import atomic
from keras_gan.data.source import Source
from keras_gan.errors import StorageError, UsageError
from keras_gan.evaluation import pictures
from keras_gan.evaluation.extractors.base import Extractor
from keras_gan.gan import GAN
from keras_gan.run.showing import latents as latents_files
from keras_gan.settings.config import Config
from keras_gan.step import pixels, randomness

CANDIDATES = 1024  # random images among which each search looks for its starts
LEARNING_RATE = 0.2
FEATURE_WEIGHT = 0.1  # of the features' part of the loss, beside the pixels' 1


@dataclasses.dataclass(frozen=True)
class Projection:
    """What was found for n pictures.

    Attributes:
        latents: float32 [n, dimensions].
        labels: int32 [n], or None.
        images: uint8 [n, h, w, c], what the model makes of them.
        pixel_errors: float64 [n], mean absolute difference as a share of the range of a pixel.
        feature_errors: float64 [n], distance in the extractor's features divided by the
            original's norm there; None without an extractor.
    """

    latents: np.ndarray
    labels: np.ndarray | None
    images: np.ndarray
    pixel_errors: np.ndarray
    feature_errors: np.ndarray | None


def extractor_of(config: Config, source: Source) -> Extractor | None:
    """The extractor of the run's data, or None where its data are too few for one."""
    from keras_gan.evaluation.evaluator import Evaluator

    if not isinstance(source, Source):
        logging.info("projection compares pixels only: the run's data are not there")
        return None
    evaluator = Evaluator(
        source,
        extractor=config.extractor or "cnn",
        data_dir=config.data_dir or None,
        inception_weights=config.inception_weights or None,
    )
    try:
        return evaluator.extractor
    except UsageError as error:
        if config.extractor:
            raise
        logging.info("projection compares pixels only: %s", error)
        return None


def project(
    gan: GAN,
    images: np.ndarray,
    *,
    extractor: Extractor | None = None,
    labels: np.ndarray | None = None,
    restarts: int = 4,
    steps: int = 300,
    seed: int = 0,
    progress: bool = False,
    batch: int = 64,
) -> Projection:
    """Searches latents by gradient descent on pixels and features.

    Each picture has `restarts` searches. They start at the nearest of 1,024 random images; a model
    with an encoder starts the first one there. Latents stay where the prior draws. A conditional
    model's class is that of the start, unless it is given.

    Args:
        gan: a `GAN` of images; the averaged generator is searched.
        images: uint8 [n, h, w, c].
        extractor: with `features_of`; None compares pixels only.
        labels: int32 [n], classes of a conditional model, or None.
        restarts: searches for each picture; the best by pixels counts.
        steps: of Adam, the rate falling to 0 by a cosine.
        seed: of the starts; all else is determined by it.
        progress: whether to show a bar.
        batch: pictures searched at a time.

    Returns:
        A `Projection`.
    """
    images = np.asarray(images, np.uint8)
    starts = _Starts(gan, seed)
    search = _search(gan, extractor, steps)
    results = []
    total = -(-len(images) // batch) * steps
    with tqdm(total=total, disable=not progress, desc="projection", unit="step") as bar:
        for row in range(0, len(images), batch):
            rows = slice(row, row + batch)
            given = None if labels is None else labels[rows]
            z, classes = starts.nearest(images[rows], restarts, given)
            target = tf.constant(images[rows].repeat(restarts, axis=0))
            z = search(z, classes, target, bar)
            results.append(_best(gan, z, classes, images[rows], restarts))
    best = [None if part[0] is None else np.concatenate(part) for part in zip(*results)]
    made = latents_files.generate(gan, best[0], best[1])
    return Projection(
        latents=best[0],
        labels=best[1],
        images=made,
        pixel_errors=pixel_errors(images, made),
        feature_errors=None if extractor is None else feature_errors(extractor, images, made),
    )


def pixel_errors(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Mean absolute difference of uint8 images, as a share of a pixel's range: float64 [n]."""
    difference = np.abs(images.astype(np.float64) - others.astype(np.float64))
    return difference.reshape(len(images), -1).mean(1) / 255.0


def feature_errors(extractor: Extractor, images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Distance in features, divided by the norm of the originals': float64 [n]."""
    a, b = (extractor.features(x).astype(np.float64) for x in (images, others))
    return np.linalg.norm(a - b, axis=1) / np.maximum(np.linalg.norm(a, axis=1), 1e-12)


class _Starts:
    """Random latents with their images, and the encoder's if there is one."""

    def __init__(self, gan, seed):
        self.gan = gan
        key = randomness.Key.create(seed).fold("starts")
        self.latents = gan.prior.sample(key, (CANDIDATES, gan.latent_dim)).numpy()
        self.labels = None
        if gan.conditional:
            self.labels = np.arange(CANDIDATES, dtype=np.int32) % gan.num_classes
        self.images = latents_files.generate(gan, self.latents, self.labels)

    def nearest(self, images, restarts, labels):
        """Starts for some pictures: latents float32 [n·restarts, z], labels or None."""
        a = images.reshape(len(images), -1).astype(np.float32)
        b = self.images.reshape(CANDIDATES, -1).astype(np.float32)
        distances = (b**2).sum(1) - 2.0 * a @ b.T
        if labels is not None:
            distances[np.asarray(labels)[:, None] != self.labels] = np.inf
        order = np.argsort(distances, axis=1, kind="stable")[:, :restarts]
        z = self.latents[order]
        classes = None if self.labels is None else self.labels[order].reshape(-1)
        if hasattr(self.gan, "encode"):
            z[:, 0] = self.gan.encode(tf.constant(images)).numpy()
        return z.reshape(-1, self.gan.latent_dim), classes


def _search(gan, extractor, steps):
    """Function (latents, labels, target uint8, progress bar) → latents after `steps`."""

    @tf.function(autograph=False, reduce_retracing=True)
    def improve(z, first, second, step, target, target_features, labels):
        with tf.GradientTape() as tape:
            tape.watch(z)
            inputs = z if labels is None else [z, labels]
            made = tf.cast(gan.average_generator(inputs, training=False), tf.float32)
            loss = tf.reduce_mean(tf.square(made - pixels.to_float(target)), [1, 2, 3])
            if target_features is not None:
                features = extractor.features_of((made + 1.0) * 127.5)
                scale = tf.reduce_mean(tf.square(target_features), -1) + 1e-8
                error = tf.reduce_mean(tf.square(features - target_features), -1) / scale
                loss += FEATURE_WEIGHT * error
            loss = tf.reduce_sum(loss)  # each picture's gradient is its own
        gradient = tape.gradient(loss, z)
        # Adam by hand: the state belongs to this batch of pictures.
        first = 0.9 * first + 0.1 * gradient
        second = 0.99 * second + 0.01 * tf.square(gradient)
        rate = LEARNING_RATE * 0.5 * (1.0 + tf.cos(math.pi * step / steps))
        count = step + 1.0
        mean = first / (1.0 - tf.pow(0.9, count))
        size = tf.sqrt(second / (1.0 - tf.pow(0.99, count))) + 1e-8
        return gan.prior.nearest(z - rate * mean / size), first, second

    def search(z, labels, target, bar):
        z = gan.prior.nearest(tf.constant(z, tf.float32))
        first, second = tf.zeros_like(z), tf.zeros_like(z)
        labels = None if labels is None else tf.constant(labels)
        features = None
        if extractor is not None:
            features = extractor.features_of(tf.cast(target, tf.float32))
        for step in range(steps):
            now = tf.constant(step, tf.float32)
            z, first, second = improve(z, first, second, now, target, features, labels)
            bar.update()
        return z.numpy()

    return search


def _best(gan, z, labels, images, restarts):
    """Of each picture's searches the one nearest by pixels: latents and labels or None."""
    made = latents_files.generate(gan, z, labels)
    errors = pixel_errors(images.repeat(restarts, axis=0), made).reshape(-1, restarts)
    rows = np.arange(len(images)) * restarts + errors.argmin(1)
    return z[rows], None if labels is None else labels[rows]


def sentence(results: Projection) -> str:
    """The result in one line."""
    error = 100.0 * np.median(results.pixel_errors), 100.0 * np.max(results.pixel_errors)
    text = f"{len(results.images)} pictures: pixels differ by {error[0]:.2f} % of the range in the"
    text += f" median, {error[1]:.2f} % at worst"
    if results.feature_errors is not None:
        text += f"; features by {100.0 * np.median(results.feature_errors):.1f} % of their norm"
    return text


def write(
    results: Projection, images: np.ndarray, names: Sequence[str], folder: pathlib.Path
) -> None:
    """Writes latents.npz (for --latents), pairs.png and errors.json.

    Args:
        found: a `Projection`.
        images: the originals, uint8 [n, h, w, c]; names: one for each.
        folder: where.
    """
    errors = [
        {
            "picture": name,
            "pixels": float(results.pixel_errors[i]),
            **({} if results.feature_errors is None else {"features": results.feature_errors[i]}),
        }
        for i, name in enumerate(names)
    ]
    more = {"pixel_errors": results.pixel_errors}
    latents_files.save(folder / "latents.npz", results.latents, results.labels, **more)
    pairs = np.stack([images, results.images], 1).reshape(-1, *images.shape[1:])
    pictures.save(pictures.grid(pairs[:512], 16), folder / "pairs.png")
    try:
        with atomic.replacing(folder / "errors.json") as file:
            file.write(atomic.json_text(errors, indent=1).encode())
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror}") from error
