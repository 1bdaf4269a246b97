"""What each paper changes, against closed forms."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.rules import losses, priors, replay, targets
from keras_gan.rules.schedules import FixedSchedule
from keras_gan.step import functional, randomness
from keras_gan.step.turn import Turn
from models import blocks, infogan, r3gan


def a_turn(gan, fake_logits, **fake):
    """A turn of G with these logits of fakes, and images of zeros."""
    fake_logits = tf.constant(fake_logits, tf.float32)
    images = tf.zeros((len(fake_logits), *gan.image_shape))
    key = randomness.Key.create(0)

    def discriminate(images, labels, key, step):
        return gan.call_discriminator(images, labels), {}

    step = tf.constant(0, tf.int64)
    turn = Turn(key, step, images, None, {"images": images, **fake}, discriminate)
    turn.fake_output = {"logits": fake_logits}
    return turn


def softplus(x):
    return np.log1p(np.exp(x))


class TestBlocks:
    @pytest.mark.parametrize(
        ("shape", "count"), [((28, 28), 2), ((64, 64), 4), ((48, 32), 3), ((256, 256), 6)]
    )
    def test_num_upsamplings(self, shape, count):
        assert blocks.num_upsamplings(shape) == count

    def test_tile_puts_images_in_rows(self):
        images = np.arange(4 * 2 * 3 * 1).reshape(4, 2, 3, 1)
        picture = blocks.tile(images, 2)
        assert picture.shape == (4, 6, 1)
        np.testing.assert_array_equal(picture[:2, 3:], images[1])
        np.testing.assert_array_equal(picture[2:, :3], images[2])

    def test_bound_of_the_last_layers(self, zoo):
        gan = zoo.make("acgan", compiled=False, last_layer_init=0.003)
        logit = gan.discriminator.get_layer("logit").kernel
        classes = gan.discriminator.get_layer("class_logits").kernel
        assert np.abs(logit).max() <= 0.003 < np.abs(classes).max()

    @pytest.mark.parametrize("name", ["acgan", "cgan"])
    def test_g_starts_with_its_latents_rather_than_with_the_label(self, zoo, name):
        keras.utils.set_random_seed(0)
        gan = zoo.make(name, compiled=False, latent_dim=128)
        z = np.random.default_rng(0).normal(size=(2, 64, 128)).astype(np.float32)
        shirt, trousers = np.zeros(64, np.int32), np.ones(64, np.int32)
        images = gan.call_generator(z[0], shirt)
        by_z = np.square(gan.call_generator(z[1], shirt) - images).mean()
        by_label = np.square(gan.call_generator(z[0], trousers) - images).mean()
        assert 0.0 < by_label < 0.01 * by_z

    def test_instance_norm_is_the_z_score_of_each_sample_and_channel(self):
        x = np.random.default_rng(0).normal(2.0, 3.0, (3, 6, 5, 4)).astype(np.float32)
        y = keras.layers.GroupNormalization(groups=-1, epsilon=1e-5)(x).numpy()
        mean, std = x.mean((1, 2), keepdims=True), x.std((1, 2), keepdims=True)
        np.testing.assert_allclose(y, (x - mean) / std, atol=1e-4)


class TestKLGAN:
    def test_the_loss_is_non_saturating_plus_kl(self, zoo):
        gan = zoo.make("kl_gan", kl_weight=0.5)
        logits = np.array([-1.0, 2.0])
        turn = a_turn(gan, logits)
        expected = softplus(-logits).mean() - 0.5 * logits.mean()
        assert float(gan.generator_loss(turn)["generator"]) == pytest.approx(expected, rel=1e-6)
        assert float(turn.metrics["generator/kl"]) == pytest.approx(-0.5)

    @pytest.mark.parametrize(
        "rules",
        [
            {"loss": losses.Hinge()},
            {"targets": targets.Targets(real=(0.7, 1.2))},
            {"targets": targets.Targets(flip=0.1)},
            {"replay": replay.Replay(16, 0.5)},
        ],
        ids=lambda rules: next(iter(rules)),
    )
    def test_rules_that_bias_the_estimate_are_refused(self, zoo, rules):
        with pytest.raises(ValueError, match="kl_gan estimates KL"):
            zoo.make("kl_gan", rules=rules)


class TestInfoGAN:
    def test_codes_are_uniform(self):
        latent = randomness.Key.create(3).normal((20000, 16))
        category, continuous = infogan.split_codes(latent, 10, 2)
        np.testing.assert_array_equal(tf.reduce_sum(category, -1), 1.0)
        counts = np.asarray(tf.reduce_sum(category, 0))
        assert ((counts - 2000) ** 2 / 2000).sum() < 27.9  # chi², 9 degrees: p = 0.001
        assert np.abs(continuous).max() <= 1.0
        np.testing.assert_allclose(np.var(continuous, axis=0), 1 / 3, atol=0.01)

    def test_the_error_function_is_tensorflow_s(self):
        x = tf.linspace(-5.0, 5.0, 10_001)
        np.testing.assert_allclose(infogan.erf(x), tf.math.erf(x), atol=6e-7)

    @pytest.mark.parametrize("code", [0, 1, 2])
    def test_a_traversal_changes_one_code(self, zoo, code):
        gan = zoo.make("infogan", compiled=False)
        path = gan.traversal(code)
        category, continuous = infogan.split_codes(tf.constant(path), 10, 2)
        values = np.concatenate([np.argmax(category, -1)[:, None], continuous], 1)
        changes = (np.abs(np.diff(values, axis=0)) > 1e-6).all(axis=0)
        assert changes.tolist() == [i == code for i in range(3)]
        np.testing.assert_array_equal(path[:, 12:], path[:1, 12:].repeat(10, 0))
        if code:
            np.testing.assert_allclose(values[:, code], np.linspace(-0.95, 0.95, 10), atol=1e-5)

    def test_codes_need_room(self, zoo):
        with pytest.raises(ValueError, match="latent_dim"):
            zoo.make("infogan", compiled=False, latent_dim=12)

    def test_replay_is_refused(self, zoo):
        with pytest.raises(ValueError, match="codes"):
            zoo.make("infogan", rules={"replay": replay.Replay(16, 0.5)})


class TestACGAN:
    @pytest.mark.parametrize("on_fakes", [False, True])
    def test_class_loss_in_d(self, zoo, on_fakes):
        gan = zoo.make("acgan", class_weight=2.0, class_loss_on_fakes=on_fakes)
        turn = a_turn(gan, [0.0, 0.0])
        turn.labels = tf.constant([1, 0])
        uniform, sure = tf.zeros((2, 10)), 100.0 * tf.one_hot([1, 0], 10)
        turn.real_output = {"logits": tf.zeros(2), "class_logits": sure}
        turn.fake_output["class_logits"] = uniform
        expected = 2 * np.log(2) + (2.0 * np.log(10) if on_fakes else 0.0)
        assert float(gan.discriminator_loss(turn)) == pytest.approx(expected, rel=1e-5)
        expected = np.log(2) + 2.0 * np.log(10)
        assert float(gan.generator_loss(turn)["generator"]) == pytest.approx(expected, rel=1e-5)


class TestCGAN:
    def test_projection(self, zoo):
        gan = zoo.make("cgan", compiled=False)
        network = gan.discriminator
        network.get_layer("logit").bias.assign([0.3])
        images = np.random.default_rng(0).normal(size=(3, 28, 28, 1)).astype(np.float32)
        chosen = np.array([4, 0, 4], np.int32)
        output = network([tf.constant(images), tf.constant(chosen)], training=False)
        features = np.asarray(output["features"])
        logits = features @ np.asarray(network.get_layer("logit").kernel)[:, 0] + 0.3
        of_class = np.asarray(network.get_layer("classes").kernel)[chosen]
        expected = logits + (of_class * features).sum(-1)
        np.testing.assert_allclose(output["logits"], expected, rtol=1e-4)

    def test_label_map_reaches_the_logit(self, zoo):
        gan = zoo.make("cgan", label_map=True, rules={"schedule": FixedSchedule(1)})
        assert zoo.train(gan, steps=2)["finite"].all()


class TestVAEGAN:
    def losses(self, gan, mean, log_variance):
        turn = a_turn(
            gan,
            np.zeros(2),
            reconstructions=tf.zeros((2, *gan.image_shape)),
            mean=tf.constant(mean, tf.float32),
            log_variance=tf.constant(log_variance, tf.float32),
        )
        turn.real_output = gan.call_discriminator(turn.real)
        return gan.generator_loss(turn), turn.metrics

    def test_kl_in_closed_form(self, zoo):
        gan = zoo.make("vae_gan")
        zero = np.zeros((2, 16))
        _, logged = self.losses(gan, zero, zero)
        assert float(logged["encoder/kl"]) == pytest.approx(0.0, abs=1e-6)
        _, logged = self.losses(gan, zero + 2.0, zero + np.log(0.25))
        each = 0.5 * (4.0 + 0.25 - 1.0 - np.log(0.25))
        assert float(logged["encoder/kl"]) == pytest.approx(16 * each, rel=1e-5)

    def test_equal_images_leave_the_adversarial_loss(self, zoo):
        gan = zoo.make("vae_gan")
        losses, logged = self.losses(gan, np.zeros((2, 16)), np.zeros((2, 16)))
        assert float(logged["encoder/feature_error"]) == pytest.approx(0.0, abs=1e-6)
        assert float(losses["encoder"]) == pytest.approx(0.0, abs=1e-6)
        assert 0.3 < float(losses["generator"]) < 1.5  # log 2 for an untrained D

    def test_the_encoder_has_g_s_optimizer_settings(self, zoo):
        gan = zoo.make("vae_gan", rules={"g_optimizer": keras.optimizers.RMSprop(3e-4)})
        optimizer = gan.players["encoder"].optimizer
        assert optimizer is not gan.g_optimizer and isinstance(optimizer, keras.optimizers.RMSprop)
        assert float(optimizer.learning_rate) == pytest.approx(3e-4)

    def test_codes_and_reconstructions(self, zoo):
        gan = zoo.make("vae_gan", compiled=False)
        images = tf.constant(np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1)), tf.uint8)
        assert gan.encode(images).shape == (3, 16)
        rebuilt = gan.reconstruct(images)
        assert rebuilt.shape == images.shape and rebuilt.dtype == tf.uint8

    def test_other_priors_are_refused(self, zoo):
        with pytest.raises(ValueError, match="prior"):
            zoo.make("vae_gan", compiled=False, prior=priors.Uniform())


class TestWGAN:
    def test_weights_stay_within_the_bound(self, zoo):
        gan = zoo.make("wgan", rules={"schedule": FixedSchedule(1)})
        zoo.train(gan)
        for weight in gan.discriminator.trainable_variables:
            assert np.abs(weight).max() <= 0.01

    def test_batch_norm_and_a_penalty_per_sample_are_incompatible(self, zoo):
        with pytest.raises(ValueError, match="d_normalization"):
            zoo.make("wgan_gp", compiled=False, d_normalization="batch")


class TestR3GAN:
    def test_resampling_is_the_filter_121(self):
        impulse = np.zeros((1, 4, 4, 2), np.float32)
        impulse[0, 1, 1, 0] = 1.0
        up = np.asarray(r3gan.Resample("up")(impulse))
        assert up.shape == (1, 8, 8, 2) and not up[..., 1].any()
        row = np.array([0.5, 1.0, 0.5])
        np.testing.assert_allclose(up[0, 1:4, 1:4, 0], np.outer(row, row))
        assert up.sum() == pytest.approx(4.0)
        ones = np.ones((1, 8, 8, 1), np.float32)
        np.testing.assert_allclose(r3gan.Resample("down")(ones)[0, :3, :3, 0], 1.0)

    def test_groups_are_those_of_keras(self):
        ours, theirs = (
            layer(32, 3, padding="same", groups=2)
            for layer in (r3gan.GroupedConv2D, keras.layers.Conv2D)
        )
        x = np.random.default_rng(0).normal(size=(2, 5, 6, 32)).astype(np.float32)
        for layer in (ours, theirs):
            layer.build(x.shape)
        theirs.set_weights(ours.get_weights())
        np.testing.assert_allclose(ours(x), theirs(x), atol=1e-5)

    @pytest.mark.parametrize("dtype, rtol", [("float32", 1e-4), ("mixed_bfloat16", 0.05)])
    def test_the_grouped_convolution_is_the_same_with_xla_up_to_second_derivatives(
        self, dtype, rtol
    ):
        layer = r3gan.GroupedConv2D(32, 3, padding="same", groups=2, dtype=dtype)
        layer.build((2, 5, 6, 32))
        x = tf.constant(np.random.default_rng(0).normal(size=(2, 5, 6, 32)), tf.float32)
        read = functional.read([layer.kernel])

        def derivatives(x):
            kernel = layer.kernel.value
            with tf.GradientTape(watch_accessed_variables=False) as outer:
                outer.watch(kernel)
                with tf.GradientTape() as inner:
                    inner.watch(x)
                    total = tf.reduce_sum(tf.cast(layer(x), tf.float32) ** 3)
                slope = inner.gradient(total, x)
                penalty = tf.reduce_sum(slope**2)
            return total, slope, outer.gradient(penalty, kernel)

        graph = tf.function(functional.pure(derivatives, [layer.kernel], xla=False))
        compiled = functional.pure(derivatives, [layer.kernel], xla=True)
        for a, b in zip(graph(read, x), compiled(read, x), strict=True):
            largest = float(tf.reduce_max(tf.abs(b)))
            np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * largest)
        ops = [
            sum(
                op.type == "Conv2D"
                for op in function.get_concrete_function(read, x).graph.get_operations()
            )
            for function in (graph, compiled)
        ]
        assert ops[1] > ops[0]  # one per group

    def test_a_new_block_is_the_identity(self):
        inputs = keras.Input((4, 4, 8))
        network = keras.Model(inputs, r3gan.residual_block(inputs, total=3))
        x = np.random.default_rng(0).normal(size=(2, 4, 4, 8)).astype(np.float32)
        np.testing.assert_array_equal(network(x), x)

    def test_only_samples_are_clipped(self, zoo):
        gan = zoo.make("r3gan", compiled=False)
        images = gan.call_generator(100.0 * tf.random.stateless_normal((2, 16), (0, 1)))
        assert float(tf.reduce_max(tf.abs(images))) > 1.0
        assert gan.sample(2).dtype == np.uint8


def test_one_seed_gives_one_run_whatever_was_built_before(zoo):
    """Draws are keyed by purposes; with layers' names the second model would draw others."""
    ends = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        gan = zoo.make("dcgan", dropout=0.5, layer_noise=0.1)
        zoo.train(gan, steps=2)
        ends.append([v.numpy() for network in gan.networks.values() for v in network.variables])
    for first, second in zip(*ends, strict=True):
        np.testing.assert_array_equal(first, second)


