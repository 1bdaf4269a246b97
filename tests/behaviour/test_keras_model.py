"""A user's own networks and rules, calling, saving and loading, through the public API only."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_gan
from keras_gan.errors import UsageError

QUIET = {"verbose": 0, "batch_size": 32}
SHAPE = (28, 28, 1)


def generator(*hidden, activation="tanh"):
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(8),
            *hidden,
            keras.layers.Dense(784, activation=activation),
            keras.layers.Reshape(SHAPE),
        ]
    )


def discriminator(*hidden, last=None):
    head = last or keras.layers.Dense(1)
    return keras.Sequential(
        [keras.Input(SHAPE), *hidden, keras.layers.Flatten(), keras.layers.Dense(8), head]
    )


def make(g=generator, d=discriminator, rules=None, **options):
    """A compiled model of networks, or of what builds them, from the same first weights."""
    keras.utils.set_random_seed(0)
    networks = [n if isinstance(n, (keras.Layer, str)) else n() for n in (g, d)]
    gan = keras_gan.GAN(*networks, **options)
    gan.compile(**(rules or {}))
    return gan


def weights(gan):
    return [np.array(w.value) for n in (gan.generator, gan.discriminator) for w in n.weights]


def assert_same(first, second, atol=0.0):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=atol)


def refused(call, *words):
    with pytest.raises(UsageError) as caught:
        call()
    text = str(caught.value)
    assert "\n" not in text, text
    for word in words:
        assert word in text, f"{word!r} not in {text!r}"


@pytest.fixture(scope="module")
def images(fashion_mnist):
    return fashion_mnist.images[:64]


@pytest.fixture(scope="module")
def gan():
    return make()


# Using a model ------------------------------------------------------------------------------------


def test_calling_predicting_and_sampling(gan):
    latents = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    expected = np.asarray(gan.generate(latents))
    assert expected.shape == (5, *SHAPE) and expected.dtype == np.uint8
    np.testing.assert_array_equal(gan(latents), expected)
    np.testing.assert_array_equal(gan.predict(latents, verbose=0), expected)
    np.testing.assert_array_equal(gan.sample(3, seed=1), gan.sample(5, seed=1)[:3])
    refused(lambda: gan.sample(2, labels=[0, 1]), "not conditional")


def test_a_conditional_model_samples_random_classes(images, tmp_path):
    latents, labels = keras.Input((4,)), keras.Input((), dtype="int32")
    x = keras.layers.Concatenate()([0.0 * latents, keras.ops.one_hot(labels, 3)])
    x = keras.layers.Dense(784, activation="tanh")(x)
    gan = make(keras.Model([latents, labels], keras.layers.Reshape(SHAPE)(x)), num_classes=3)
    drawn = gan.sample(64, seed=0)
    each = gan.sample(3, labels=[0, 1, 2])
    classes = [int(np.argmax([np.array_equal(image, known) for known in each])) for image in drawn]
    assert {*classes} == {0, 1, 2} and len({*itertools.pairwise(classes)}) > 3  # not in turn
    np.testing.assert_array_equal(gan.sample(9, seed=0), drawn[:9])
    refused(lambda: gan.sample(2, labels=[0, 3]), "0 to 3", "0 to 2")
    gan.export(tmp_path / "export")
    served = keras_gan.load(tmp_path / "export")
    np.testing.assert_array_equal(served.sample(9, 0), drawn[:9])
    np.testing.assert_array_equal(served.sample(3, 0, tf.constant([0, 1, 2])), each)


def test_evaluate_tells_an_overfitted_discriminator(images):
    """D's loss on held-out images: what it is by hand, without any softening."""
    rules = {"targets": keras_gan.targets.Targets(real=(0.7, 0.9)), "penalties": ["r1"]}
    gan = make(rules=rules)
    found = gan.evaluate(images, batch_size=32, verbose=0, return_dict=True)
    real = np.ravel(gan.discriminator(images / np.float32(127.5) - np.float32(1.0)))
    assert found.keys() == {"d_loss", "d_accuracy_real", "d_accuracy_fake"}
    np.testing.assert_allclose(found["d_accuracy_real"], (real > 0).mean(), atol=1e-6)
    plain = make().evaluate(images, batch_size=32, verbose=0, return_dict=True)
    np.testing.assert_allclose(found["d_loss"], plain["d_loss"], rtol=1e-6)


