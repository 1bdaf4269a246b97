"""Tests of every model: a new one is tested as soon as it is registered."""

import dataclasses
import functools
import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.errors import UsageError
from keras_gan.rules import losses
from keras_gan.rules.schedules import FixedSchedule
from keras_gan.run import export
from keras_gan.settings import compatibility, from_config
from keras_gan.settings.config import Config
from keras_gan.settings.resolve import complete
from models import REGISTRY, options

SHAPES = [(28, 28, 1), (32, 48, 3), (36, 28, 4)]
MODELS = sorted(REGISTRY)
QUICK = ("dcgan",)  # whose long tests run every time; the others' are slow
LONG = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in MODELS]


def sgd_rules(**rules):
    """SGD for all players, one turn of D: Adam would hide differences in scale."""
    sgd = {side: keras.optimizers.SGD(0.01) for side in ("d_optimizer", "g_optimizer")}
    return {**sgd, "schedule": FixedSchedule(1), **rules}


def largest_difference(first, second):
    """max|Δ| / max|w|, the largest over the variables."""
    assert first.keys() == second.keys()
    return max(
        np.max(np.abs(first[key] - second[key])) / max(np.max(np.abs(second[key])), 1e-3)
        for key in first
        if first[key].size
    )


@pytest.fixture(scope="module")
def gans(zoo):
    """Models that tests share, so that each is traced once: a function name → model."""
    return functools.cache(lambda name: zoo.make(name, rules={"schedule": FixedSchedule(1)}))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", MODELS)
def test_shapes(zoo, name, shape):
    gan = zoo.make(name, shape, compiled=False)
    labels = np.array([0, 1, 2], np.int32)
    latents = np.random.default_rng(0).normal(size=(3, 16)).astype(np.float32)
    images = gan.call_generator(tf.constant(latents), tf.constant(labels))
    assert images.shape == (3, *shape) and images.dtype == tf.float32
    logits = gan.discriminate(tf.zeros((3, *shape), tf.uint8), tf.constant(labels))
    assert logits.shape == (3,) and logits.dtype == tf.float32
    samples = gan.sample(5, seed=1)
    assert samples.shape == (5, *shape) and samples.dtype == np.uint8
    assert len(np.unique(samples)) > 1


@pytest.mark.parametrize("name", MODELS)
def test_width_is_capacity(zoo, name):
    small, large = (zoo.make(name, compiled=False, width=width) for width in (4, 8))
    for network in small.networks:
        assert large.networks[network].count_params() > small.networks[network].count_params()


@pytest.mark.parametrize("name", MODELS)
def test_a_step_trains_every_weight_and_a_saved_model_trains_on(zoo, gans, name, tmp_path):
    gan = gans(name)
    sets = {n: {id(v) for v in network.variables} for n, network in gan.networks.items()}
    assert sum(map(len, sets.values())) == len(set().union(*sets.values())), "shared variables"
    before = zoo.weights(gan)
    metrics = zoo.train(gan, steps=3)  # a residual block that starts at zero needs two
    assert metrics["finite"].all()
    after = zoo.weights(gan)
    for n, network in gan.networks.items():
        untrained = [
            v.path
            for i, v in enumerate(network.variables)
            if v.trainable and np.array_equal(before[n, i, v.path], after[n, i, v.path])
        ]
        assert not untrained, f"{n} leaves {untrained} untrained"
        assert int(gan.players[n].optimizer.iterations) == 3  # the first test of this model
    averaged = [key for key in after if key[0] == "average"]
    assert any(not np.array_equal(before[key], after[key]) for key in averaged)

    path = tmp_path / "model.keras"
    gan.save(path)
    loaded = keras.saving.load_model(path)
    assert type(loaded) is type(gan) and loaded.get_config() == gan.get_config()
    for owner, variables in gan.state().items():
        for saved, other in zip(variables, loaded.state()[owner], strict=True):
            np.testing.assert_array_equal(np.asarray(saved), np.asarray(other), err_msg=saved.path)
    zoo.train(gan)
    zoo.train(loaded)
    continued = {key[:2]: value for key, value in zoo.weights(loaded).items()}
    for key, value in zoo.weights(gan).items():
        np.testing.assert_array_equal(value, continued[key[:2]], err_msg=str(key))


