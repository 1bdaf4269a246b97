"""A batch in parts gives the update of the whole batch; rules that need it whole are refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import penalties, top_k
from keras_gan.errors import UsageError
from keras_gan.step.accumulation import mean_over_parts
from models import REGISTRY


def test_floats_are_averaged_and_others_are_of_the_last_part():
    batch = tf.range(6.0), None, {"scalar": tf.constant(7.0)}

    def function(rows, values, nothing, of_all):
        assert nothing is None and values.shape == (2,)
        return tf.reduce_sum(values) * of_all["scalar"], tf.constant(rows.start), None

    mean, last, nothing = mean_over_parts(function, 3, batch)
    assert float(mean) == 7.0 * 15.0 / 3 and int(last) == 4 and nothing is None


def weights_after(tiny, parts, optimizer, steps=3, **rules):
    keras.utils.set_random_seed(1)
    options = {"normalization": "none", "d_normalization": "none"}
    gan = REGISTRY["dcgan"](width=4, latent_dim=8, image_shape=(28, 28, 1), **options)
    rates = {"sgd": 0.05, "adam": 1e-3}
    made = keras.optimizers.get
    optimizers = {
        f"{side}_optimizer": made(
            {"class_name": optimizer, "config": {"learning_rate": rates[optimizer]}}
        )
        for side in "dg"
    }
    gan.compile(**optimizers, accumulate=parts, jit_compile=False, **rules)
    tiny.train(gan, steps, tiny.batch(8, gan.schedule.d_turns, (28, 28, 1)))
    networks = (gan.generator, gan.discriminator, gan.average_generator)
    return [np.asarray(v) for network in networks for v in network.variables]


def compare(tiny, optimizer, **rules):
    """To 1e-5 of the largest weight; biases start at 0, and Adam's steps don't shrink with them."""
    whole, split = (weights_after(tiny, parts, optimizer, **rules) for parts in (1, 4))
    largest = max(np.abs(weight).max() for weight in whole)
    for one, other in zip(whole, split):
        assert np.abs(one - other).max() <= 1e-5 * largest


@pytest.mark.parametrize("optimizer", ["sgd", pytest.param("adam", marks=pytest.mark.slow)])
def test_four_parts_give_the_update_of_the_whole_batch(tiny, without_kinks, optimizer):
    compare(tiny, optimizer)


@pytest.mark.slow
@pytest.mark.parametrize(
    "rules",
    [
        {"augment": "color,translation", "penalties": [penalties.R1(1.0)]},
        {"loss": "relativistic", "penalties": [penalties.LeCam()]},
        {"augment": "ada", "loss": "hinge"},
    ],
    ids=["augmented, R1", "relativistic, LeCam", "ADA"],
)
def test_so_do_rules_whose_values_are_means_over_images(tiny, without_kinks, rules):
    compare(tiny, "sgd", **rules)


@pytest.mark.parametrize(
    ("options", "rules", "name"),
    [
        ({"minibatch_stddev": True}, {}, "minibatch standard deviation"),
        ({}, {"top_k": top_k.TopK(0.5)}, "top-k"),
        ({}, {"penalties": ["dragan"]}, "DRAGAN"),
    ],
)
def test_rules_that_use_the_whole_batch_are_refused(options, rules, name):
    gan = REGISTRY["dcgan"](width=2, latent_dim=4, d_normalization="none", **options)
    with pytest.raises(UsageError, match=f"--accumulate=2: {name} uses statistics.*; allowed: 1"):
        gan.compile(accumulate=2, **rules)


def test_a_batch_that_makes_no_equal_parts_is_refused(tiny):
    gan = tiny.gan(normalize=False, accumulate=3)
    with pytest.raises(UsageError, match="batch_size=8: .* a multiple of 3 is needed, such as 6"):
        gan.fit(tiny.batch(16)[:, 0], batch_size=8, verbose=0)
