"""Models that `--conditional` gives classes, and self-modulation: closed forms and refusals."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf

import models
from keras_gan.errors import UsageError
from keras_gan.layers.modulation import Modulation
from keras_gan.rules.schedules import FixedSchedule
from keras_gan.run.build import build_model
from keras_gan.run.showing import directions
from keras_gan.settings import compatibility
from keras_gan.settings.resolve import complete
from keras_gan.step import randomness
from models import options

CLASSES = 3
MODELS = sorted(
    name
    for name, model in models.REGISTRY.items()
    if issubclass(model.Options, options.ClassOptions)
)
NORMALISED = sorted(
    name
    for name, model in models.REGISTRY.items()
    if "self_modulation" in options.names(model.Options)
)


def config(model="dcgan", **settings):
    return complete({"model": model, "width": 4, **settings}, models.REGISTRY[model].defaults())


def data(num_classes=CLASSES, shape=(28, 28, 1)):
    return types.SimpleNamespace(image_shape=shape, num_classes=num_classes)


def modulations(gan):
    return [layer for layer in gan.generator.layers if isinstance(layer, Modulation)]


@pytest.mark.parametrize("num_classes", [0, -1, "ten", 2.0])
def test_a_wrong_number_of_classes_is_refused(num_classes):
    with pytest.raises(ValueError, match="a whole number, 1 to"):
        models.REGISTRY["dcgan"](num_classes=num_classes)


def test_these_may_be_conditional():
    assert MODELS == ["dcgan", "gan", "kl_gan", "lsgan", "r3gan", "sngan", "wgan", "wgan_gp"]


@pytest.mark.parametrize("name", MODELS)
def test_classes_reach_both_networks(zoo, name):
    gan = zoo.make(name, compiled=False, num_classes=CLASSES)
    assert gan.conditional and gan.discriminator_takes_labels and gan.num_classes == CLASSES
    again = type(gan).from_config(gan.get_config())
    assert again.options == gan.options and again.conditional
    latents = tf.random.stateless_normal((4, 16), (0, 1))
    labels = [tf.fill([4], y) for y in (0, 1)]
    images = [gan.call_generator(latents, y, training=False).numpy() for y in labels]
    assert not np.array_equal(*images)
    real = tf.random.stateless_normal((4, 28, 28, 1), (0, 2))
    logits = [gan.call_discriminator(real, y, training=False)["logits"].numpy() for y in labels]
    assert not np.array_equal(*logits)
    assert not zoo.make(name, compiled=False).conditional


@pytest.mark.parametrize("name", ["dcgan", "gan", "r3gan"])
def test_the_logit_is_the_unconditional_one_plus_the_projection(zoo, name):
    gan = zoo.make(name, compiled=False, num_classes=CLASSES)
    network = gan.discriminator
    plain = keras.Model(network.inputs[0], network.get_layer("logits").output)
    images = tf.random.stateless_normal((4, 28, 28, 1), (0, 2))
    labels = tf.constant([0, 2, 1, 2])
    outputs = network([images, labels], training=False)
    features = outputs["features"].numpy()
    if name == "dcgan":  # projected is the sum over the positions of the last map
        features = features.reshape(4, 49, -1).sum(1)
    vectors = network.get_layer("classes").kernel.numpy()[labels.numpy()]
    expected = plain(images, training=False) + (vectors * features).sum(1)
    np.testing.assert_allclose(outputs["logits"], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["dcgan", "sngan", "r3gan"])
def test_g_starts_with_its_latents_rather_than_with_the_label(zoo, name):
    gan = zoo.make(name, compiled=False, num_classes=CLASSES, latent_dim=128)
    z = np.random.default_rng(0).normal(size=(2, 64, 128)).astype(np.float32)
    first, second = np.zeros(64, np.int32), np.ones(64, np.int32)
    images = gan.call_generator(z[0], first)
    by_z = np.square(gan.call_generator(z[1], first) - images).mean()
    by_label = np.square(gan.call_generator(z[0], second) - images).mean()
    assert 0.0 < by_label < 0.02 * by_z


def test_a_fake_has_the_label_of_the_real_that_it_is_paired_with(zoo):
    """Relativistic pairing compares D(x_i, y_i) with D(G(z_i, y_i), y_i)."""
    gan = zoo.make("r3gan", num_classes=CLASSES)
    labels, seen = tf.constant([2, 0, 1, 2]), []
    call = gan.call_generator
    gan.call_generator = lambda latents, y=None, training=True: (
        seen.append(y),
        call(latents, y, training),
    )[1]
    fakes = gan.make_fakes(tf.zeros((4, 28, 28, 1)), labels, randomness.Key.create(0))
    np.testing.assert_array_equal(seen[0], labels)
    assert fakes["images"].shape == (4, 28, 28, 1)


@pytest.mark.parametrize("name", NORMALISED)
@pytest.mark.parametrize("num_classes", [None, CLASSES])
def test_self_modulation_follows_every_normalisation_of_g(zoo, name, num_classes):
    arguments = {"self_modulation": True}
    if num_classes and "num_classes" in options.names(models.REGISTRY[name].Options):
        arguments["num_classes"] = num_classes
    if name == "gan":
        arguments["normalization"] = "layer"
    gan = zoo.make(name, compiled=False, **arguments)
    kinds = (keras.layers.BatchNormalization, keras.layers.GroupNormalization)
    norms = [layer for layer in gan.generator.layers if isinstance(layer, kinds)]
    layers = modulations(gan)
    assert len(layers) == len(norms) > 0
    assert not any(norm.scale or norm.center for norm in norms)
    assert all(layer.hidden == 32 for layer in layers)
    units = 16 if gan.num_classes is None else 16 + 32  # z, and the class' embedding
    assert all(layer.hidden_kernel.shape[0] == units for layer in layers)


@pytest.mark.parametrize(
    "name, xla",
    [
        ("dcgan", False),
        pytest.param("dcgan", True, marks=pytest.mark.slow),
        pytest.param("r3gan", False, marks=pytest.mark.slow),
    ],
)
def test_a_conditional_model_trains_every_weight(zoo, name, xla):
    switch = {"self_modulation": True} if name == "dcgan" else {}
    rules = {"schedule": FixedSchedule(1), "jit_compile": xla}
    gan = zoo.make(name, num_classes=CLASSES, rules=rules, **switch)
    before = zoo.weights(gan)
    assert zoo.train(gan, steps=3)["finite"].all()
    after = zoo.weights(gan)
    for n, network in gan.networks.items():
        for i, v in enumerate(network.variables):
            if v.trainable:
                assert not np.array_equal(before[n, i, v.path], after[n, i, v.path]), v.path


@pytest.mark.parametrize("self_modulation", [False, True])
def test_classes_can_be_mixed_and_directions_found(zoo, self_modulation):
    switches = {"num_classes": CLASSES, "self_modulation": self_modulation}
    gan = zoo.make("dcgan", compiled=False, **switches)
    latents = np.random.default_rng(0).normal(size=(3, 16)).astype(np.float32)
    images = directions.class_mixer(gan)(latents, np.eye(3, dtype=np.float32))
    expected = gan.generate(latents, np.arange(3, dtype=np.int32)).numpy()
    np.testing.assert_allclose(images.numpy().astype(int), expected.astype(int), atol=1)
    assert [d.vector.shape for d in directions.sefa(gan, 2)] == [(16,), (16,)]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dcgan", "r3gan"])
def test_two_replicas_equal_one_and_xla_equals_graph_mode(zoo, mirrored, without_kinks, name):
    switch = {"self_modulation": True, "sync_batch_norm": True} if name == "dcgan" else {}
    ends = []
    for strategy, xla in (
        (tf.distribute.get_strategy(), False),
        (mirrored, False),
        (tf.distribute.get_strategy(), True),
    ):
        keras.utils.set_random_seed(5)
        if xla:
            switch = {key: value for key, value in switch.items() if key != "sync_batch_norm"}
        with strategy.scope():
            sgd = {side: keras.optimizers.SGD(0.01) for side in ("d_optimizer", "g_optimizer")}
            rules = {**sgd, "schedule": FixedSchedule(1), "jit_compile": xla}
            gan = zoo.make(name, num_classes=CLASSES, rules=rules, **switch)
        zoo.train(gan, steps=2)
        ends.append({key[:2]: value for key, value in zoo.weights(gan).items()})
    for other in ends[1:]:
        for key, value in ends[0].items():
            largest = max(np.abs(value).max(), 1e-3) if value.size else 1.0
            assert np.abs(value - other[key]).max(initial=0.0) < 1e-4 * largest, key


def test_the_flag_takes_the_number_of_classes_from_the_data():
    gan = build_model(config(conditional=True), models.REGISTRY["dcgan"], data())
    assert gan.num_classes == CLASSES and len(modulations(gan)) == 2
    assert not build_model(config(), models.REGISTRY["dcgan"], data()).conditional
    assert build_model(config("cgan"), models.REGISTRY["cgan"], data()).num_classes == CLASSES


@pytest.mark.parametrize(
    "model, message", [("dcgan", "--conditional=false"), ("cgan", "--model=dcgan")]
)
def test_data_without_labels_are_refused_in_one_sentence(model, message):
    chosen = config(model, conditional=model == "dcgan", dataset="folder:x")
    with pytest.raises(UsageError, match="has no labels") as error:
        build_model(chosen, models.REGISTRY[model], data(None))
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("model, settings, reason", [
    ("infogan", {"conditional": True}, "no classes"),
    ("vae_gan", {"conditional": True}, "no classes"),
    ("r3gan", {"self_modulation": True}, "no such switch"),
    ("gan", {"self_modulation": True}, "no normalisation"),
    ("dcgan", {"conditional": True, "packing": 2}, "different classes"),
    ("dcgan", {"conditional": True, "slicing": True}, "direction"),
])  # fmt: skip
def test_what_does_not_go_together_is_refused(model, settings, reason):
    with pytest.raises(UsageError, match=reason):
        compatibility.check(config(model, **settings), models.REGISTRY[model])
    compatibility.check(config("cgan", conditional=True), models.REGISTRY["cgan"])
