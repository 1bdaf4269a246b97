"""The estimate of memory: exact in weights, a lower bound in all, made without allocating."""

import math

import pytest

import models
from keras_gan.errors import UsageError
from keras_gan.run import memory
from keras_gan.settings.resolve import complete
from keras_gan.step import keras_private


@pytest.mark.parametrize("name", sorted(models.REGISTRY))
def test_layers_without_values_have_the_shapes_of_those_with(name):
    model = models.REGISTRY[name]
    options = model.Options(width=8)
    for build in (model.build_generator, model.build_discriminator):
        with keras_private.shapes_only():
            light = [tuple(v.shape) for v in build(options).variables]
        assert light == [tuple(v.shape) for v in build(options).variables]


def test_nothing_is_left_to_be_given_values_later():
    import keras

    with keras_private.shapes_only():
        keras.layers.Dense(10**9).build((None, 10**9))
    with keras.StatelessScope():
        pass  # on leaving, Keras gives values to variables that wait for them


def test_more_of_anything_needs_more():
    model, shape = models.REGISTRY["gan"], {"image_shape": (28, 28, 1)}

    def bytes_of(**settings):
        config = complete({"model": "gan", **settings}, model.defaults())
        options = {**shape, "width": config.width, "latent_dim": config.latent_dim}
        return memory.estimate(config, model, options)

    least = bytes_of()
    for name in ("width", "latent_dim", "batch_size", "past_players"):
        assert bytes_of(**{name: 1000 if name != "past_players" else 2}) > least
    replay = bytes_of(replay_rate=0.5, replay_size=10**9) - bytes_of(replay_rate=0.5, replay_size=1)
    assert replay == 4 * (10**9 - 1) * math.prod(shape["image_shape"])


def test_what_does_not_fit_is_refused_with_its_bytes(monkeypatch):
    model = models.REGISTRY["gan"]
    options = {"image_shape": (28, 28, 1), "width": 10**6, "latent_dim": 128}
    config = complete({"model": "gan", "width": 10**6}, model.defaults())
    monkeypatch.setattr(memory, "available", lambda: 10**9)
    with pytest.raises(UsageError, match=r"--width=1000000: .* [\d,]+ bytes .* 1,000,000,000"):
        memory.check(config, model, options)
    monkeypatch.setattr(memory, "available", lambda: None)
    memory.check(config, model, options)


def test_expected_memory_follows_batch_parts_and_data():
    gan = models.REGISTRY["dcgan"](width=2, latent_dim=4)
    gan.compile()
    whole, double = memory.expect(gan, 8), memory.expect(gan, 16, data=1000)
    assert double.activations == 2 * whole.activations and double.data == 1000
    weights = 4 * sum(math.prod(v.shape) for n in gan.networks.values() for v in n.variables)
    trained = 4 * sum(
        math.prod(v.shape) for n in gan.networks.values() for v in n.trainable_variables
    )
    assert whole.weights == weights + trained
    assert 2 * trained <= whole.slots <= 2 * trained + 64  # Adam's, its step and its rate
    gan.compile(accumulate=4)
    assert memory.expect(gan, 8).activations == whole.activations // 4
    assert str(double).startswith("memory: about ")