# compile ------------------------------------------------------------------------------------------


def test_names_mean_what_they_mean_on_the_command_line(images):
    by_name, by_object = (
        {
            "loss": "hinge",
            "d_optimizer": "adam",
            "penalties": ["r1"],
            "average": 0.9,
            "augment": "color,translation",
        },
        {
            "loss": keras_gan.losses.Hinge(),
            "d_optimizer": keras.optimizers.Adam(2e-4, beta_1=0.5),
            "penalties": [keras_gan.penalties.R1()],
            "average": keras_gan.ema.MovingAverage(0.9),
            "d_inputs": [keras_gan.augment.DiffAugment(("color", "translation"))],
        },
    )
    models = [make(rules=rules) for rules in (by_name, by_object)]
    for gan in models:
        gan.fit(images, **QUIET)
    assert_same(*map(weights, models))


@pytest.mark.parametrize(
    "rules, words",
    [
        ({"loss": "hing"}, ("'hing'", "hinge", "wasserstein")),
        ({"loss": keras.losses.BinaryCrossentropy()}, ("BinaryCrossentropy", "Loss")),
        ({"loss": lambda real, fake: real - fake}, ("two losses",)),
        ({"loss": lambda r, f: (r[:, None] * f, f)}, ("[3, 3]", "3 logits")),
        ({"d_optimizer": "adm"}, ("d_optimizer='adm'", "adamw")),
        ({"penalties": ["r3"]}, ("'r3'", "r1", "lecam")),
        ({"augment": "colour"}, ("'colour'", "color")),
        ({"average": 1.5}, ("1.5", "[0, 1)")),
        ({"replay": 0.5}, ("0.5", "Replay")),
        ({"schedule": "loop"}, ("'loop'", "FixedSchedule")),
        ({"optimizer": "adam"}, ("optimizer", "d_optimizer")),
        ({"metrics": ["accuracy"]}, ("metrics", "d_optimizer")),
    ],
)
def test_unknown_rules_are_refused_at_once(gan, rules, words):
    refused(lambda: gan.compile(**rules), *words)


def non_saturating(real_logits, fake_logits):
    softplus = tf.math.softplus
    return softplus(-real_logits) + softplus(fake_logits), softplus(-fake_logits)


def brighter(images, key, step):
    return images + 0.1 * key.uniform((images.shape[0], 1, 1, 1))


def drift(turn):
    return 0.001 * tf.reduce_mean(turn.real_output["logits"] ** 2)


def test_functions_as_rules(images):
    function, rule = make(rules={"loss": non_saturating}), make()
    for gan in (function, rule):
        gan.fit(images, **QUIET)
    assert_same(weights(function), weights(rule), atol=1e-6)
    gan = make(rules={"d_inputs": [brighter], "penalties": drift})
    history = gan.fit(images, **QUIET).history
    assert history["drift"][0] > 0
    both = make(rules={"penalties": drift})
    both.fit(images, **QUIET)
    assert any((a != b).any() for a, b in zip(weights(gan), weights(both), strict=True))


# Own networks -------------------------------------------------------------------------------------


@keras.saving.register_keras_serializable(package="tests")
class Subclassed(keras.Model):
    """A discriminator as in a tutorial."""

    def __init__(self, units=8, last="linear", **kwargs):
        super().__init__(**kwargs)
        self.units, self.last = units, last
        self.flatten, self.hidden = keras.layers.Flatten(), keras.layers.Dense(units)
        self.head = keras.layers.Dense(1, activation=last)

    def call(self, inputs):
        return self.head(self.hidden(self.flatten(inputs)))


