"""Whatever a Keras user hands to `fit` or `evaluate`, as turns of images [n, turns, …]."""

import contextlib
import sys
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from absl import logging

from keras_gan.data import pipeline, user_batches
from keras_gan.data.class_labels import to_classes
from keras_gan.data.pixel_range import decide
from keras_gan.data.source import Source
from keras_gan.errors import UsageError
from keras_gan.step import pixels

DEFAULT_BATCH_SIZE = 64  # as on the command line


class Needs(NamedTuple):
    """What a model takes.

    Attributes:
        image_shape: (height, width, channels), or (2,) for points.
        labels: whether it uses labels.
        num_classes: their number, or None where it is not known.
        turns: turns of D per step, each with fresh images.
        accumulate: equal parts that a replica's batch is split into.
    """

    image_shape: tuple
    labels: bool = False
    num_classes: int | None = None
    turns: int = 1
    accumulate: int = 1

    @property
    def points(self) -> bool:
        """Whether the data are points, which have no range."""
        return len(self.image_shape) == 1


class Order(NamedTuple):
    """In which order arrays and sources are read.

    Attributes:
        seed, attempt: int, of the order; the latter a function without arguments.
        start_step: function that gives the model's step.
        shuffle: whether each epoch has an order of its own.
    """

    seed: int = 0
    attempt: Callable = lambda: 0
    start_step: Callable = lambda: 0
    shuffle: bool = True


