"""All scores of a generator, by one protocol, during and after training."""

import os
from collections.abc import Callable

import numpy as np

from keras_gan.data.source import Source
from keras_gan.errors import UsageError
from keras_gan.evaluation import memorised, protocol, reference
from keras_gan.evaluation.extractors import by_name, cnn
from keras_gan.evaluation.extractors.base import Extractor, Points
from keras_gan.evaluation.metrics import (
    authenticity,
    class_shares,
    inception_score,
    kid,
    memorisation,
    modes,
    ms_ssim,
    precision_recall,
)
from keras_gan.evaluation.metrics.frechet import Moments, frechet_distance

_IMAGE_BYTES = 2**26  # of fakes that are held as images
_NEIGHBOURS = 2000  # fakes whose nearest training images are searched
_PAIRS = 1000


class Evaluator:
    """Scores a generator against a data set.

    Args:
        source: a `data.Source`, the training split.
        extractor: "cnn", "search_cnn", "inception", "clean_inception", "pixels",
            "fashion_mnist_cnn", or the path of a Keras model or SavedModel. Defaults to None, which
            is "cnn", or "pixels" where the images are too few to train it; points need none.
        data_dir: folder of cached weights and reference known. Defaults to $KERAS_GAN_DATA,
            else ~/.cache/keras_gan.
        count: number of fakes, cut to the number of held-out reals. Defaults to 10,000.
        full: whether to compute all scores rather than the Fréchet distance alone. Defaults to
            False.
        precision_recall: whether to compute precision, recall, density and coverage as well.
            Defaults to False; `full` has them.
        seed: of the fakes. Defaults to 0.
        inception_weights: path of Inception's weights. Defaults to None.

    Attributes:
        shown: after a full score of images, a dict with "fakes" uint8 [8, h, w, c] and
            "nearest" uint8 [8, 3, h, w, c], the training images nearest to them; else None.

    ```python
    evaluator = Evaluator(keras_gan.open_source("fashion_mnist"), full=True)
    scores = evaluator.score(gan.sample)
    ```
    """

    def __init__(
        self,
        source: Source,
        *,
        extractor: str | None = None,
        data_dir: str | os.PathLike | None = None,
        count: int = protocol.COUNT,
        full: bool = False,
        precision_recall: bool = False,
        seed: int = 0,
        inception_weights: str | os.PathLike | None = None,
    ):
        self.source, self.full, self.seed, self.data_dir = source, full, seed, data_dir
        self._precision_recall = precision_recall and not full
        self.points = len(source.image_shape) == 1
        self._count, self._wanted, self._weights = count, extractor, inception_weights
        self._division = self._extractor = self._accuracy = None
        self._references, self._reals, self.shown, self._said = {}, (), None, False

    @property
    def division(self) -> protocol.Division:
        """The `protocol.Division` of the data set."""
        if self._division is None:
            self._division = protocol.divide(self.source)
        return self._division

    @property
    def extractor(self) -> Extractor:
        """The `Extractor`; the first access may train the CNN."""
        if self._extractor is None:
            if self.points:
                self._extractor = Points()
            else:
                name = self._wanted or cnn.default(self.division)
                self._extractor = by_name.open_extractor(
                    name, self.division, self.data_dir, self._weights
                )
        return self._extractor

    def score(
        self, sample_fn: Callable[..., np.ndarray], count: int | None = None
    ) -> dict[str, float | int | str]:
        """Scores a generator's samples.

        Args:
            sample_fn: function (count, seed=…) → uint8 [count, h, w, c], or float32 points
                [count, 2]. It is called for 1,000 samples at a time, each time with another seed.
            count: number of fakes. Defaults to None, the evaluator's.

        Returns:
            A dict of floats, ints and strings, named as the columns of scores.csv.

        Raises:
            UsageError: fakes of another shape or type, or too few samples.
        """
        count = count or self._count
        if self.points and self.source.centres is not None:
            return self._score_mixture(sample_fn, count)
        return self._score_features(sample_fn, count)

    def _score_mixture(self, sample_fn, count):
        points = np.concatenate(list(self._fakes(sample_fn, count)))
        scores = modes.mixture_modes(points, self.source.centres, self.source.sigma)
        reals = self.source.fetch(np.arange(min(count, len(self.source))))[0]
        floor = modes.mixture_modes(reals, self.source.centres, self.source.sigma)
        scores["good_share_floor"] = floor["good_share"]
        if self.full:
            scores.update(self._score_features(sample_fn, count))
        scores["fakes"] = len(points)
        return scores

    def _score_features(self, sample_fn, count):
        count = reference.largest_count(self.division, count)  # before a network is trained
        extractor = self.extractor
        few = not reference.allows_distance(self.division, extractor)
        known = None if few else self._reference(count)
        if few and not self._said:
            self._said = True
            reference.warn_of_few(extractor, len(self.division.held_out), "held-out images")
        moments = Moments(extractor.size)
        features = self.full or few or self._precision_recall
        collected = _Collected(images=self.full, features=features)
        for images in self._fakes(sample_fn, count):
            features, probabilities = extractor.both(images)
            if not few:
                moments.update(features)
            collected.add(images, features, probabilities)
        scores = {} if few else _distance(extractor, moments, known)
        if self.full:
            scores.update(self._all(collected, count))
            if hasattr(extractor, "channel_classes"):
                scores.update(self._stacked_modes(sample_fn))
        elif few:
            scores.update(self._pairs(collected, count)[0])
        elif self._precision_recall:
            fakes = np.concatenate(collected.features)
            reals = self._reference_features(count)
            scores.update(precision_recall.precision_recall_density_coverage(fakes, reals))
        words = self.division.words
        scores.update(
            fakes=count,
            extractor=extractor.title,
            extractor_hash=extractor.hash,
            reference=words[0],
            floor_of=f"{count} of {words[1]}",
            resize=extractor.resize,
            quantisation="none" if self.points else "uint8",
        )
        return scores

    def _reference(self, count):
        if count not in self._references:
            self._references[count] = reference.open_reference(
                self.division, self.extractor, count, self.data_dir
            )
        return self._references[count]

    def _fakes(self, sample_fn, count, labels=None):
        """Yields chunks of fakes, of the classes `labels` if given, checked."""
        for number, start in enumerate(range(0, count, protocol.CHUNK)):
            size = min(protocol.CHUNK, count - start)
            asked = {} if labels is None else {"labels": labels[start : start + size]}
            fakes = np.asarray(sample_fn(size, seed=1000 * self.seed + number, **asked))
            wanted = (size, *self.source.image_shape)
            kind = np.float32 if self.points else np.uint8
            if fakes.shape != wanted or (fakes.dtype != kind and not self.points):
                raise UsageError(
                    f"fakes are {fakes.dtype} {list(fakes.shape)}, the data need"
                    f" {np.dtype(kind)} {list(wanted)}"
                )
            yield fakes

    def _all(self, collected, count):
        """All scores but the Fréchet distance."""
        division = self.division
        scores, fakes, held_out = self._pairs(collected, count)
        held, real_probabilities, held_labels = held_out
        classes = held_classes = None
        if collected.probabilities:
            probabilities = np.concatenate(collected.probabilities)
            classes, held_classes = probabilities.argmax(1), real_probabilities.argmax(1)
            scores.update(self._classified(probabilities, real_probabilities, held_labels))
        if not self.points:
            scores.update(self._memorisation(collected, fakes, held))
            images = np.concatenate(collected.images)
            held_images = division.held_source.fetch(division.held_out[: len(images)])[0]
            name = f"ms_ssim_{ms_ssim.scales(images.shape[1:])}_scales"
            if classes is None:
                classes, held_classes = (np.zeros(len(x), int) for x in (images, held_images))
            pairs = ((name, images, classes), (f"{name}_floor", held_images, held_classes))
            for column, pictures, of in pairs:
                scores[column] = ms_ssim.within_classes(pictures, of[: len(pictures)], _PAIRS)
        return scores

    def _pairs(self, collected, count):
        """Scores of pairs, the features of the fakes, and what `_held_out` gives."""
        fakes, held_out = np.concatenate(collected.features), self._held_out(count)
        reals = self._reference_features(count)
        return pairwise(self.extractor.name, fakes, reals, held_out[0]), fakes, held_out

    def _held_out(self, count):
        """Features, probabilities (or None) and labels (or None) of held-out reals."""
        indices = self.division.held_out[:count]
        source = self.division.held_source
        parts = [self.extractor.both(images) for images in protocol.chunks(source, indices)]
        features = np.concatenate([part[0] for part in parts])
        labels = None if source.labels is None else source.labels[indices]
        if parts[0][1] is None:
            return features, None, labels
        return features, np.concatenate([part[1] for part in parts]), labels

    def _reference_features(self, count):
        """Features of the first `count` images of the reference, kept for the next score."""
        if len(self._reals) != count:
            self._reals = self._features(self.division.reference[:count])
        return self._reals

    def _features(self, indices):
        """Features of images of the data set's training split."""
        chunks = protocol.chunks(self.division.source, indices)
        return np.concatenate([self.extractor.features(images) for images in chunks])

    def _classified(self, probabilities, real, labels):
        """Scores of the classes that a classifier assigns to fakes and held-out reals."""
        extractor, count = self.extractor, self.extractor.classes
        if extractor.name.startswith("rotation"):
            return {}  # it classifies rotations, not contents
        scores = {}
        if extractor.name not in cnn.NAMES:
            scores.update(inception_scores(probabilities, real))
        if not self.classifies:
            return scores
        seen = class_shares.shares(probabilities.argmax(1), count)
        data = class_shares.shares(self.source.labels, count)
        reals = class_shares.shares(real.argmax(1), count)
        scores["class_tv"] = class_shares.total_variation(seen, data)
        scores["class_tv_floor"] = class_shares.total_variation(reals, data)
        scores.update(modes.labelled_modes(probabilities.argmax(1), count))
        scores["class_shares"] = " ".join(f"{share:.4f}" for share in seen[:100])
        scores["classifier_accuracy"] = class_shares.agreement(real.argmax(1), labels)
        return scores

    def _memorisation(self, collected, fakes, held):
        """Nearest training images of fakes and of held-out reals, by distance of features."""
        division = self.division
        indices = division.training()
        queries = np.concatenate([fakes[:_NEIGHBOURS], held[:_NEIGHBOURS]])
        batches = (
            self.extractor.features(images) for images in protocol.chunks(division.source, indices)
        )
        neighbours, distances = memorisation.nearest(queries, batches, 3)
        split = len(fakes[:_NEIGHBOURS])
        shown = min(8, split)
        nearest = division.source.fetch(indices[neighbours[:shown].ravel()])[0]
        self.shown = {
            "fakes": collected.images[0][:shown],
            "nearest": nearest.reshape(shown, 3, *nearest.shape[1:]),
        }
        scores = memorisation.memorisation(distances[:split, 0], distances[split:, 0])
        if memorised.applies(self.source):
            training = self._features(np.arange(len(self.source)))
            scores.update(authenticity.authenticity(fakes[:_NEIGHBOURS], training)[0])
            if division.held_source is not self.source:
                floors = authenticity.authenticity(held[:_NEIGHBOURS], training)[0]
                scores.update({f"{name}_floor": value for name, value in floors.items()})
        return scores

    def _stacked_modes(self, sample_fn):
        """The Stacked-MNIST protocol: classes of 26,000 fakes and of as many reals."""
        division, count = self.division, modes.STACKED_SAMPLES
        fakes = [self._modes_of(images) for images in self._fakes(sample_fn, count)]
        scores = modes.labelled_modes(np.concatenate(fakes), self.extractor.modes)
        reals = np.arange(min(count, len(division.held_source)))
        reals = [self._modes_of(x) for x in protocol.chunks(division.held_source, reals)]
        floor = modes.labelled_modes(np.concatenate(reals), self.extractor.modes)
        scores["modes_fakes"] = count
        scores["modes_reals"], scores["kl_reals"] = floor["modes"], floor["kl"]
        return scores

    def _modes_of(self, images):
        return modes.stacked_classes(self.extractor.channel_classes(images))

    @property
    def classifies(self) -> bool:
        """Whether the extractor is a classifier of this data's classes."""
        of_classes = self.extractor.name in cnn.NAMES
        return of_classes and self.extractor.classes == self.source.num_classes

    def class_agreement(self, sample_fn: Callable[..., np.ndarray]) -> dict[str, float]:
        """Share of conditional samples that a classifier assigns to the requested class.

        Args:
            sample_fn: function (count, seed=…, labels=…) → uint8 [count, h, w, c]. It is called as
                by `score`, with labels int32 [count] that ask for every class equally often.

        Returns:
            A dict: class_agreement, and classifier_accuracy, that of the same classifier on
            held-out reals.
        """
        labels = np.resize(np.arange(self.extractor.classes, dtype=np.int32), self._count)
        fakes = self._fakes(sample_fn, self._count, labels)
        predicted = [self.extractor.probabilities(images).argmax(1) for images in fakes]
        if self._accuracy is None:
            _, real, truth = self._held_out(len(self.division.held_out))
            self._accuracy = class_shares.agreement(real.argmax(1), truth)
        return {
            "class_agreement": class_shares.agreement(np.concatenate(predicted), labels),
            "classifier_accuracy": self._accuracy,
        }


