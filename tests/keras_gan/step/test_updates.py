"""Models that the step supports: several networks, maps of logits, fakes made of images."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import GAN
from keras_gan.rules import penalties
from keras_gan.rules.targets import Targets
from keras_gan.rules.top_k import TopK

SIZE = (8, 8, 1)


def generator(inputs, name, code=4):
    """A network from `inputs` to images."""
    x = keras.layers.Flatten()(inputs)
    x = keras.layers.Dense(code, activation="relu")(x)
    x = keras.layers.Dense(64, activation="tanh")(x)
    return keras.Model(inputs, keras.layers.Reshape(SIZE)(x), name=name)


def discriminator(name):
    images = keras.Input(SIZE)
    x = keras.layers.BatchNormalization()(keras.layers.Dense(4)(keras.layers.Flatten()(images)))
    logits = keras.layers.Reshape(())(keras.layers.Dense(1)(x))
    return keras.Model(images, {"logits": logits}, name=name)


class TwoOfEach(GAN):
    """Two generators make half of the fakes each; two discriminators see different pixels."""

    discriminators = ("discriminator", "coarse")

    def __init__(self):
        super().__init__(generator(keras.Input((3,)), "first"), discriminator("discriminator"))
        self.second, self.coarse = generator(keras.Input((3,)), "second"), discriminator("coarse")

    @property
    def networks(self):
        return {**super().networks, "coarse": self.coarse, "second": self.second}

    def optimizer_for(self, name):
        return keras.optimizers.SGD(0.1)

    def make_fakes(self, real, labels, key):
        latents = key.fold("latent").normal((real.shape[0] // 2, 3))
        halves = [network(latents, training=True) for network in (self.generator, self.second)]
        return {"images": tf.concat(halves, 0)}

    def call_discriminator(self, images, labels=None, training=True):
        small = keras.ops.repeat(keras.ops.repeat(images[:, ::2, ::2], 2, 1), 2, 2)
        return {
            "logits": self.discriminator(images, training=training)["logits"],
            "coarse": self.coarse(small, training=training)["logits"],
        }

    def discriminator_loss(self, turn):
        coarse = self.adversarial_parts(
            turn,
            {"logits": turn.real_output["coarse"]},
            {"logits": turn.fake_output["coarse"]},
        )
        return super().discriminator_loss(turn) + tf.reduce_mean(coarse[0] + coarse[1])

    def generator_loss(self, turn):
        loss = super().generator_loss(turn)["generator"]
        coarse = self.adversarial_loss(turn, {"logits": turn.fake_output["coarse"]})
        total = loss + tf.reduce_mean(coarse)
        return {"generator": total, "second": total}


def weights(gan):
    return {n: [v.numpy() for v in network.variables] for n, network in gan.networks.items()}


@pytest.mark.parametrize("xla", [False, True])
def test_two_generators_and_two_discriminators(tiny, xla):
    gan = TwoOfEach()
    gan.compile(jit_compile=xla)
    before = weights(gan)
    metrics = tiny.train(gan, 2)
    assert metrics["finite"].all()
    for name, arrays in weights(gan).items():
        moved = [not np.array_equal(a, b) for a, b in zip(before[name], arrays, strict=True)]
        assert all(moved), name  # batch statistics too
        assert metrics[f"{name}/gradient_norm"].min() > 0.0
        assert int(gan.players[name].optimizer.iterations) == 2
    assert "second/loss" in metrics


class MeanOfTwo(TwoOfEach):
    """Each fake is the mean of both generators' images, so that it depends on its row alone."""

    def make_fakes(self, real, labels, key):
        latents = key.fold("latent").normal((real.shape[0], 3))
        first, second = (g(latents, training=True) for g in (self.generator, self.second))
        return {"images": 0.5 * (first + second)}


def test_two_replicas_of_two_of_each_equal_one(tiny, mirrored):
    results = []
    for strategy in (tf.distribute.get_strategy(), mirrored):
        keras.utils.set_random_seed(0)
        with strategy.scope():
            gan = MeanOfTwo()
            for layer in (*gan.discriminator.layers, *gan.coarse.layers):
                if isinstance(layer, keras.layers.BatchNormalization):
                    layer.trainable = False  # each replica would see another batch
            gan.compile()
        tiny.train(gan, 2)
        results.append(weights(gan))
    for name in results[0]:
        for a, b in zip(*(r[name] for r in results), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-5)


def patch_gan():
    images = keras.Input(SIZE)
    x = keras.layers.LeakyReLU(0.2)(keras.layers.Conv2D(4, 3, strides=2, padding="same")(images))
    logits = keras.layers.Reshape((4, 4))(keras.layers.Conv2D(1, 3, padding="same")(x))
    network = keras.Model(images, {"logits": logits}, name="patches")
    return GAN(generator(keras.Input((3,)), "generator"), network)


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"targets": Targets((0.7, 1.2), (0.0, 0.3), 0.1)},
        {"penalties": [penalties.R1(1.0), penalties.R2(1.0, finite_difference=True)]},
        {"penalties": [penalties.R1(1.0, interval=2), penalties.BalancedConsistency(1.0)]},
        {"penalties": [penalties.LeCam()], "top_k": TopK(0.5)},
    ],
    ids=["plain", "targets", "r1", "consistency", "lecam, top k"],
)
def test_a_patch_discriminator(tiny, rules):
    gan = patch_gan()
    gan.compile(**rules)
    metrics = tiny.train(gan, 3)
    assert metrics["finite"].all() and metrics["discriminator/gradient_norm"].min() > 0.0
    assert gan.discriminate(np.zeros((2, *SIZE), np.uint8)).shape == (2, 4, 4)


def test_targets_of_a_patch_discriminator_are_one_per_image(key):
    real, fake = Targets((0.7, 1.2), (0.0, 0.3), 0.5).draw(key, 6, rank=3)
    assert real.shape == fake.shape == (6, 1, 1)
    one_real, one_fake = Targets((0.7, 1.2), (0.0, 0.3), 0.5).draw(key, 6)
    np.testing.assert_array_equal(real[:, 0, 0], one_real)
    np.testing.assert_array_equal(fake[:, 0, 0], one_fake)


def test_the_penalty_of_a_constant_map_is_that_of_the_summed_logit(tiny):
    """A patch D whose map is D(x) in each of k places: R1 sees their sum, so k² times as much."""
    weight = tf.ones((8, 8, 1))
    one = tiny.linear_turn(weight)
    expected = penalties.R1(1.0)(one)
    single = one.logits_of
    one.logits_of = lambda images, side="real": tf.tile(single(images)[:, None, None], [1, 2, 2])
    np.testing.assert_allclose(penalties.R1(1.0)(one), 16.0 * expected, rtol=1e-5)


class Restored(GAN):
    """Fakes are made of the reals' upper halves, not of a latent."""

    def make_fakes(self, real, labels, key):
        upper = tf.concat([real[:, :4], tf.zeros_like(real[:, 4:])], 1)
        return {"images": self.call_generator(upper), "upper": upper}

    def generator_loss(self, turn):
        error = turn.log("generator/pixel_error", tf.abs(turn.fake["images"] - turn.real))
        return {"generator": super().generator_loss(turn)["generator"] + 100.0 * error}


def test_fakes_made_of_images(tiny):
    gan = Restored(generator(keras.Input(SIZE), "generator", 64), discriminator("discriminator"))
    gan.compile(g_optimizer=keras.optimizers.Adam(1e-2))
    errors = tiny.train(gan, 60)["generator/pixel_error"]
    assert errors[-1] < 0.5 * errors[0]
