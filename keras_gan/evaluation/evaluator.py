"""All scores of a generator, by one protocol, in training and after it."""

import numpy as np

from keras_gan.errors import UsageError
from keras_gan.evaluation import protocol, reference
from keras_gan.evaluation.extractors import cnn, inception
from keras_gan.evaluation.extractors.base import Pixels, Points
from keras_gan.evaluation.metrics import (
    class_shares,
    inception_score,
    kid,
    memorisation,
    modes,
    ms_ssim,
    precision_recall,
)
from keras_gan.evaluation.metrics.frechet import Moments, frechet_distance

_KEPT_BYTES = 2**26  # of fakes that are kept as images
_NEIGHBOURS = 2000  # fakes that are looked up among the training images
_PAIRS = 1000


class Evaluator:
    """Scores a generator against a data set.

    Args:
        source: a `data.Source`, the training split.
        extractor: "cnn" (the default), "inception", "clean_inception", "pixels",
            "fashion_mnist_cnn", or the path of a Keras model or SavedModel; points need none.
        data_dir: where weights and reference statistics are kept.
        count: fakes; cut to the number of reals that can be held out.
        full: whether to take every score; else the Fréchet distance alone.
        seed: of the fakes.
        inception_weights: path of Inception's weights.

    Attributes:
        shown: after a full score of images: a dict with "fakes" uint8 [8, h, w, c] and
            "nearest" uint8 [8, 3, h, w, c], the training images nearest to them.
    """

    def __init__(
        self,
        source,
        *,
        extractor=None,
        data_dir=None,
        count=protocol.COUNT,
        full=False,
        seed=0,
        inception_weights=None,
    ):
        self.source, self.full, self.seed, self.data_dir = source, full, seed, data_dir
        self.points = len(source.image_shape) == 1
        self._count, self._wanted, self._weights = count, extractor, inception_weights
        self._division = self._extractor = self._accuracy = None
        self._references, self.shown = {}, None

    @property
    def division(self):
        """The `protocol.Division` of the data set."""
        if self._division is None:
            self._division = protocol.divide(self.source)
        return self._division

    @property
    def extractor(self):
        """The `extractors.Extractor`; opening it may train the CNN."""
        if self._extractor is None:
            if self.points:
                self._extractor = Points()
            else:
                self._extractor = open_extractor(
                    self._wanted or "cnn", self.division, self.data_dir, self._weights
                )
        return self._extractor

    def score(self, sample_fn, count=None):
        """Scores what a generator makes.

        Args:
            sample_fn: function (count, seed) → uint8 [count, h, w, c], or float32 points
                [count, 2]. It is asked for 1,000 at a time, with seeds of their own.
            count: fakes, if not the evaluator's.

        Returns:
            A dict of floats, ints and strings, with the names of scores.csv's columns.

        Raises:
            UsageError: fakes of another shape, or too few of something.
        """
        asked = count or self._count
        if self.points and self.source.centres is not None:
            return self._score_mixture(sample_fn, asked)
        return self._score_features(sample_fn, asked)

    def _score_mixture(self, sample_fn, count):
        points = np.concatenate(list(self._fakes(sample_fn, count)))
        found = modes.mixture_modes(points, self.source.centres, self.source.sigma)
        reals = self.source.fetch(np.arange(min(count, len(self.source))))[0]
        floor = modes.mixture_modes(reals, self.source.centres, self.source.sigma)
        found["good_share_floor"] = floor["good_share"]
        if self.full:
            found.update(self._score_features(sample_fn, count))
        found["fakes"] = len(points)
        return found

    def _score_features(self, sample_fn, asked):
        extractor = self.extractor
        count = reference.largest_count(self.division, asked)
        if count not in self._references:
            self._references[count] = reference.open_reference(
                self.division, extractor, count, self.data_dir
            )
        known = self._references[count]
        moments, kept = Moments(extractor.size), _Kept(self.full)
        for images in self._fakes(sample_fn, count):
            features, probabilities = extractor.both(images)
            moments.update(features)
            kept.add(images, features, probabilities)
        name = distance_name(extractor)
        distance = frechet_distance(moments, known.moments)
        found = {
            name: distance,
            f"{name}_floor": known.floor,
            f"{name}_floor_sd": known.floor_sd,
            f"{name}_over_floor": distance / known.floor if known.floor > 0 else float("nan"),
        }
        if self.full:
            found.update(self._all(kept, count))
            if hasattr(extractor, "channel_classes"):
                found.update(self._stacked_modes(sample_fn))
        words = self.division.words
        found.update(
            fakes=count,
            extractor=extractor.title,
            extractor_hash=extractor.hash,
            reference=words[0],
            floor_of=f"{count} of {words[1]}",
            resize=extractor.resize,
            quantisation="none" if self.points else "uint8",
        )
        return found

    def _fakes(self, sample_fn, count):
        """Fakes in chunks, checked."""
        for number, start in enumerate(range(0, count, protocol.CHUNK)):
            size = min(protocol.CHUNK, count - start)
            fakes = np.asarray(sample_fn(size, 1000 * self.seed + number))
            wanted = (size, *self.source.image_shape)
            kind = np.float32 if self.points else np.uint8
            if fakes.shape != wanted or (fakes.dtype != kind and not self.points):
                raise UsageError(
                    f"fakes are {fakes.dtype} {list(fakes.shape)}, the data need"
                    f" {np.dtype(kind)} {list(wanted)}"
                )
            yield fakes

    def _all(self, kept, count):
        """Everything but the Fréchet distance, from what was kept of the fakes."""
        division, extractor = self.division, self.extractor
        fakes = np.concatenate(kept.features)
        held, real_probabilities, held_labels = self._held_out(count)
        reals = self._features(division.source, division.reference[:count])
        found = pairwise(extractor.name, fakes, reals, held)
        classes = held_classes = None
        if kept.probabilities:
            probabilities = np.concatenate(kept.probabilities)
            classes, held_classes = probabilities.argmax(1), real_probabilities.argmax(1)
            found.update(self._classified(probabilities, real_probabilities, held_labels))
        if not self.points:
            found.update(self._memorisation(kept, fakes, held))
            images = np.concatenate(kept.images)
            held_images = division.held_source.fetch(division.held_out[: len(images)])[0]
            name = f"ms_ssim_{ms_ssim.scales(images.shape[1:])}_scales"
            if classes is None:
                classes, held_classes = (np.zeros(len(x), int) for x in (images, held_images))
            pairs = ((name, images, classes), (f"{name}_floor", held_images, held_classes))
            for column, pictures, of in pairs:
                found[column] = ms_ssim.within_classes(pictures, of[: len(pictures)], _PAIRS)
        return found

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

    def _features(self, source, indices):
        parts = [self.extractor.features(images) for images in protocol.chunks(source, indices)]
        return np.concatenate(parts)

    def _classified(self, probabilities, real, labels):
        """What a classifier sees in fakes and in held-out reals."""
        extractor, count = self.extractor, self.extractor.classes
        if extractor.name == "rotation_cnn":
            return {}  # it tells rotations apart, not what is shown
        found = {}
        if extractor.name != "cnn":
            found.update(inception_scores(probabilities, real))
        if not self.classifies:
            return found
        seen = class_shares.shares(probabilities.argmax(1), count)
        data = class_shares.shares(self.source.labels, count)
        reals = class_shares.shares(real.argmax(1), count)
        found["class_tv"] = class_shares.total_variation(seen, data)
        found["class_tv_floor"] = class_shares.total_variation(reals, data)
        found.update(modes.labelled_modes(probabilities.argmax(1), count))
        found["class_shares"] = " ".join(f"{share:.4f}" for share in seen[:100])
        found["classifier_accuracy"] = class_shares.agreement(real.argmax(1), labels)
        return found

    def _memorisation(self, kept, fakes, held):
        """Nearest training images of fakes and of held-out reals, in the features."""
        division = self.division
        indices = division.training()
        queries = np.concatenate([fakes[:_NEIGHBOURS], held[:_NEIGHBOURS]])
        batches = (
            self.extractor.features(images) for images in protocol.chunks(division.source, indices)
        )
        found, distances = memorisation.nearest(queries, batches, 3)
        split = len(fakes[:_NEIGHBOURS])
        some = min(8, split)
        nearest = division.source.fetch(indices[found[:some].ravel()])[0]
        self.shown = {
            "fakes": kept.images[0][:some],
            "nearest": nearest.reshape(some, 3, *nearest.shape[1:]),
        }
        return memorisation.memorisation(distances[:split, 0], distances[split:, 0])

    def _stacked_modes(self, sample_fn):
        """The Stacked-MNIST protocol: 26,000 fakes, and as many reals by the same classifier."""
        division, count = self.division, modes.STACKED_SAMPLES
        fakes = [self._modes_of(images) for images in self._fakes(sample_fn, count)]
        found = modes.labelled_modes(np.concatenate(fakes), self.extractor.modes)
        reals = np.arange(min(count, len(division.held_source)))
        reals = [self._modes_of(x) for x in protocol.chunks(division.held_source, reals)]
        floor = modes.labelled_modes(np.concatenate(reals), self.extractor.modes)
        found["modes_fakes"] = count
        found["modes_reals"], found["kl_reals"] = floor["modes"], floor["kl"]
        return found

    def _modes_of(self, images):
        return modes.stacked_classes(self.extractor.channel_classes(images))

    @property
    def classifies(self):
        """Whether the extractor is a classifier of this data's classes."""
        return self.extractor.name == "cnn" and self.extractor.classes == self.source.num_classes

    def class_agreement(self, images, labels):
        """How often a classifier sees the class that was asked for.

        Args:
            images: uint8 [n, h, w, c], conditional samples.
            labels: int [n], the classes asked for.

        Returns:
            A dict: class_agreement, and classifier_accuracy on held-out reals beside it.
        """
        predicted = self.extractor.probabilities(images).argmax(1)
        if self._accuracy is None:
            _, real, truth = self._held_out(len(self.division.held_out))
            self._accuracy = class_shares.agreement(real.argmax(1), truth)
        return {
            "class_agreement": class_shares.agreement(predicted, labels),
            "classifier_accuracy": self._accuracy,
        }


