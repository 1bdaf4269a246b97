"""FreezeD: what is fixed stays bit for bit, what is not trains, and more than D has is refused."""

import keras
import numpy as np
import pytest

from keras_gan.errors import UsageError
from keras_gan.model.freezing import freeze
from keras_gan.step import keras_private
from models import REGISTRY


def variables(network):
    """By layer, in the order that counts."""
    return [
        (type(layer).__name__, [np.asarray(v) for v in layer.variables])
        for layer in keras_private.layers_with_weights(network)
    ]


def same(before, after):
    return [
        all((old == new).all() for old, new in zip(first[1], second[1]))
        for first, second in zip(before, after)
    ]


def trained(tiny, **rules):
    gan = REGISTRY["dcgan"](width=2, latent_dim=4, image_shape=(32, 32, 1), **rules)
    gan.compile(freeze_d=2, jit_compile=False)
    before = variables(gan.discriminator)
    tiny.train(gan, 2, tiny.batch(8, 1, (32, 32, 1)))
    return before, variables(gan.discriminator)


def test_the_first_layers_keep_weights_and_batch_statistics(tiny):
    before, after = trained(tiny)
    names = [name for name, _ in before]
    convolution, norm = "Conv2D", "BatchNormalization"
    assert names == [convolution, convolution, norm, convolution, norm, "Dense"]
    assert same(before, after) == [True, True, True, False, False, False]


@pytest.mark.slow
def test_singular_vectors_of_fixed_layers_stay(tiny):
    before, after = trained(tiny, spectral_norm=True, d_normalization="none")
    assert same(before, after) == [True, True, False, False]


def test_compile_without_it_trains_all_again():
    gan = REGISTRY["dcgan"](width=2, latent_dim=4)
    gan.compile(freeze_d=1)
    count = len(gan.discriminator.trainable_variables)
    config = gan.get_compile_config()
    gan.compile()
    assert len(gan.discriminator.trainable_variables) == count + 2
    gan.compile_from_config(config)
    assert gan.freeze_d == 1 and len(gan.discriminator.trainable_variables) == count


@pytest.mark.parametrize("count", [3, 50, -1])
def test_more_than_d_has_is_refused(count):
    gan = REGISTRY["dcgan"](width=2, latent_dim=4)
    with pytest.raises(UsageError, match=rf"--freeze_d={count}: D has 3 .*; allowed: 0 to 2"):
        gan.compile(freeze_d=count)


def test_layers_inside_layers_count_in_order_and_embeddings_do_not():
    dense = [keras.layers.Dense(2, name=f"dense_{i}") for i in range(4)]
    inner = keras.Sequential([dense[1], keras.layers.BatchNormalization(), dense[2]])
    labels, images = keras.Input((), dtype="int32"), keras.Input((2,))
    x = dense[0](keras.layers.Add()([images, keras.layers.Embedding(3, 2)(labels)]))
    network = keras.Model([images, labels], dense[3](inner(x)))
    freeze(network, 2)
    assert [layer.trainable for layer in dense] == [False, False, True, True]
    trainable = {v.path.rpartition("/")[2] for v in network.trainable_variables}
    assert "embeddings" in trainable and "gamma" not in trainable


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cgan", "r3gan", "vae_gan"])
def test_every_model_trains_with_a_fixed_layer(name, tiny, mirrored):
    with mirrored.scope():
        gan = REGISTRY[name](width=4, latent_dim=16)
        gan.compile(freeze_d=1, jit_compile=name in ("dcgan", "r3gan"))
    before = variables(gan.discriminator)
    images = tiny.batch(16, gan.schedule.d_turns, (28, 28, 1))
    labels = np.zeros(images.shape[:2], np.int32) if gan.num_classes else None
    gan.fit(images[:, 0], None if labels is None else labels[:, 0], batch_size=8, verbose=0)
    unchanged = same(before, variables(gan.discriminator))
    assert unchanged[0] and not all(unchanged)
