"""The order is a pure function of (seed, attempt, step), on one device or several."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.data import Source, pipeline
from keras_gan.errors import UsageError

COUNT = 53  # prime: no batch size divides it


def numbered(count=COUNT, labelled=True, in_memory=True):
    """Images whose pixels and labels are their index."""
    images = np.arange(count, dtype=np.uint8)[:, None, None, None] * np.ones((28, 32, 3), np.uint8)
    labels = np.arange(count, dtype=np.int32) if labelled else None
    if in_memory:
        return Source("numbered", (28, 32, 3), images=images, labels=labels)
    return Source("numbered", (28, 32, 3), read=lambda i: images[i], count=count, labels=labels)


def label_order(source=None, **options):
    """The labels of the batches, int [steps, batch, turns]."""
    options = {"batch_size": 6, "turns": 2, "seed": 3, "attempt": 0, "steps": 60, **options}
    return np.array([labels for _, labels in pipeline.batches(source or numbered(), **options)])


@pytest.mark.parametrize("in_memory", [True, False])
def test_elements_hold_images_with_their_labels(in_memory):
    data = pipeline.batches(numbered(in_memory=in_memory), batch_size=6, turns=2, steps=3)
    assert data.element_spec[0].shape == (6, 2, 28, 32, 3)
    assert data.element_spec[1].shape == (6, 2)
    for images, labels in data:
        assert images.dtype == tf.uint8 and labels.dtype == tf.int32
        np.testing.assert_array_equal(images[:, :, 5, 7, 1], labels)


def test_unlabelled_elements_are_a_bare_tensor():
    data = pipeline.batches(numbered(labelled=False), batch_size=4, turns=1, steps=1)
    assert data.element_spec.shape == (4, 1, 28, 32, 3)


@pytest.mark.parametrize("in_memory", [True, False])
def test_resumed_run_sees_what_it_would_have_seen(in_memory):
    source = numbered(in_memory=in_memory)
    whole = label_order(source)
    np.testing.assert_array_equal(label_order(source, start_step=37, steps=23), whole[37:])


def test_every_epoch_is_a_permutation_of_its_own():
    samples = label_order(steps=4 * COUNT).transpose(0, 2, 1).ravel()  # in order of sample numbers
    epochs = samples[: 40 * COUNT].reshape(-1, COUNT)
    for epoch in epochs:
        assert sorted(epoch) == list(range(COUNT))
    assert len({tuple(epoch) for epoch in epochs}) == len(epochs)


def test_order_looks_random():
    index = pipeline.order(tf.range(20_000, dtype=tf.int64), 10_000, seed=5).numpy()
    for epoch in (index[:10_000], index[10_000:]):
        assert abs(np.corrcoef(epoch, np.arange(10_000))[0, 1]) < 0.04
        assert abs(np.corrcoef(epoch[1:], epoch[:-1])[0, 1]) < 0.04
        # A random permutation has one fixed point on average.
        assert (epoch == np.arange(10_000)).sum() < 8


def test_the_orders_of_seeds_attempts_and_epochs_are_uncorrelated():
    """Chance alone gives correlations of about 1/√n, 0.004; the limit is five times that."""
    count = 60_000
    epoch = tf.range(count, dtype=tf.int64)
    orders = [
        pipeline.order(epoch + count * number, count, seed=seed, attempt=attempt).numpy()
        for seed, attempt, number in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (7, 0, 3))
    ]
    correlations = np.corrcoef(orders)[np.triu_indices(len(orders), 1)]
    assert np.abs(correlations).max() < 0.02
    neighbours = [np.corrcoef(order[:-1], order[1:])[0, 1] for order in orders]
    assert np.abs(neighbours).max() < 0.02


@pytest.mark.parametrize("change", [{"seed": 4}, {"attempt": 1}, {"start_step": 1}])
def test_order_depends_on_seed_attempt_and_step(change):
    assert (label_order(**change) != label_order()).mean() > 0.9


def test_order_does_not_depend_on_how_many_iterators_were_made():
    data = pipeline.batches(numbered(), batch_size=6, turns=1, seed=3, steps=5)
    first = [labels.numpy() for _, labels in data]
    next(iter(data))
    np.testing.assert_array_equal(first, [labels.numpy() for _, labels in data])


@pytest.mark.parametrize("count", [1, 2, 3])
def test_tiny_data_sets_repeat(count):
    labels = label_order(numbered(count))
    assert set(labels.ravel()) == set(range(count))


def test_points_pass_through():
    points = np.random.default_rng(0).normal(size=(COUNT, 2)).astype(np.float32)
    source = Source("points", (2,), images=points)
    (batch,) = pipeline.batches(source, batch_size=COUNT, turns=1, steps=1)
    np.testing.assert_array_equal(np.sort(batch[:, 0], 0), np.sort(points, 0))


@pytest.mark.parametrize("in_memory", [True, False])
def test_replicas_rows_are_the_one_device_batch(mirrored, in_memory):
    source = numbered(in_memory=in_memory)
    options = {"batch_size": 6, "turns": 2, "seed": 3, "start_step": 5, "steps": 12}
    data = pipeline.batches(source, strategy=mirrored, **options)
    together = [
        np.concatenate([rows.numpy() for rows in mirrored.experimental_local_results(labels)])
        for _, labels in data
    ]
    np.testing.assert_array_equal(together, label_order(source, **options))


def test_workers_rows_are_the_one_device_batch(monkeypatch):
    """Two pipelines of two replicas each, as `tf.distribute` would request them."""

    class TwoWorkers:
        num_replicas_in_sync = 4

        def distribute_datasets_from_function(self, of_worker):
            return [
                of_worker(tf.distribute.InputContext(2, worker, self.num_replicas_in_sync))
                for worker in range(2)
            ]

    source = numbered()
    options = {"batch_size": 8, "turns": 2, "seed": 3, "steps": 9}
    workers = pipeline.batches(source, strategy=TwoWorkers(), **options)
    # Two elements of two rows per step; with several workers the data set has no end.
    rows = [np.array([labels for _, labels in data.take(2 * 9)]) for data in workers]
    rows = [r.reshape(9, 4, 2) for r in rows]
    np.testing.assert_array_equal(np.concatenate(rows, 1), label_order(source, **options))


class Recorder(keras.Model):
    """Records the labels that `fit` passes to each replica."""

    def __init__(self, steps, rows, replicas):
        super().__init__()
        self.rows, self.replicas = rows, replicas
        counter = {
            "dtype": "int64",
            "initializer": "zeros",
            "trainable": False,
            "aggregation": "only_first_replica",
        }
        self.seen = self.add_weight(shape=(steps, rows * replicas), **counter)
        self.step = self.add_weight(shape=(), **counter)
        self.built = True

    def train_step(self, data):
        _, labels = data
        context = tf.distribute.get_replica_context()
        everything = tf.cast(labels[:, 0], tf.int64)
        if self.replicas > 1:
            everything = context.all_gather(everything, axis=0)
        row = tf.one_hot(self.step.value, self.seen.shape[0], dtype=tf.int64)
        self.seen.assign_add(row[:, None] * everything)
        self.step.assign_add(1)
        return {"step": tf.zeros((1,))}


@pytest.mark.parametrize("replicas", [1, 2])
def test_fit_sees_each_batch_once_and_in_order(request, replicas):
    strategy = request.getfixturevalue("mirrored") if replicas > 1 else tf.distribute.get_strategy()
    source = numbered()
    with strategy.scope():
        model = Recorder(7, 6 // replicas, replicas)
        model.compile(optimizer=keras.optimizers.SGD(), jit_compile=False)
    options = {"batch_size": 6, "turns": 1, "seed": 3, "start_step": 2, "steps": 7}
    data = pipeline.batches(source, strategy=strategy, **options)
    model.fit(data, steps_per_epoch=7, verbose=0, shuffle=False)
    np.testing.assert_array_equal(model.seen.numpy(), label_order(source, **options)[:, :, 0])


def test_indivisible_batch_names_the_nearest(mirrored):
    with pytest.raises(UsageError, match=r"--batch_size=7.* 6 or 8"):
        pipeline.batches(numbered(), batch_size=7, turns=1, seed=0, steps=1, strategy=mirrored)


def test_a_picture_that_vanishes_ends_the_run_with_its_reason():
    def read(index):
        raise OSError("gone.png was readable")

    source = Source("gone", (28, 28, 1), read=read, count=4)
    with pytest.raises(tf.errors.OpError, match=r"gone\.png"):
        list(pipeline.batches(source, batch_size=2, turns=1, seed=0, steps=1))


def test_an_image_that_vanishes_is_reported_as_the_original_error():
    def read(index):
        if index == 7:
            raise OSError("7.png was readable when the run started, but no longer is")
        return np.zeros((4, 4, 1), np.uint8)

    source = Source("folder", (4, 4, 1), read=read, count=8)
    with pytest.raises(OSError, match="^7.png was readable"), source.reading():
        list(pipeline.batches(source, batch_size=4, steps=4))


@pytest.mark.parametrize("in_memory", [True, False])
@pytest.mark.parametrize("labelled", [True, False])
def test_mirrored_an_epoch_has_each_image_and_its_mirror_image_once(in_memory, labelled):
    source = numbered(labelled=labelled)
    source.images[:, :, 0] = 255  # the left edge
    if not in_memory:
        pixels, labels = source.images, source.labels
        source = Source(
            "numbered", (28, 32, 3), read=lambda i: pixels[i], count=COUNT, labels=labels
        )
    data = pipeline.batches(source, batch_size=COUNT, steps=2, seed=1, mirror=True)
    seen = []
    for element in data:
        images, labels = element if labelled else (element, None)
        left, right = images[:, 0, 3, 0, 0].numpy(), images[:, 0, 3, -1, 0].numpy()
        flipped = right == 255
        number = np.where(flipped, left, right)
        if labelled:
            np.testing.assert_array_equal(labels[:, 0], number)
        seen += zip(number.tolist(), flipped.tolist())
    assert sorted(seen) == [(i, flip) for i in range(COUNT) for flip in (False, True)]
    again = pipeline.batches(source, batch_size=COUNT, start_step=1, steps=1, seed=1, mirror=True)
    first = next(iter(again))
    np.testing.assert_array_equal(first[0] if labelled else first, images)
