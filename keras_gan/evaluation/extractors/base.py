"""Feature extractors for image distances."""

import hashlib
import math
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from keras_gan.errors import UsageError
from keras_gan.evaluation.extractors import cnn_network

PIXEL_SIDE = 32


class Extractor:
    """Base class; processes images in batches of a fixed size, so results do not depend on it.

    A subclass sets the attributes and defines `_run`, a function from uint8 images
    [batch, h, w, c] to (features [batch, size], probabilities [batch, classes] or None).

    Attributes:
        name: str, part of the columns of its scores ("fd_cnn" has the name "cnn").
        title: str, the name of its Fréchet distance in reports ("FD (CNN)").
        hash: str, the first 16 hex digits of the SHA-256 of its weights, part of every row.
        size: number of features.
        resize: str, describes how images are resized.
        classes: number of classes, or None if it is no classifier.
        image_shape: (height, width, channels) that it requires, or None for any.
        batch: images per batch.
    """

    classes, resize = None, "none"
    image_shape = None
    batch = 250

    def features(self, images: np.ndarray) -> np.ndarray:
        """Features, float32 [n, size], of images uint8 [n, h, w, c]."""
        return self.both(images)[0]

    def features_of(self, images: tf.Tensor) -> tf.Tensor:
        """Features, as a tensor that gradients pass, of float images [n, h, w, c] in [0, 255]."""
        return self._run(images)[0]

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Class probabilities, float32 [n, classes], of images uint8 [n, h, w, c]."""
        if self.classes is None:
            raise UsageError(f"the extractor {self.name} does not classify")
        return self.both(images)[1]

    def both(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Features, and class probabilities or None, in one pass."""
        images = np.asarray(images)
        if self.image_shape and tuple(images.shape[1:]) != tuple(self.image_shape):
            raise UsageError(
                f"images are {_x(images.shape[1:])}, the extractor {self.name} takes"
                f" {_x(self.image_shape)}"
            )
        features = np.empty((len(images), self.size), np.float32)
        probabilities = None
        if self.classes:
            probabilities = np.empty((len(images), self.classes), np.float32)
        for start in range(0, len(images), self.batch):
            rows = slice(start, start + self.batch)
            part = images[rows]
            # The last batch is padded: one shape, one compiled function, the same results.
            padding = [(0, self.batch - len(part))] + [(0, 0)] * (images.ndim - 1)
            outputs = self._run(np.pad(part, padding, mode="edge"))
            features[rows] = np.asarray(outputs[0])[: len(part)]
            if probabilities is not None:
                probabilities[rows] = np.asarray(outputs[1])[: len(part)]
        return features, probabilities


class SmallCNN(Extractor):
    """The project's small network (cnn_network.py).

    Args:
        weights: dict of arrays, as `cnn_network.train` returns it.
        image_shape: (height, width, channels) of the images that it was trained on.
        rotations: whether it was trained on rotations rather than labels. Defaults to False.
    """

    def __init__(
        self,
        weights: dict[str, np.ndarray],
        image_shape: tuple[int, int, int],
        rotations: bool = False,
    ):
        self.name = "rotation_cnn" if rotations else "cnn"
        self.title = "FD (rotation CNN)" if rotations else "FD (CNN)"
        self.hash = hash_arrays(weights)
        self.size = cnn_network.FEATURES
        self.classes = None if rotations else weights["logits/bias"].shape[0]
        side = min(image_shape[:2])
        square = (side, side, image_shape[2])
        network_shape = square if rotations else tuple(image_shape)
        network = cnn_network.restore(weights, network_shape)
        self.image_shape = tuple(image_shape)
        change = network_shape != self.image_shape
        self.resize = f"bicubic, antialiased, to {_x(square[:2])}" if change else "none"

        @tf.function(autograph=False)
        def run(images):
            images = tf.cast(images, tf.float32)
            if change:
                images = to_size(images, square[:2])
            logits, features = network(images, training=False)
            return features, tf.nn.softmax(logits)

        self._run = run


class StackedCNN(Extractor):
    """A CNN of greyscale images, applied to each channel; the features are concatenated.

    The class of an image is 100·r + 10·g + b (Stacked-MNIST protocol, PacGAN, 2018).

    Args:
        grey: a `SmallCNN` of greyscale images.
    """

    def __init__(self, grey: SmallCNN):
        self.grey = grey
        self.name, self.hash = f"stacked_{grey.name}", grey.hash
        self.title = grey.title.replace("(", "(stacked ")
        self.size = 3 * grey.size
        self.image_shape = (*grey.image_shape[:2], 3)
        self.modes = grey.classes**3

    def both(self, images: np.ndarray) -> tuple[np.ndarray, None]:
        parts = [self.grey.features(images[..., c : c + 1]) for c in range(3)]
        return np.concatenate(parts, axis=1), None

    def features_of(self, images: tf.Tensor) -> tf.Tensor:
        """As `Extractor.features_of`, of each channel."""
        return tf.concat([self.grey.features_of(images[..., c : c + 1]) for c in range(3)], 1)

    def channel_classes(self, images: np.ndarray) -> np.ndarray:
        """The class of each channel, int [n, 3]."""
        classes = [self.grey.probabilities(images[..., c : c + 1]).argmax(1) for c in range(3)]
        return np.stack(classes, axis=1)


class Pixels(Extractor):
    """The pixels themselves, in [0, 1]; images with more than 32 pixels per side are reduced.

    Args:
        image_shape: (height, width, channels).
    """

    name, title = "pixels", "FD (pixels)"

    def __init__(self, image_shape: tuple[int, int, int]):
        self.image_shape = tuple(image_shape)
        size = tuple(min(PIXEL_SIDE, side) for side in image_shape[:2])
        change = size != self.image_shape[:2]
        self.size = math.prod(size) * image_shape[2]
        self.resize = f"bicubic, antialiased, to {_x(size)}" if change else "none"
        self.hash = "none"

        @tf.function(autograph=False)
        def run(images):
            images = tf.cast(images, tf.float32)
            if change:
                images = to_size(images, size)
            return tf.reshape(images / 255.0, (-1, self.size)), None

        self._run = run


class Points(Extractor):
    """The coordinates of 2-D points themselves."""

    name, title, hash, size = "points", "FD (points)", "none", 2

    def both(self, images: np.ndarray) -> tuple[np.ndarray, None]:
        return np.asarray(images, np.float32), None


def to_size(images: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Resizes images with an antialiased bicubic filter; clipped to [0, 255], not rounded.

    The filter is Pillow's; Parmar et al. (2022) show how much others change the score.
    """
    images = tf.image.resize(images, size, method="bicubic", antialias=True)
    return tf.clip_by_value(images, 0.0, 255.0)


def three_channels(images: tf.Tensor) -> tf.Tensor:
    """Repeats greyscale, composites alpha on white: float32 [n, h, w, 3]."""
    channels = images.shape[-1]
    if channels == 1:
        return tf.repeat(images, 3, axis=-1)
    if channels == 4:
        alpha = images[..., 3:] / 255.0
        return images[..., :3] * alpha + 255.0 * (1.0 - alpha)
    return images


def hash_arrays(arrays: Mapping[str, np.ndarray]) -> str:
    """The first 16 hex digits of the SHA-256 of arrays: names, types, shapes and bytes."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def _x(shape):
    return "x".join(map(str, shape))