class _Kept:
    """What some metrics need of all fakes: features, probabilities, and the first images."""

    def __init__(self, wanted):
        self.wanted, self.bytes = wanted, 0
        self.images, self.features, self.probabilities = [], [], []

    def add(self, images, features, probabilities):
        if not self.wanted:
            return
        self.features.append(features)
        if probabilities is not None:
            self.probabilities.append(probabilities)
        if self.bytes + images.nbytes <= _KEPT_BYTES or not self.images:
            self.images.append(images)
            self.bytes += images.nbytes


def pairwise(name, fakes, reals, held=None):
    """Scores of two sets of features that need all of them: KID, precision, recall and so on.

    Args:
        name: the extractor's.
        fakes, reals: features [n, d] and [m, d].
        held: features of held-out reals, for the floors; or None.

    Returns:
        A dict of floats.
    """
    found = {}
    found[f"kid_{name}"], found[f"kid_{name}_sd"] = kid.kernel_distance(fakes, reals)
    if held is not None:
        found[f"kid_{name}_floor"] = kid.kernel_distance(held, reals)[0]
    found.update(precision_recall.precision_recall_density_coverage(fakes, reals))
    if held is not None:
        floor = precision_recall.precision_recall_density_coverage(held, reals)
        found.update({f"{key}_floor": value for key, value in floor.items()})
    return found


def inception_scores(fakes, reals):
    """Inception score and its floor; of Inception's own classes, for it means little in others."""
    mean, spread = inception_score.inception_score(fakes)
    floor = inception_score.inception_score(reals)[0]
    return {"inception_score": mean, "inception_score_sd": spread, "inception_score_floor": floor}


def distance_name(extractor):
    """The Fréchet distance's column: "fd_cnn", "fid", …"""
    return extractor.name if extractor.name in ("fid", "clean_fid") else f"fd_{extractor.name}"


def open_extractor(name, division, data_dir=None, inception_weights=None):
    """The extractor of a name (see `Evaluator`)."""
    if name == "cnn":
        return cnn.small_cnn(division, data_dir)
    if name == "fashion_mnist_cnn":
        return cnn.open_shipped()
    if name == "pixels":
        return Pixels(division.source.image_shape)
    if name in ("inception", "clean_inception"):
        return inception.open_inception(inception_weights, clean=name == "clean_inception")
    return inception.open_model(name)