@pytest.mark.parametrize("name", MODELS)
def test_a_player_that_does_not_learn_stays_as_it_is(zoo, gans, name):
    gan = gans(name)
    if gan.step == 0:
        zoo.train(gan, steps=2)
    for resting in gan.networks:
        for player in gan.players.values():
            player.optimizer.learning_rate.assign(0.0 if player.name == resting else 1e-3)
        before = zoo.weights(gan)
        zoo.train(gan)
        after = zoo.weights(gan)
        for n, network in gan.networks.items():
            moved = [
                v.path
                for i, v in enumerate(network.variables)
                if v.trainable and not np.array_equal(before[n, i, v.path], after[n, i, v.path])
            ]
            assert bool(moved) == (n != resting), (n, moved)


@pytest.mark.parametrize("name", MODELS)
def test_defaults_are_flags_and_equal_what_python_gives(zoo, name):
    model = REGISTRY[name]
    config = complete({"model": name}, model.defaults())
    compatibility.check(config, model)
    for field in dataclasses.fields(model.Options):
        if hasattr(config, field.name):
            assert field.default == getattr(config, field.name), field.name
    gan = zoo.make(name)
    # Python knows no horizon yet, so that what has one is constant.
    asked = from_config.compile_arguments(dataclasses.replace(config, schedule_steps=None))
    for side in ("d_optimizer", "g_optimizer"):
        by_default, by_flags = getattr(gan, side), asked[side]
        assert type(by_default) is type(by_flags)
        names = ("learning_rate", "beta_1", "beta_2")
        for option in names:
            np.testing.assert_allclose(
                float(getattr(by_default, option, 0)), float(getattr(by_flags, option, 0))
            )
    assert gan.loss_rule == asked["loss"]
    assert gan.penalties == asked["penalties"]
    assert gan.schedule == asked["schedule"]
    assert gan.average == asked["average"] and gan.average.decay == 0.999
    constraint = asked["d_constraint"]
    assert getattr(gan.d_constraint, "bound", None) == getattr(constraint, "bound", None)


@pytest.mark.parametrize("name", LONG)
def test_every_switch_of_the_networks_builds(zoo, name):
    numbers = {"layer_noise": 0.1, "dropout": 0.5, "last_layer_init": 0.003, "packing": 2}
    flags = {field.name: field.metadata["flag"] for field in dataclasses.fields(Config)}
    built = []
    for option in options.names(REGISTRY[name].Options):
        if option not in compatibility.OF_NETWORKS or option in ("latent_dim", "width"):
            continue
        for value in flags[option]["choices"] or (numbers.get(option, True),):
            if (name, value) == ("gan", "instance"):
                continue
            if (name, option, value) == ("wgan_gp", "d_normalization", "batch"):
                continue
            gan = zoo.make(name, compiled=False, **{option: value})
            assert getattr(gan.options, option) == value
            again = type(gan).from_config(gan.get_config())
            assert again.options == gan.options
            built.append(option)
    assert {"layer_noise", "minibatch_stddev"} <= set(built)


@pytest.mark.parametrize("name", MODELS)
def test_options_are_shown_and_a_misspelt_one_is_refused(zoo, name):
    model = REGISTRY[name]
    shown = inspect.signature(model).parameters
    assert list(shown) == [*options.names(model.Options), "prior", "name"]
    assert all(shown[f.name].default == f.default for f in dataclasses.fields(model.Options))
    with pytest.raises(TypeError, match=r"latent_dims=3: .* did you mean latent_dim\? .*width"):
        zoo.make(name, compiled=False, latent_dims=3)
    gan = zoo.make(name, compiled=False)
    with pytest.raises(dataclasses.FrozenInstanceError):
        gan.options.width = 3


def test_a_switch_that_a_model_lacks_is_refused():
    for name in ("wgan", "wgan_gp", "sngan", "r3gan"):
        with pytest.raises(TypeError, match="spectral_norm=True"):
            REGISTRY[name](spectral_norm=True)
        config = complete({"model": name, "spectral_norm": True}, REGISTRY[name].defaults())
        with pytest.raises(UsageError, match="no such switch"):
            compatibility.check(config, REGISTRY[name])


def test_arguments_of_compile_override_the_paper(zoo):
    gan = zoo.make("wgan", rules={"loss": losses.Hinge(), "d_constraint": None})
    assert isinstance(gan.loss_rule, losses.Hinge) and gan.d_constraint is None
    assert gan.schedule.d_turns == 5 and isinstance(gan.d_optimizer, keras.optimizers.RMSprop)


