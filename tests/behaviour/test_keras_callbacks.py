"""Keras' callbacks and the project's own, with plain `fit` on Fashion-MNIST."""

import csv
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_gan
from keras_gan.errors import UsageError

QUIET = {"verbose": 0, "batch_size": 32}


def networks(activation="tanh"):
    latents, images = keras.Input((4,)), keras.Input((28, 28, 1))
    x = keras.layers.Dense(784, activation=activation)(keras.layers.Dense(8)(latents))
    features = keras.layers.Dense(8, activation="relu")(keras.layers.Flatten()(images))
    generator = keras.Model(latents, keras.layers.Reshape((28, 28, 1))(x))
    return generator, keras.Model(images, keras.layers.Dense(1)(features))


def make(**rules):
    keras.utils.set_random_seed(0)
    gan = keras_gan.GAN(*networks())
    gan.compile(**rules)
    return gan


def state(gan):
    return {name: [np.array(v.value) for v in vs] for name, vs in gan.state().items()}


def assert_same_state(first, second):
    for name, arrays in state(first).items():
        for a, b in zip(arrays, state(second)[name], strict=True):
            np.testing.assert_array_equal(a, b, err_msg=name)


@pytest.fixture(scope="module")
def images(fashion_mnist):
    return fashion_mnist.images[:128]


@pytest.fixture(scope="module")
def gan():
    return make()


def test_what_keras_shows_and_writes(gan, images, tmp_path):
    """CSVLogger, TensorBoard, ModelCheckpoint, LambdaCallback, and validation's values."""
    seen = []
    callbacks = [
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.TensorBoard(tmp_path / "board"),
        keras.callbacks.ModelCheckpoint(
            tmp_path / "best.keras", monitor="val_d_loss", mode="min", save_best_only=True
        ),
        keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(dict(logs))),
        keras.callbacks.EarlyStopping(monitor="g_loss", mode="min", patience=9),
    ]
    history = gan.fit(images, epochs=2, validation_data=images[:50], callbacks=callbacks, **QUIET)
    rows = list(csv.DictReader((tmp_path / "log.csv").read_text().splitlines()))
    for key in ("d_loss", "g_loss", "loss", "val_d_loss", "val_d_accuracy_real"):
        written = [float(row[key]) for row in rows]
        np.testing.assert_allclose(written, history.history[key], rtol=1e-5)
        np.testing.assert_allclose([logs[key] for logs in seen], history.history[key], rtol=1e-6)
    assert list((tmp_path / "board").rglob("events*"))
    loaded = keras_gan.load(tmp_path / "best.keras")
    best = int(np.argmin(history.history["val_d_loss"]))
    assert int(loaded.step.numpy()) == int(gan.step.numpy()) - 4 * (1 - best)


def test_the_bar_of_keras_shows_both_losses(gan, images, capsys):
    gan.fit(images, batch_size=32, verbose=2)
    shown = capsys.readouterr().out
    assert "d_loss: " in shown and "g_loss: " in shown and "loss: " in shown


@pytest.mark.parametrize("callback", ["EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint"])
def test_a_monitor_needs_a_mode(gan, images, callback):
    """Keras' own error comes after the first epoch."""
    options = {"filepath": "x.keras", "save_best_only": True} if "Model" in callback else {}
    monitoring = getattr(keras.callbacks, callback)(monitor="d_loss", **options)
    with pytest.raises(UsageError, match="mode='min'"):
        gan.fit(images, callbacks=[monitoring], **QUIET)


def test_swap_ema_weights_is_refused(gan, images):
    with pytest.raises(UsageError, match="average=0.999"):
        gan.fit(images, callbacks=[keras.callbacks.SwapEMAWeights()], **QUIET)
    with pytest.raises(UsageError, match="str is no Keras callback"):
        gan.fit(images, callbacks=["History"], **QUIET)


@pytest.mark.parametrize("kind", ["LearningRateScheduler", "ReduceLROnPlateau"])
def test_learning_rates_keep_their_proportion(images, kind):
    gan = make(d_optimizer=keras.optimizers.SGD(0.4), g_optimizer=keras.optimizers.SGD(0.1))
    callback = {
        "LearningRateScheduler": lambda: keras.callbacks.LearningRateScheduler(
            lambda epoch, rate: rate * 0.5
        ),
        # Nothing is ever better by 1e9, so the rate is halved once, after the second epoch.
        "ReduceLROnPlateau": lambda: keras.callbacks.ReduceLROnPlateau(
            monitor="d_loss", mode="min", min_delta=1e9, patience=1, factor=0.5
        ),
    }[kind]()
    gan.fit(images, epochs=2, steps_per_epoch=1, callbacks=[callback], **QUIET)
    halvings = 2 if kind == "LearningRateScheduler" else 1
    np.testing.assert_allclose(float(gan.g_optimizer.learning_rate), 0.1 * 0.5**halvings)
    np.testing.assert_allclose(float(gan.d_optimizer.learning_rate), 0.4 * 0.5**halvings)