class Adapter:
    """One user's data on its way into a model.

    Args:
        needs: what the model takes, a `Needs`.
        strategy: `tf.distribute` strategy of the model.
        pixel_range: (low, high) as the user has said, or None.
        show: whether sentences go to stderr, not only to the log.
        like: `PixelRange` of the training images, for validation images.

    Attributes:
        data: what Keras' `fit` takes.
        steps: steps per epoch, or None where only the end of the data shows it.
        pixel_range: the `PixelRange` of the images, or None for points.
    """

    def __init__(self, needs, strategy=None, pixel_range=None, show=False, like=None):
        self.needs, self.given, self.show, self.like = needs, pixel_range, show, like
        self.replicas = strategy.num_replicas_in_sync if strategy else 1
        self.strategy = strategy if self.replicas > 1 else None
        self.data = self.steps = self.pixel_range = self._failure = self._source = None
        self._batch = self._groups = 0
        self._reported_rest = False

    def adapt(self, x, y=None, batch_size=None, order=None, steps=None):
        """Sets `data` and `steps`; returns this.

        Args:
            x: arrays, a data set, a generator, a `Source`, …; see `GAN.fit`.
            y: labels of arrays, or None.
            batch_size: images per turn, over all replicas. Defaults to the data set's own, or 64.
            order: an `Order`, of arrays and sources. Defaults to seed 0.
            steps: steps per epoch, as the user asks for, or None.

        Raises:
            UsageError: the data are not what the model needs.
        """
        order, self.steps = order or Order(), steps
        if batch_size is not None:
            self._check_batch_size(batch_size)
        if isinstance(x, Source):
            self._from_source(x, batch_size, order)
        elif isinstance(x, tf.distribute.DistributedDataset):
            self.data = x
        elif user_batches.is_array(x):
            self._from_arrays(x, y, batch_size, order)
        else:
            if y is not None:
                raise UsageError(
                    f"y is given with x of type {type(x).__name__}, whose elements have the labels:"
                    " (images, labels)"
                )
            self._from_batches(x, batch_size)
        return self

    @contextlib.contextmanager
    def reading(self):
        """Inside, what is wrong with the data is its own error, not one of tf.data."""
        with self._source.reading() if self._source else contextlib.nullcontext():
            try:
                yield
            except Exception:
                if self._failure is not None:
                    raise self._failure from None
                raise

    # Arrays and sources ---------------------------------------------------------------------------

    def _from_arrays(self, x, y, batch_size, order):
        images = self._shaped(user_batches.to_numpy(x))
        transform = None
        if self.needs.points:
            images = images.astype(np.float32)
            if not np.isfinite(images).all():
                raise UsageError("the points hold NaN or infinity; numbers are needed")
        else:
            self._decide(images)
            images, transform = self._compact(images)
        labels = None
        if self.needs.labels:
            if y is None:
                raise UsageError(
                    "the model is conditional, and there are no labels: give y, as in fit(x, y)"
                )
            labels = to_classes(user_batches.to_numpy(y), len(images), self.needs.num_classes)
        source = Source("arrays", self.needs.image_shape, images=images, labels=labels)
        self._from_source(source, batch_size, order, transform)

    def _from_source(self, source, batch_size, order, transform=None):
        needs, batch_size = self.needs, batch_size or DEFAULT_BATCH_SIZE
        self._check_batch_size(batch_size)
        if tuple(source.image_shape) != needs.image_shape:
            raise UsageError(_shapes(source.image_shape, needs.image_shape))
        if needs.labels and source.labels is None:
            raise UsageError(f"the model is conditional, and {source.name} has no labels")
        per_step = batch_size * needs.turns
        if len(source) < per_step:
            raise UsageError(
                f"{len(source)} images are fewer than a step needs: batch_size={batch_size} times"
                f" {needs.turns} turns of the discriminator; use a batch_size of at most"
                f" {len(source) // needs.turns}"
            )
        self._source = source
        self.steps = self.steps or len(source) // per_step
        self.data = pipeline.batches(
            source,
            batch_size=batch_size,
            turns=needs.turns,
            seed=order.seed,
            attempt=order.attempt(),
            start_step=order.start_step,
            strategy=self.strategy,
            shuffle=order.shuffle,
            transform=transform,
        )

    def _compact(self, images):
        """The images in the form that is held in memory, and what scales them on the way."""
        limits = self.pixel_range.limits
        if limits == (0, 255) and not np.issubdtype(images.dtype, np.floating):
            return images.astype(np.uint8), None
        if images.dtype not in (np.uint8, np.float16, np.float32):
            images = images.astype(np.float32)
        return images, self._scaled

    def _scaled(self, images):
        """Images in the data's range as float32 in [-1, 1]; uint8 in [0, 255] as they are."""
        limits = self.pixel_range.limits
        if images.dtype == tf.uint8 and limits == (0, 255):
            return images
        return tf.clip_by_value(pixels.to_float(images, limits), -1.0, 1.0)

    # Batches --------------------------------------------------------------------------------------

    def _from_batches(self, x, batch_size):
        if self.strategy and len(self.strategy.extended.worker_devices) < self.replicas:
            raise UsageError(
                f"x is a {type(x).__name__}, which each of several workers would read by itself, so"
                " that images repeat or are left out; arrays and keras_gan.open_source(…) are"
                " shared out exactly, and so is what distribute_datasets_from_function gives"
            )
        rank = len(self.needs.image_shape)
        raw = user_batches.open_batches(x, self.steps, self.needs.labels, rank, self._failed)
        if raw.in_turns:
            self.data = self._turns(raw)
            return
        first = self._shaped(raw.first)
        if not self.needs.points:
            self._decide(first, whole=False)
        batch_size = batch_size or max(len(first) // self.replicas, 1) * self.replicas
        self._check_batch_size(batch_size)
        self.data = self._regrouped(raw, batch_size)
        self.steps = self.steps or None

    def _turns(self, raw):
        """Elements that are turns already [n, turns, …], as the project's own pipeline gives."""
        shape, turns = raw.first.shape[2:], raw.first.shape[1]
        if tuple(shape) != self.needs.image_shape:
            raise UsageError(_shapes(shape, self.needs.image_shape))
        if turns is not None and turns < self.needs.turns:
            raise UsageError(
                f"elements have {turns} turns [n, turns, …], the model takes {self.needs.turns}"
            )
        if isinstance(raw.first, tf.TensorSpec) or raw.first.dtype == np.uint8 or self.needs.points:
            return raw.data
        self._decide(raw.first, whole=False)
        scale = tf.autograph.experimental.do_not_convert(
            lambda images, *labels: (
                (self._scaled(images), *labels) if labels else self._scaled(images)
            )
        )
        return raw.data.map(scale)

    def _regrouped(self, raw, batch_size):
        """A data set of turns from batches of any size."""
        turns, group = self.needs.turns, batch_size * self.needs.turns
        unconverted = tf.autograph.experimental.do_not_convert
        shape, replicas = self.needs.image_shape, self.replicas

        def checked(images, *labels):
            types = [images.dtype, *([tf.int32] if self.needs.labels else [])]
            images, *labels = tf.numpy_function(self._check, [images, *labels], types)
            images = tf.ensure_shape(images, [None, *shape])
            images = tf.cast(images, tf.float32) if self.needs.points else self._scaled(images)
            return (images, *(tf.ensure_shape(label, [None]) for label in labels))

        def full(images, *labels):
            count = tf.shape(images)[0]
            return tf.ensure_shape(
                tf.numpy_function(lambda n: self._is_full(n, group), [count], tf.bool), []
            )

        def turned(*tensors):
            arranged = [self._arrange(tensor, turns, batch_size) for tensor in tensors]
            return tuple(arranged) if len(arranged) > 1 else arranged[0]

        data = raw.data.map(unconverted(checked)).rebatch(group)
        data = data.filter(unconverted(full)).map(unconverted(turned))
        if replicas == 1:
            return data.prefetch(pipeline.PARALLEL)

        def of_worker(context):
            local = replicas // context.num_input_pipelines
            first, rows = context.input_pipeline_id * local, batch_size // replicas

            def shares(*tensors):
                parts = [
                    tf.reshape(t, [replicas, rows, *t.shape[1:]])[first : first + local]
                    for t in tensors
                ]
                return tuple(parts) if len(parts) > 1 else parts[0]

            return data.map(unconverted(shares)).unbatch().prefetch(pipeline.PARALLEL * local)

        return self.strategy.distribute_datasets_from_function(of_worker)

    @staticmethod
    def _arrange(tensor, turns, batch_size):
        """A group [turns · n, …] as [n, turns, …]: the first n are those of the first turn."""
        tail = tensor.shape[1:]
        grouped = tf.reshape(tensor, [turns, batch_size, *tail])
        return tf.transpose(grouped, [1, 0, *range(2, 2 + len(tail))])

    def _failed(self, error):
        self._failure = self._failure or error  # more may follow, of batches made ahead

    def _check(self, images, labels=None):
        """A batch that is fit for use, of tf.data's; what is wrong is kept for `reading`."""
        try:
            self._batch += 1
            images = self._shaped(images)
            if self.pixel_range is not None:
                self.pixel_range.check(images, self._batch)
            elif not np.isfinite(images).all():
                raise UsageError(f"batch {self._batch} of the points holds NaN or infinity")
            if not self.needs.labels:
                return images
            where = f" of batch {self._batch}"
            return images, to_classes(labels, len(images), self.needs.num_classes, where)
        except UsageError as error:
            self._failed(error)
            raise

    def _is_full(self, count, group):
        """Whether a group is complete; an incomplete one is the last."""
        if count == group:
            self._groups += 1
            return True
        if not self._groups:
            self._failure = UsageError(
                f"the data set ends after {count} images, fewer than the {group} of a step; use a"
                " smaller batch_size"
            )
            raise self._failure
        if not self._reported_rest:
            self._report(f"the last {count} images are dropped: a step takes {group}")
        self._reported_rest, self._groups = True, 0
        return False

    # All ------------------------------------------------------------------------------------------

    def _shaped(self, images):
        """Images [n, h, w, c] or points [n, d], of the model's shape."""
        shape = self.needs.image_shape
        if images.ndim == len(shape) and shape[-1] == 1 and images.shape[1:] == shape[:-1]:
            images = images[..., None]
        if images.ndim == len(shape) and images.shape == shape:
            raise UsageError(
                f"x holds single images {list(shape)}, batches are needed: x[None] for an array,"
                " .batch(64) for a data set"
            )
        if images.shape[1:] != shape:
            raise UsageError(_shapes(images.shape[1:], shape))
        return images

    def _decide(self, images, whole=True):
        if self.like is None:
            self.pixel_range = decide(images, self.given, whole)
            self._report(self.pixel_range.sentence)
            return
        given, like = self.given, self.like
        if given is None and like.dtype == images.dtype and (like.explicit or not whole):
            given = like.limits  # what a few images don't show is as in training
        self.pixel_range = decide(images, given, whole)
        alike = np.dtype(like.dtype) == images.dtype
        if alike and self.pixel_range.limits != like.limits:
            raise UsageError(
                f"validation {self.pixel_range.sentence}, but training {like.sentence}; give both"
                " one range"
            )

    def _check_batch_size(self, batch_size):
        if not isinstance(batch_size, (int, np.integer)) or batch_size < 2 * self.replicas:
            raise UsageError(
                f"batch_size={batch_size!r}: at least 2 images per replica are needed, so"
                f" {2 * self.replicas} or more"
            )
        if batch_size % self.replicas:
            below = batch_size // self.replicas * self.replicas
            raise UsageError(
                f"batch_size={batch_size}: a multiple of the {self.replicas} replicas is needed,"
                f" such as {below} or {below + self.replicas}"
            )
        step = self.replicas * self.needs.accumulate
        if batch_size % step:
            raise UsageError(
                f"batch_size={batch_size}: accumulate={self.needs.accumulate} splits each"
                f" replica's images into equal parts; a multiple of {step} is needed, such as"
                f" {max(batch_size // step, 1) * step}"
            )

    def _report(self, sentence):
        if self.show:
            print(sentence, file=sys.stderr)
        else:
            logging.info(sentence)


def _shapes(given, needed):
    given, needed = list(given), list(needed)
    text = f"images are {given}, the model's are {needed}"
    if len(given) == 1 and np.prod(given) == np.prod(needed):
        return f"{text}: x.reshape({[-1, *needed]})"
    if len(given) == len(needed) == 3:
        what = "image_shape" if given[:2] == needed[:2] else "resize them, or image_shape"
        return f"{text}: {what}={tuple(given)} builds a model for them"
    return text
