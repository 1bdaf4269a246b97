"""Feature extractors: what a distance between images is taken in.

Every extractor has
    name: stands in the columns of its scores ("fd_cnn" has the name "cnn");
    title: what its Fréchet distance may be called, for people ("FD (CNN)");
    hash: SHA-256 of its weights, the first 16 hex digits, which stands in every row;
    size: number of features;
    resize: how images come to its size, in words;
    classes: number of classes it tells apart, or None;
    features(images uint8 [n, h, w, c]) → float32 [n, size];
    probabilities(images) → float32 [n, classes], where it classifies;
    both(images) → (features, probabilities or None) in one pass.
"""

import hashlib
import math

import numpy as np
import tensorflow as tf

from keras_gan.errors import UsageError
from keras_gan.evaluation.extractors import cnn_network

PIXEL_SIDE = 32


class Extractor:
    """Base: images go through in batches of a fixed size, so results do not depend on it.

    A subclass sets the attributes above and gives `_run(batch float32 [batch, h, w, c])` →
    (features, probabilities or None).
    """

    classes, resize = None, "none"
    image_shape = None  # the only shape it takes, or None for any
    batch = 250

    def features(self, images):
        return self.both(images)[0]

    def features_of(self, images):
        """Features of float images [n, h, w, c] in [0, 255]: a tensor that gradients pass."""
        return self._run(images)[0]

    def probabilities(self, images):
        if self.classes is None:
            raise UsageError(f"the extractor {self.name} does not classify")
        return self.both(images)[1]

    def both(self, images):
        images = np.asarray(images)
        if self.image_shape and tuple(images.shape[1:]) != tuple(self.image_shape):
            raise UsageError(
                f"images are {_x(images.shape[1:])}, the extractor {self.name} takes"
                f" {_x(self.image_shape)}"
            )
        features = np.empty((len(images), self.size), np.float32)
        kept = np.empty((len(images), self.classes), np.float32) if self.classes else None
        for start in range(0, len(images), self.batch):
            rows = slice(start, start + self.batch)
            part = images[rows]
            # The last batch is filled up: one shape, one compiled function, the same results.
            padding = [(0, self.batch - len(part))] + [(0, 0)] * (images.ndim - 1)
            found, probabilities = self._run(np.pad(part, padding, mode="edge"))
            features[rows] = np.asarray(found)[: len(part)]
            if kept is not None:
                kept[rows] = np.asarray(probabilities)[: len(part)]
        return features, kept


class SmallCNN(Extractor):
    """The project's small network (cnn.py).

    Args:
        weights: as `cnn.train` returns them.
        image_shape: of the images it was trained on.
        rotations: whether it was trained on rotations, not on labels.
    """

    def __init__(self, weights, image_shape, rotations=False):
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
    """A CNN of greyscale images, applied to each channel: features side by side, classes counted.

    Its class of an image is 100·r + 10·g + b (Stacked-MNIST protocol, PacGAN, 2018).
    """

    def __init__(self, grey):
        self.grey = grey
        self.name, self.title, self.hash = "stacked_cnn", "FD (stacked CNN)", grey.hash
        self.size = 3 * grey.size
        self.image_shape = (*grey.image_shape[:2], 3)
        self.modes = grey.classes**3

    def both(self, images):
        parts = [self.grey.features(images[..., c : c + 1]) for c in range(3)]
        return np.concatenate(parts, axis=1), None

    def features_of(self, images):
        return tf.concat([self.grey.features_of(images[..., c : c + 1]) for c in range(3)], 1)

    def channel_classes(self, images):
        """The class of each channel, int [n, 3]."""
        found = [self.grey.probabilities(images[..., c : c + 1]).argmax(1) for c in range(3)]
        return np.stack(found, axis=1)


class Pixels(Extractor):
    """The pixels themselves, in [0, 1]; images beyond 32 pixels a side are brought down to them."""

    name, title = "pixels", "FD (pixels)"

    def __init__(self, image_shape):
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
    """Points of a 2-D mixture, as they are."""

    name, title, hash, size = "points", "FD (points)", "none", 2

    def both(self, images):
        return np.asarray(images, np.float32), None


def to_size(images, size):
    """Resizes float images with an antialiased bicubic filter, clipped to [0, 255], not rounded.

    The filter is Pillow's (Parmar et al., 2022, on why another one changes the score).
    """
    images = tf.image.resize(images, size, method="bicubic", antialias=True)
    return tf.clip_by_value(images, 0.0, 255.0)


def three_channels(images):
    """Greyscale is repeated, alpha is composited on white: float32 [n, h, w, 3]."""
    channels = images.shape[-1]
    if channels == 1:
        return tf.repeat(images, 3, axis=-1)
    if channels == 4:
        alpha = images[..., 3:] / 255.0
        return images[..., :3] * alpha + 255.0 * (1.0 - alpha)
    return images


def hash_arrays(arrays):
    """The first 16 hex digits of the SHA-256 of arrays by name: names, types, shapes, bytes."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def _x(shape):
    return "x".join(map(str, shape))