class _Collected:
    """Features and probabilities of all fakes, and the first images, as far as they are wanted."""

    def __init__(self, images, features):
        self.wants_images, self.wants_features, self.bytes = images, features, 0
        self.images, self.features, self.probabilities = [], [], []

    def add(self, images, features, probabilities):
        if self.wants_features:
            self.features.append(features)
        if not self.wants_images:
            return
        if probabilities is not None:
            self.probabilities.append(probabilities)
        if self.bytes + images.nbytes <= _IMAGE_BYTES or not self.images:
            self.images.append(images)
            self.bytes += images.nbytes


def pairwise(
    name: str, fakes: np.ndarray, reals: np.ndarray, held: np.ndarray | None = None
) -> dict[str, float]:
    """Scores from pairwise distances of features: KID, precision, recall, density, coverage.

    Args:
        name: name of the extractor.
        fakes: features [n, d].
        reals: features [m, d].
        held: features of held-out reals, for the floors. Defaults to None, no floors.

    Returns:
        A dict of floats.
    """
    scores = {}
    scores[f"kid_{name}"], spread = kid.kernel_distance(fakes, reals)
    if np.isfinite(spread):
        scores[f"kid_{name}_sd"] = spread
    if held is not None:
        scores[f"kid_{name}_floor"] = kid.kernel_distance(held, reals)[0]
    scores.update(precision_recall.precision_recall_density_coverage(fakes, reals))
    if held is not None:
        floor = precision_recall.precision_recall_density_coverage(held, reals)
        scores.update({f"{key}_floor": value for key, value in floor.items()})
    return scores


def inception_scores(fakes: np.ndarray, reals: np.ndarray) -> dict[str, float]:
    """Inception score and its floor, from class probabilities [n, classes]."""
    mean, spread = inception_score.inception_score(fakes)
    floor = inception_score.inception_score(reals)[0]
    return {"inception_score": mean, "inception_score_sd": spread, "inception_score_floor": floor}


def _distance(extractor, moments, known):
    """The Fréchet distance of fakes with these moments, with its floor."""
    name, distance = distance_name(extractor), frechet_distance(moments, known.moments)
    return {
        name: distance,
        f"{name}_floor": known.floor,
        f"{name}_floor_sd": known.floor_sd,
        f"{name}_over_floor": distance / known.floor if known.floor > 0 else float("nan"),
    }


def distance_name(extractor: Extractor) -> str:
    """The column of the Fréchet distance: "fd_cnn", "fid", …"""
    return extractor.name if extractor.name in ("fid", "clean_fid") else f"fd_{extractor.name}"
