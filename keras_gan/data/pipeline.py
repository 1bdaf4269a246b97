"""The input pipeline: batches whose order is a pure function of (seed, attempt, step)."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from keras_gan.data.source import Source
from keras_gan.data.windows import WindowSource
from keras_gan.step.replicas import rows_per_replica

ENDLESS = 2**40
POSITIONS = 2**20  # of windows; exact in float32
PARALLEL = 2  # batches made ahead, fixed: autotuning stalls when an iterator is deleted


def batches(
    source: Source,
    *,
    batch_size: int,
    turns: int = 1,
    seed: int = 0,
    attempt: int = 0,
    start_step: int | Callable[[], int] = 0,
    steps: int | None = None,
    mirror: bool = False,
    strategy: tf.distribute.Strategy | None = None,
    shuffle: bool = True,
    transform: Callable | None = None,
) -> tf.data.Dataset | tf.distribute.DistributedDataset:
    """The data for `fit`: `steps` batches, starting with that of `start_step`.

    A sample's number is (step·turns + turn)·batch_size + position, and each epoch is a different
    permutation. So a resumed run sees the same batches as an uninterrupted one, and replicas
    together see the rows of the one-device batch.

    Args:
        source: a `Source`.
        batch_size: images per turn, over all replicas.
        turns: turns of D per step, each with fresh images. Defaults to 1.
        seed: non-negative integer that the order depends on. Defaults to 0.
        attempt: number of roll-backs so far, which the order depends on too. Defaults to 0.
        start_step: step of the first batch, or a function that gives it when an iterator starts: a
            model may be restored after its data set was made. Defaults to 0.
        steps: number of batches. Defaults to None, no end.
        mirror: whether each image's mirror image, left to right, is an image too, so that an epoch
            is twice as long. Defaults to False.
        strategy: `tf.distribute` strategy; each replica gets consecutive rows of the batch.
            Defaults to None, one device.
        shuffle: whether each epoch is a permutation of its own; False keeps the source's order.
        transform: function of the images [n, turns, …] of an element, or None.

    Returns:
        A data set of tuples (images uint8 [n, turns, h, w, c] or points float32 [n, turns, 2],
        labels int32 [n, turns]); without labels, of bare tensors of images. n is `batch_size`;
        with several replicas the data set is distributed, and n is the rows per replica.

    Raises:
        UsageError: `batch_size` is not a multiple of the number of replicas.
    """
    replicas = strategy.num_replicas_in_sync if strategy else 1
    rows = rows_per_replica(batch_size, replicas)

    def shares(first_replica, local_replicas):
        """The batches of some consecutive replicas: one element per replica and step."""
        load = _loader(source, transform, seed, attempt)
        if mirror:
            load = _mirrored(load, len(source))
        count = len(source) * (2 if mirror else 1)

        def element(number, start=start_step):
            step = start + number // local_replicas
            replica = first_replica + number % local_replicas
            position = replica * rows + tf.range(rows, dtype=tf.int64)
            turn = tf.range(turns, dtype=tf.int64)
            sample = (step * turns + turn[None, :]) * batch_size + position[:, None]
            index = order(sample, count, seed, attempt) if shuffle else sample % count
            return load(index, sample)

        data = tf.data.Dataset.range(ENDLESS if steps is None else steps * local_replicas)
        if callable(start_step):
            data = _starting(data, start_step)
        data = data.map(
            tf.autograph.experimental.do_not_convert(element),
            num_parallel_calls=PARALLEL,
            deterministic=True,
        )
        options = tf.data.Options()
        options.autotune.enabled = False
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
        return data.prefetch(PARALLEL * local_replicas).with_options(options)

    if replicas == 1:
        return shares(0, 1)

    def of_worker(context):
        local = replicas // context.num_input_pipelines
        data = shares(context.input_pipeline_id * local, local)
        # With several workers, a finite data set loses the static shape of its batches, so it
        # repeats without end: `fit` knows the number of steps.
        return data.repeat() if context.num_input_pipelines > 1 else data

    return strategy.distribute_datasets_from_function(of_worker)


def _starting(numbers, start_step):
    """A data set of (number, start), with the start that is asked for when an iterator starts."""

    def ask(_):
        start = tf.numpy_function(lambda: np.int64(start_step()), [], tf.int64, stateful=True)
        return tf.ensure_shape(start, [])

    start = tf.data.Dataset.range(1).map(tf.autograph.experimental.do_not_convert(ask))
    return start.flat_map(
        tf.autograph.experimental.do_not_convert(
            lambda first: numbers.map(lambda number: (number, first))
        )
    )


def order(sample: tf.Tensor, count: int, seed: int, attempt: int = 0) -> tf.Tensor:
    """The index of the image for each sample number.

    Args:
        sample: int64 of any shape; numbers count on from one epoch to the next.
        count: number of images.
        seed: non-negative integer.
        attempt: non-negative integer. Defaults to 0.

    Returns:
        int64 of the same shape, below `count`; a permutation within each epoch.
    """
    return _permuted(sample, count, seed, attempt)


def _permuted(sample, count, seed, attempt):
    flat = tf.reshape(tf.cast(sample, tf.int64), [-1])
    epoch = flat // count
    run = tf.constant([seed, attempt], tf.int64)
    keys = tf.concat([tf.broadcast_to(run, [tf.size(flat), 2]), epoch[:, None]], 1)
    # The raw op, because its wrapper pads one key per index wrongly. With its default of four
    # rounds the orders of any two seeds or epochs of 60,000 images correlate at 0.5 to 0.9.
    index = tf.raw_ops.RandomIndexShuffle(
        index=flat % count, seed=keys, max_index=tf.constant(count - 1, tf.int64), rounds=16
    )
    return tf.reshape(index, tf.shape(sample))


def positions(sample: tf.Tensor, seed: int, attempt: int = 0) -> tf.Tensor:
    """Where each sample's window is cut out of its picture: uniform in [0, 1), without a state.

    Args:
        sample: int64 of any shape, as for `order`.
        seed, attempt: as for `order`.

    Returns:
        float32 of the same shape, a function of the sample's number.
    """
    # A permutation of the numbers below 2^20; the attempt is one that no order has.
    numbers = _permuted(sample, POSITIONS, seed, attempt + ENDLESS)
    return tf.cast(numbers, tf.float32) / POSITIONS


def _loader(source, transform=None, seed=0, attempt=0):
    """A function from indices and sample numbers, int64 [n, turns], to an element of the data."""
    with tf.device("CPU:0"):  # tf.data runs there, even if there is a GPU
        # Eager tensors are captured by handle, not written into the graph.
        labels = None if source.labels is None else tf.constant(source.labels)
        images = None if source.images is None else tf.constant(source.images)
    if images is not None:

        def load(index, _):
            return tf.gather(images, index)
    else:

        def read(index, *where):
            if where:
                images = source.fetch_windows(index.ravel(), where[0].ravel())
            else:
                images = source.fetch(index.ravel())[0]
            return images.reshape(*index.shape, *source.image_shape)

        def load(index, sample):
            windows = isinstance(source, WindowSource)
            where = [positions(sample, seed, attempt)] if windows else []
            images = tf.numpy_function(read, [index, *where], tf.uint8, stateful=False)
            return tf.ensure_shape(images, [*index.shape, *source.image_shape])

    def transformed(index, sample):
        images = load(index, sample)
        return transform(images) if transform else images

    if labels is None:
        return transformed
    return lambda index, sample: (transformed(index, sample), tf.gather(labels, index))


def _mirrored(load, count):
    """What loads image i, or from i = `count` on the mirror image of image i - `count`."""

    def loaded(index, sample):
        element = load(index % count, sample)
        images, labels = element if isinstance(element, tuple) else (element, None)
        flips = (index >= count)[..., None, None, None]
        images = tf.where(flips, tf.reverse(images, [-2]), images)
        return images if labels is None else (images, labels)

    return loaded