def test_learning_rates_beside_a_schedule_are_refused(images):
    decay = keras.optimizers.schedules.CosineDecay(0.1, 100)
    gan = make(d_optimizer=keras.optimizers.SGD(decay))
    callback = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate)
    with pytest.raises(UsageError, match="discriminator's optimizer, which has a learning rate"):
        gan.fit(images, callbacks=[callback], **QUIET)


def test_nan_in_the_losses_stops(images):
    """A skipped step keeps weights finite, so `loss` is NaN to say it."""
    gan = make()
    kernel = gan.discriminator.trainable_variables[0]
    kernel.assign(tf.fill(kernel.shape, np.nan))
    gan.fit(images, epochs=3, callbacks=[keras.callbacks.TerminateOnNaN()], **QUIET)
    assert int(gan.step.numpy()) == 1


class Kill(keras.callbacks.Callback):
    """Ends training as a killed process would."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


def test_backup_and_restore_is_exact(images, tmp_path):
    """Also the data: the pipeline reads the step when its iterator starts, after the restore."""
    whole, first, second = make(), make(), make()
    rows = images[:80]  # 2.5 steps an epoch, so that the counter of samples matters
    whole.fit(rows, epochs=3, **QUIET)
    backup = lambda: keras.callbacks.BackupAndRestore(tmp_path / "backup")
    with pytest.raises(KeyboardInterrupt):
        first.fit(rows, epochs=3, callbacks=[backup(), Kill(2)], **QUIET)
    second.fit(rows, epochs=3, callbacks=[backup()], **QUIET)
    assert int(second.step.numpy()) == 6
    assert_same_state(whole, second)


def test_steps_per_execution_and_eager_steps_equal_plain_ones(images):
    expected, several, eager = make(), make(steps_per_execution=2), make(run_eagerly=True)
    steps = []

    class Record(keras_gan.callbacks.EveryNSteps):
        def on_nth_step(self, step):
            steps.append(step)

    expected.fit(images, **QUIET)
    several.fit(images, callbacks=[Record(2)], **QUIET)
    assert steps == [2, 4] and int(several.step.numpy()) == 4
    eager.fit(images, **QUIET)
    for gan in (several, eager):
        for a, b in zip(state(expected)["generator"], state(gan)["generator"], strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)


def test_the_projects_own_callbacks(fashion_mnist, images, tmp_path, capsys):
    gan = make()
    callbacks = keras_gan.callbacks
    best = tmp_path / "best.keras"
    score = callbacks.Score(fashion_mnist.images[:512], 100, extractor="fashion_mnist_cnn")
    watched = [
        # Before the score: it is found all the same.
        keras.callbacks.ModelCheckpoint(best, "val_fd", mode="min", save_best_only=True),
        score,
        callbacks.Samples(tmp_path / "samples", every=3),
        callbacks.Health(every=2),
        callbacks.Progress(every=2),
    ]
    history = gan.fit(images, epochs=2, callbacks=watched, **QUIET).history
    assert len(history["val_fd"]) == 2 and np.isfinite(history["val_fd"]).all()
    names = sorted(path.name for path in pathlib.Path(tmp_path / "samples").iterdir())
    assert [n for n in names if n.startswith("samples")] == [
        "samples-00000003.png",
        "samples-00000006.png",
    ]
    assert "8/8" in capsys.readouterr().err and best.exists()
    assert isinstance(watched[3].events, list)


def test_health_stops_a_model_that_collapsed(images):
    """A generator whose weights are zero makes one image of everything."""
    gan = make()
    for variable in gan.generator.trainable_variables:
        variable.assign(tf.zeros_like(variable))
    gan.g_optimizer.learning_rate = 0.0
    health = keras_gan.callbacks.Health(every=2, stop=True)
    gan.fit(images, epochs=20, callbacks=[health], **QUIET)
    assert health.stopped and int(gan.step.numpy()) < 80
    assert any(event["failure"] for event in health.events)