def test_each_random_layer_of_a_network_has_a_purpose_of_its_own(zoo):
    gan = zoo.make("dcgan", dropout=0.5, layer_noise=0.1)
    for network in (gan.generator, gan.average_generator):
        purposes = [layer.purpose for layer in network.layers if hasattr(layer, "purpose")]
        assert len(purposes) == len(set(purposes)) == 4 and None not in purposes


@pytest.mark.parametrize("name", ["gan", "dcgan", "wgan_gp", "sngan", "r3gan"])
@pytest.mark.parametrize("xla", [False, True])
def test_packs_and_a_sliced_last_layer_train(zoo, name, xla):
    packing = 1 if name == "wgan_gp" else 2
    gan = zoo.make(name, packing=packing, slicing=True, rules={"jit_compile": xla})
    before = [v.numpy() for v in gan.discriminator.trainable_variables]
    metrics = zoo.train(gan, steps=2)
    assert (metrics["finite"] == 1.0).all()
    for old, new in zip(before, gan.discriminator.trainable_variables):
        assert not np.array_equal(old, new.numpy()), new.path
    images = np.zeros((3, *gan.image_shape), np.uint8)
    assert gan.discriminate(images).shape == (3,)


def test_the_direction_is_trained_in_wasserstein_form(zoo):
    """E s·⟨ω, h(fake)⟩ - E s·⟨ω, h(real)⟩ is added to D's loss, and nothing else."""
    gan = zoo.make("dcgan", slicing=True)
    turn = Turn(randomness.Key.create(0), tf.constant(0, tf.int64), tf.zeros((2, 1)), None, {})
    turn.real_output = {"logits": tf.constant([1.0, 2.0]), "direction": tf.constant([1.0, 2.0])}
    turn.fake_output = {"logits": tf.constant([-1.0, 0.0]), "direction": tf.constant([-1.0, 0.0])}
    whole = float(gan.discriminator_loss(turn))
    for output in (turn.real_output, turn.fake_output):
        del output["direction"]
    assert whole - float(gan.discriminator_loss(turn)) == pytest.approx(-2.0)
