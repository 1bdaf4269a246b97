"""Callbacks are called at the model's steps, however `fit` is called."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import GAN
from keras_gan.monitoring.callbacks import EveryNSteps, window_means
from keras_gan.monitoring.stopping import StopOnSignal
from keras_gan.run.interruption import Interruption

OPTIONS = {"verbose": 0, "shuffle": False}


class Record(EveryNSteps):
    """Records the steps it was called at, and the model's counter at each."""

    def __init__(self, every):
        super().__init__(every)
        self.steps, self.counters = [], []

    def on_nth_step(self, step):
        self.steps.append(step)
        self.counters.append(int(self.model.step.numpy()))


class Workers:
    """Worker processes, of which the others send `others`."""

    def __init__(self, *others):
        self.others, self.count, self.calls = others, 1 + len(others), 0

    def all_gather(self, value):
        self.calls += 1
        return np.array([value, *self.others])


@pytest.fixture
def gan():
    latents, images = keras.Input((2,)), keras.Input((2,))
    logits = keras.layers.Reshape(())(keras.layers.Dense(1)(images))
    gan = GAN(
        keras.Model(latents, keras.layers.Dense(2)(latents)),
        keras.Model(images, {"logits": logits}),
    )
    gan.compile()
    return gan


def fit(gan, steps, callback, epochs=1):
    points = tf.zeros((4, 1, 2))
    data = tf.data.Dataset.from_tensors(points).repeat()
    gan.fit(data, steps_per_epoch=steps, epochs=epochs, **OPTIONS, callbacks=[callback])


@pytest.mark.parametrize("every, expected", [(0, []), (1, [1, 2, 3, 4]), (3, [3])])
def test_it_is_called_every_n_steps(gan, every, expected):
    record = Record(every)
    fit(gan, 4, record)
    assert record.steps == record.counters == expected


def test_the_count_continues_over_epochs(gan):
    record = Record(2)
    fit(gan, 3, record, epochs=3)
    assert record.steps == record.counters == [2, 4, 6, 8]


def test_the_count_continues_over_calls_of_fit(gan):
    record = Record(4)
    for steps in (3, 3, 5):
        fit(gan, steps, record)
    assert record.steps == record.counters == [4, 8]


def test_the_count_follows_a_model_that_went_back(gan):
    record = Record(2)
    fit(gan, 5, record)
    gan.step.assign(1)  # as a roll-back does between two calls
    fit(gan, 3, record)
    assert record.steps == record.counters == [2, 4, 2, 4]


def test_window_means_are_those_of_the_steps_since_the_last_multiple(gan):
    fit(gan, 5, Record(0))
    losses = gan.recorder.read(5)[1]["discriminator/loss"]
    for every, start in ((2, 4), (3, 3), (5, 0)):
        mean = window_means(gan, 5, every)["discriminator/loss"]
        np.testing.assert_allclose(mean, losses[start:].mean(), rtol=1e-6)


def test_a_signal_stops_a_single_process_after_the_current_step(gan):
    interruption = Interruption()
    stop = StopOnSignal(interruption, Workers(), every=100)
    fit(gan, 2, stop)
    assert int(gan.step.numpy()) == 2
    interruption.status = 143
    fit(gan, 5, stop)
    assert int(gan.step.numpy()) == 3


def test_a_signal_to_another_process_stops_this_one_at_the_next_synchronisation(gan):
    interruption, workers = Interruption(), Workers(0, 130)
    fit(gan, 10, StopOnSignal(interruption, workers, every=4))
    assert int(gan.step.numpy()) == 4 and interruption.status == 130 and workers.calls == 1


def test_several_processes_without_a_signal_continue(gan):
    interruption, workers = Interruption(), Workers(0)
    fit(gan, 10, StopOnSignal(interruption, workers, every=4))
    assert int(gan.step.numpy()) == 10 and interruption.status is None and workers.calls == 2