class SubclassedGenerator(keras.Model):
    """A generator without `get_config`, which Keras can't clone: it takes a layer."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.shape = layer, keras.layers.Reshape(SHAPE)

    def call(self, inputs, training=False):
        return keras.ops.tanh(self.shape(self.layer(inputs)))


def unbuilt():
    layers = [keras.layers.Dense(784, activation="tanh"), keras.layers.Reshape(SHAPE)]
    return keras.Sequential(layers)


@pytest.mark.parametrize("build", [unbuilt, lambda: SubclassedGenerator(keras.layers.Dense(784))])
def test_networks_that_are_not_built(images, build):
    gan = make(build(), Subclassed(), latent_dim=4, image_shape=SHAPE, rules={"average": 0.5})
    before = [np.array(w.value) for w in gan.average_generator.weights]
    gan.fit(images, epochs=2, **QUIET)
    after = [np.array(w.value) for w in gan.average_generator.weights]
    trained = [np.array(w.value) for w in gan.generator.weights]
    for a, b, c in zip(before, after, trained, strict=True):
        assert (a != b).any() and (b != c).any()  # the average moves, and lags behind
    refused(lambda: make(build()), "generator", "latent_dim=")
    refused(lambda: make(generator, Subclassed()), "discriminator", "image_shape=")


@pytest.mark.parametrize("kind", ["[n]", "[n, 1]", "dictionary"])
def test_logits_of_every_form_train_alike(images, kind):
    """With soft targets [n], logits [n, 1] would be broadcast to [n, n]."""
    given = keras.Input(SHAPE)
    logits = keras.layers.Dense(1)(keras.layers.Dense(8)(keras.layers.Flatten()(given)))
    output = {
        "[n]": lambda: keras.layers.Reshape(())(logits),
        "[n, 1]": lambda: logits,
        "dictionary": lambda: {"logits": logits, "more": logits},
    }[kind]()
    rules = {"targets": keras_gan.targets.Targets(real=(0.7, 1.2), fake=(0.0, 0.3))}
    gan = make(generator, keras.Model(given, output), rules)
    expected = make(rules=rules)
    for model in (gan, expected):
        for weight, value in zip(model.discriminator.weights, weights(expected)[4:]):
            weight.assign(value)
        model.fit(images, steps_per_epoch=1, **QUIET)
    assert_same(weights(gan), weights(expected), atol=1e-6)


@pytest.mark.parametrize("compiled", [False, True])
def test_random_layers_of_keras(images, compiled):
    """Dropout, noise and augmentation draw anew in each step, and repeat with the run."""
    layers = keras.layers
    build = lambda: make(
        lambda: generator(layers.Dropout(0.3)),
        lambda: discriminator(layers.RandomFlip(), layers.GaussianNoise(0.1), layers.Dropout(0.5)),
        {"jit_compile": compiled},
    )
    first, second = build(), build()
    for gan in (first, second):
        gan.fit(images, epochs=2, **QUIET)
    assert_same(weights(first), weights(second))
    plain = make()
    plain.fit(images, epochs=2, **QUIET)
    assert any((a != b).any() for a, b in zip(weights(first), weights(plain)))
    assert first.recorder.read(4)[1]["finite"].min() == 1.0


def test_random_layers_of_keras_under_a_strategy(images, mirrored):
    """Each replica draws its own masks; trained weights stay equal on both."""
    with mirrored.scope():
        gan = make(generator, discriminator(keras.layers.Dropout(0.5)))
    gan.fit(images, validation_data=images, **QUIET)
    for variable in gan.discriminator.trainable_variables:
        copies = [np.asarray(value) for value in variable.value.values]
        np.testing.assert_array_equal(*copies)


def test_regularizers_and_add_loss_count(images):
    """With SGD, L2 of a weight moves it by -rate · 2 · λ · w more; both players."""
    rules = lambda: {f"{side}_optimizer": keras.optimizers.SGD(0.1) for side in "dg"}
    l2, activity = keras.regularizers.L2(0.5), keras.layers.ActivityRegularization(l2=0.1)
    plain = make(rules=rules())
    head = lambda: keras.layers.Dense(1, kernel_regularizer=l2)
    decayed = make(generator, lambda: discriminator(last=head()), rules())
    before = np.array(decayed.discriminator.weights[2].value)
    for gan in (plain, decayed):
        gan.fit(images, steps_per_epoch=1, **QUIET)
    after = [np.array(gan.discriminator.weights[2].value) for gan in (plain, decayed)]
    np.testing.assert_allclose(after[1] - after[0], -0.1 * 2 * 0.5 * before, atol=1e-5)
    active = make(lambda: generator(activity), discriminator, rules())
    active.fit(images, steps_per_epoch=1, **QUIET)
    first = [np.array(gan.generator.weights[0].value) for gan in (plain, active)]
    assert np.abs(first[0] - first[1]).max() > 1e-4
    loss = [gan.recorder.read(1)[1]["generator/loss"][0] for gan in (plain, active)]
    assert loss[1] > loss[0]


def test_ends_that_do_not_fit_are_noticed(caplog):
    sigmoid = keras.layers.Dense(1, activation="sigmoid")
    refused(lambda: make(generator, discriminator(last=sigmoid)), "sigmoid", "logits")
    refused(lambda: make(generator(activation="sigmoid")), "sigmoid", "tanh")
    refused(lambda: make(generator(activation="relu")), "relu", "tanh")
    refused(
        lambda: make(generator, discriminator(last=keras.layers.Dense(10))), "[None, 10]", "logit"
    )
    wide = keras.Sequential([keras.Input((32, 32, 1)), keras.layers.Flatten(), head()])
    refused(lambda: make(generator, wide), "[28, 28, 1]", "[32, 32, 1]")
    refused(lambda: keras_gan.GAN("dcgan", discriminator()), "generator='dcgan'", "Keras model")
    make(generator, Subclassed(last="sigmoid"), image_shape=SHAPE)
    assert "sigmoid" in caplog.text
    caplog.clear()
    make(generator, Subclassed(), image_shape=SHAPE)
    assert "sigmoid" not in caplog.text


def head():
    return keras.layers.Dense(1)


# Saving -------------------------------------------------------------------------------------------


@keras.saving.register_keras_serializable(package="tests")
class Weighted(keras_gan.GAN):
    """A subclass with an argument of its own."""

    def __init__(self, generator, discriminator, strength=1.0, **kwargs):
        super().__init__(generator, discriminator, **kwargs)
        self.strength = strength


def test_saving_and_loading(images, tmp_path):
    gan = Weighted(generator(), discriminator(), strength=3.0, prior="uniform")
    gan.compile(loss="hinge", penalties=["r1"])
    gan.fit(images, **QUIET)
    gan.save(tmp_path / "gan.keras")
    gan.save_weights(tmp_path / "gan.weights.h5")
    loaded = keras_gan.load(tmp_path / "gan.keras")
    assert loaded.strength == 3.0 and type(loaded) is Weighted
    bare = keras.saving.load_model(tmp_path / "gan.keras", compile=False)
    assert not bare.compiled
    np.testing.assert_array_equal(bare.sample(4), gan.sample(4))
    for model in (gan, loaded):
        model.fit(images, **QUIET)
    assert_same(weights(gan), weights(loaded))
    fresh = Weighted(generator(), discriminator(), prior="uniform")
    fresh.load_weights(tmp_path / "gan.weights.h5")  # before compile
    np.testing.assert_array_equal(fresh.sample(4), bare.sample(4))
    clone = keras.models.clone_model(loaded)
    assert type(clone) is Weighted and clone.strength == 3.0


def test_what_can_not_be_saved_is_said_before_training(images, tmp_path):
    network = SubclassedGenerator(keras.layers.Dense(784))
    gan = make(lambda: network, latent_dim=4)
    saving = keras.callbacks.ModelCheckpoint(tmp_path / "gan.keras")
    refused(lambda: gan.fit(images, callbacks=[saving], **QUIET), "generator", "get_config")
    assert int(gan.step.numpy()) == 0
    gan.fit(
        images,
        callbacks=[
            keras.callbacks.ModelCheckpoint(tmp_path / "w.weights.h5", save_weights_only=True)
        ],
        **QUIET,
    )
    assert (tmp_path / "w.weights.h5").exists()


def test_load_says_what_it_takes(tmp_path):
    refused(lambda: keras_gan.load(tmp_path / "x.keras"), "does not exist", ".keras")
    refused(lambda: keras_gan.load(tmp_path), "none of these", "operative.flags")
    (tmp_path / "notes.txt").write_text("mine")
    refused(lambda: make().export(tmp_path), "no export")
    assert (tmp_path / "notes.txt").exists()


def test_two_models_of_one_seed_are_equal_whatever_was_built_before(images):
    first = make(lambda: generator(keras.layers.Dropout(0.2)))
    for _ in range(3):
        generator()
    second = make(lambda: generator(keras.layers.Dropout(0.2)))
    for gan in (first, second):
        gan.fit(images, **QUIET)
    assert_same(weights(first), weights(second))
