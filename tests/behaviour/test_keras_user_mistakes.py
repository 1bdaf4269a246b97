"""A Keras user's mistakes: each is one sentence, before the first step."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_gan
from keras_gan.data import pipeline
from keras_gan.errors import UsageError
from tests.behaviour.test_keras_user import QUIET, make, networks, refused

Adam, callbacks = keras.optimizers.Adam, keras.callbacks


@pytest.fixture(scope="module")
def images(fashion_mnist):
    return fashion_mnist.images[:160]


@pytest.fixture(scope="module")
def gan():
    return make()


# Arguments ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"epochs": "2"}, ("epochs='2'", "whole number")),
        ({"epochs": 1.5}, ("epochs=1.5",)),
        ({"steps_per_epoch": 0}, ("steps_per_epoch=0", "1 to")),
        ({"steps_per_epoch": -1}, ("steps_per_epoch=-1",)),
        ({"validation_steps": 2.5}, ("validation_steps=2.5",)),
        ({"epoch": 2}, ("fit has no epoch", "epochs")),
    ],
)
def test_numbers_of_fit(gan, images, arguments, words):
    refused(lambda: gan.fit(images, **arguments, **QUIET), *words)


def test_what_a_gan_does_not_do(gan, images, tmp_path):
    refused(lambda: gan.evaluate(images, step=2), "evaluate has no step", "steps")
    refused(lambda: gan.train_on_batch(images), "fit(", "steps_per_epoch=1")
    refused(lambda: gan.test_on_batch(images), "evaluate(")
    refused(lambda: gan.save(tmp_path / "gan.h5"), ".keras")
    refused(lambda: gan.export(tmp_path / "export", format="onnx"), "'onnx'", "--export_format")


def a_loss(real_logits):
    return real_logits, real_logits


def first(turn):
    return tf.reduce_mean(turn.real_output["logits"])


SOFT = keras_gan.targets.Targets(real=(0.7, 1.2))
DECAY = keras.optimizers.schedules.CosineDecay(1e-3, 100)


@pytest.mark.parametrize(
    "rules, words",
    [
        ({"loss": a_loss}, ("loss=a_loss", "(real_logits, fake_logits)")),
        ({"loss": lambda real, fake: (0.0, 0.0)}, ("float", "gradient")),
        ({"loss": "hinge", "targets": SOFT}, ("hinge", "none to soften", "non_saturating")),
        ({"d_inputs": [lambda images: images]}, ("d_inputs", "(images, key, step)")),
        ({"d_inputs": [keras.layers.RandomFlip()]}, ("RandomFlip", "into the discriminator")),
        ({"penalties": [lambda one, two: one]}, ("penalties", "(turn)")),
        ({"penalties": [first, first]}, ("two are named first",)),
        ({"clip_norm": -1.0}, ("clip_norm=-1.0", "a number")),
        ({"d_constraint": "maxnorm!"}, ("d_constraint", "max_norm")),
        ({"d_learning_rate_schedule": 0.1}, ("d_learning_rate_schedule=0.1", "Schedule")),
        ({"g_learning_rate_schedule": DECAY}, ("CosineDecay", "optimizer's learning_rate")),
        ({"d_optimizer": Adam(clipnorm=1.0)}, ("clipnorm=1.0", "clip_norm=")),
        ({"d_optimizer": keras.optimizers.LossScaleOptimizer(Adam())}, ("loss_scaling=True",)),
        ({"d_optimizer": {"lr": 0.1}}, ("d_optimizer=a dict", "adamw")),
        ({"seed": -1}, ("seed=-1", "0 to")),
        ({"seed": 1.5}, ("seed=1.5",)),
        ({"jit_compile": "yes"}, ("jit_compile='yes'", "True")),
        ({"separate_batches": "no"}, ("separate_batches='no'",)),
        ({"steps_per_execution": 0}, ("steps_per_execution=0",)),
    ],
)
def test_arguments_of_compile(gan, rules, words):
    refused(lambda: gan.compile(**rules), *words)


def test_an_optimizer_belongs_to_one_network():
    shared = Adam()
    refused(lambda: make(d_optimizer=shared, g_optimizer=shared), "one object")
    gan = make(d_optimizer=shared)
    gan.compile(d_optimizer=shared)  # of the same network
    refused(lambda: make(d_optimizer=shared), "discriminator's optimizer", "another network")


def test_what_only_a_step_shows_is_refused_before_it(images):
    gan = make(penalties=[lambda turn: None])
    refused(lambda: gan.fit(images, **QUIET), "penalty lambda", "None")
    gan = make(d_inputs=[lambda images, key, step: images[:, :14]])
    refused(lambda: gan.fit(images, **QUIET), "[64, 14, 28, 1]", "[64, 28, 28, 1]")
    assert int(gan.step.numpy()) == 0


# Callbacks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["d", "g"])
@pytest.mark.parametrize(
    "callback",
    [
        callbacks.LearningRateScheduler(lambda epoch, rate: rate),
        callbacks.ReduceLROnPlateau("d_loss", mode="min"),
    ],
    ids=["LearningRateScheduler", "ReduceLROnPlateau"],
)
def test_two_hands_on_one_learning_rate_are_refused(images, callback, side):
    """Both players' rates follow such a callback, so a schedule of either is in its way."""
    name = f"{side}_learning_rate_schedule"
    gan = make(**{name: keras_gan.schedules.Schedule("linear", 1.0, 0.0, 10)})
    refused(
        lambda: gan.fit(images, callbacks=[callback], **QUIET),
        type(callback).__name__,
        name,
        "use one of both",
    )
    assert int(gan.step.numpy()) == 0


def test_a_callback_list_is_looked_through(gan, images):
    several = callbacks.CallbackList([callbacks.SwapEMAWeights()])
    refused(lambda: gan.fit(images, callbacks=several, **QUIET), "average=0.999")