@pytest.mark.parametrize("name", MODELS)
def test_unknown_words_and_sizes_are_refused(zoo, name):
    for argument in ("normalization", "d_normalization", "activation", "upsampling"):
        if zoo.takes(name, argument):
            with pytest.raises(ValueError, match="allowed"):
                zoo.make(name, compiled=False, **{argument: "wrong"})
    if name != "gan":
        with pytest.raises(ValueError, match="even"):
            zoo.make(name, (27, 28, 1), compiled=False)


@pytest.mark.parametrize("name", LONG)
def test_two_images_per_batch(zoo, name):
    alone = {
        argument: "none" if name == "gan" else "instance"
        for argument in ("normalization", "d_normalization")
        if zoo.takes(name, argument)
    }
    gan = zoo.make(name, rules=sgd_rules(), **alone)
    assert zoo.train(gan, count=2)["finite"].all()
    assert np.isfinite(gan.sample(2).astype(float)).all()


@pytest.mark.parametrize("name", LONG)
def test_xla_equals_graph_mode(zoo, without_kinks, name):
    ends = []
    for xla in (False, True):
        keras.utils.set_random_seed(5)
        gan = zoo.make(name, rules=sgd_rules(jit_compile=xla))
        zoo.train(gan, steps=2)
        ends.append({key[:2]: value for key, value in zoo.weights(gan).items()})
    assert largest_difference(*ends) < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("name", MODELS)
def test_mixed_precision_stays_finite(zoo, name, precision):
    keras.mixed_precision.set_global_policy(precision)
    half = precision == "mixed_float16"
    if half and name == "r3gan":
        with pytest.raises(ValueError, match="float16"):
            zoo.make(name)
        return
    rules = {"schedule": FixedSchedule(1), "loss_scaling": half}
    if half and name == "wgan_gp":  # the compatibility table refuses the pair
        return
    gan = zoo.make(name, rules=rules)
    before = zoo.weights(gan)
    metrics = zoo.train(gan, steps=50)
    assert metrics["finite"].mean() > 0.9
    after = zoo.weights(gan)
    for key, value in after.items():
        assert np.isfinite(value).all(), key
    for n, network in gan.networks.items():
        assert any(
            not np.array_equal(before[n, i, v.path], after[n, i, v.path])
            for i, v in enumerate(network.variables)
            if v.trainable
        )


@pytest.mark.parametrize("name", LONG)
def test_two_replicas_equal_one(zoo, mirrored, name):
    synchronized = {"sync_batch_norm": True} if zoo.takes(name, "sync_batch_norm") else {}
    ends = []
    for strategy in (tf.distribute.get_strategy(), mirrored):
        keras.utils.set_random_seed(5)
        with strategy.scope():
            gan = zoo.make(name, rules=sgd_rules(), **synchronized)
        zoo.train(gan, steps=2)
        ends.append({key[:2]: value for key, value in zoo.weights(gan).items()})
    assert largest_difference(*ends) < 1e-4


@pytest.mark.parametrize("name", LONG)
def test_export_and_reload(zoo, name, tmp_path):
    gan = zoo.make(name)
    config = complete({"model": name}, REGISTRY[name].defaults())
    export.save(gan, tmp_path / "export", config)
    loaded = tf.saved_model.load(str(tmp_path / "export"))
    latents = tf.random.stateless_normal((3, 16), (1, 2))
    labels = [tf.constant([0, 1, 2])] if gan.conditional else []
    images = loaded.generate(latents, *labels).numpy()
    np.testing.assert_allclose(
        images.astype(int), gan.generate(latents, *labels).numpy().astype(int), atol=1
    )
    inputs = [tf.constant(images)]
    inputs += labels if len(gan.discriminator.inputs) > 1 else []
    np.testing.assert_allclose(loaded.discriminate(*inputs), gan.discriminate(*inputs), atol=1e-4)
    for endpoint, (function, _) in gan.extra_endpoints().items():
        expected = np.asarray(function(tf.constant(images)), np.float32)
        actual = np.asarray(getattr(loaded, endpoint)(tf.constant(images)), np.float32)
        np.testing.assert_allclose(actual, expected, atol=1.0 if expected.max() > 50 else 1e-4)


def test_the_helpers_use_the_turns_and_the_loss_of_the_model(zoo):
    """A batch has the turns of its model; `sgd_rules` keeps the paper's loss."""
    gan = zoo.make("wgan", rules=sgd_rules(schedule=FixedSchedule(3)))
    assert zoo.batch(gan)[0].shape[:2] == (8, 3)
    assert isinstance(gan.loss_rule, losses.Wasserstein)