@pytest.mark.parametrize("callback", [callbacks.EarlyStopping, callbacks.ReduceLROnPlateau])
def test_a_callback_that_would_never_act_is_refused(gan, images, callback):
    refused(lambda: gan.fit(images, callbacks=[callback()], **QUIET), "val_loss", "val_d_loss")


# Data ---------------------------------------------------------------------------------------------


class WithoutLength(keras.utils.PyDataset):
    def __getitem__(self, index):
        return np.zeros((32, 28, 28, 1), np.uint8)


def test_data_sets_that_are_none(gan, fashion_mnist, images):
    nested = tf.data.Dataset.from_tensor_slices(((images, images), images)).batch(32)
    refused(lambda: gan.fit(nested, **QUIET), "hold a tuple")
    refused(lambda: gan.fit(WithoutLength(), **QUIET), "PyDataset", "length")
    endless = pipeline.batches(fashion_mnist, batch_size=32)
    refused(lambda: gan.fit(endless, **QUIET), "no end", "steps_per_epoch")
    options = dict(batch_size=32, steps_per_epoch=5, **QUIET)
    refused(lambda: gan.fit(iter([images[:32], None]), **options), "hold a NoneType")


def test_an_error_of_the_users_own_loader_is_their_own(gan, images):
    def loader():
        yield images[:32]
        raise KeyError("no such file")

    with pytest.raises(KeyError, match="no such file"):
        gan.fit(loader(), batch_size=32, steps_per_epoch=5, **QUIET)


# Networks -----------------------------------------------------------------------------------------


class Squash(keras.Layer):
    """A sigmoid under another name."""

    def call(self, inputs):
        return keras.ops.sigmoid(inputs)


def ending_in(function, network):
    given = keras.Input(network.input_shape[1:])
    return keras.Model(given, function(network(given)))


def test_sizes_that_are_not_those_of_the_networks():
    GAN = keras_gan.GAN  # noqa: N806
    refused(lambda: GAN(*networks(), latent_dim=9), "[9]", "[4]", "leave latent_dim out")
    refused(lambda: GAN(*networks(), image_shape=(32, 32, 1)), "[32, 32, 1]", "[28, 28, 1]")
    refused(lambda: GAN(*networks(), image_shape=28), "image_shape=28", "height")
    refused(lambda: GAN(*networks(num_classes=10)), "labels", "num_classes=")


def test_a_discriminator_of_any_size():
    images = keras.Input((None, None, 1))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3)(images))
    any_size = keras.Model(images, keras.layers.Dense(1)(pooled))
    generator = networks()[0]
    refused(lambda: keras_gan.GAN(generator, any_size), "[None, None, 1]", "image_shape=")
    assert keras_gan.GAN(generator, any_size, image_shape=(28, 28, 1)).image_shape == (28, 28, 1)


@pytest.mark.parametrize(
    "change, warned",
    [
        (lambda x: 255.0 * keras.ops.sigmoid(x), True),
        (lambda x: Squash()(x), True),
        (lambda x: 2.0 * keras.ops.sigmoid(x) - 1.0, False),
    ],
)
def test_a_generator_that_leaves_the_range_in_its_own_way_is_warned_of(caplog, change, warned):
    generator, discriminator = networks()
    keras_gan.GAN(ending_in(change, generator), discriminator)
    assert ("in [-1, 1]" in caplog.text) == warned


def test_a_sigmoid_in_a_layer_of_their_own_is_warned_of(caplog):
    generator, discriminator = networks()
    keras_gan.GAN(generator, ending_in(Squash(), discriminator))
    assert "sigmoid" in caplog.text


# Sampling -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"count": -1}, ("count=-1", "0 to")),
        ({"count": 2.5}, ("count=2.5",)),
        ({"count": 2, "seed": "a"}, ("seed='a'", "0 to")),
        ({"count": 2, "truncation": 2.0}, ("truncation=2.0", "0 to 1")),
    ],
)
def test_arguments_of_sample(gan, arguments, words):
    refused(lambda: gan.sample(**arguments), *words)


def test_latents_and_labels_of_a_call(gan):
    with pytest.raises(UsageError, match=r"latents are \[5, 7\]; the model takes \[n, 4\]"):
        gan(np.zeros((5, 7), np.float32))
    conditional = make(num_classes=10)
    with pytest.raises(UsageError, match="0 to 9"):
        conditional([np.zeros((5, 4), np.float32), np.full(5, 99)])


# Using what was loaded ----------------------------------------------------------------------------


def test_an_export_can_be_used_in_the_line_that_loads_it(gan, tmp_path):
    gan.export(tmp_path / "export")
    assert keras_gan.load(tmp_path / "export").sample(3, 0).shape == (3, 28, 28, 1)


class Forgetful(keras_gan.GAN):
    """A subclass whose own argument is no attribute: a loaded one would have the default."""

    def __init__(self, generator, discriminator, strength=1.0, **kwargs):
        super().__init__(generator, discriminator, **kwargs)
        self.twice = 2 * strength


def test_an_argument_that_would_be_lost_is_said_before_training(images, tmp_path):
    gan = Forgetful(*networks(), strength=3.0)
    gan.compile()
    refused(lambda: gan.save(tmp_path / "gan.keras"), "Forgetful", "strength", "get_config")
    saving = callbacks.ModelCheckpoint(tmp_path / "gan.keras")
    refused(lambda: gan.fit(images, callbacks=[saving], **QUIET), "strength")
    assert int(gan.step.numpy()) == 0


def test_a_model_that_is_not_compiled_can_be_cloned():
    clone = keras.models.clone_model(keras_gan.GAN(*networks()))
    assert type(clone) is keras_gan.GAN
