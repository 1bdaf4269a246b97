import numpy as np
import pytest
import tensorflow as tf

from keras_gan.layers.packing import Pack, PerSample
from keras_gan.rules import penalties


def images(count):
    return tf.constant(np.random.default_rng(0).normal(size=(count, 2, 3, 1)), tf.float32)


def test_a_pack_has_consecutive_images_as_channels():
    x = images(6)
    packs = Pack(3)(x)
    assert packs.shape == (2, 2, 3, 3)
    for i in range(6):
        np.testing.assert_array_equal(packs[i // 3, ..., i % 3], x[i, ..., 0])


@pytest.mark.parametrize("count, indices", [(3, [0, 1, 2, 0]), (1, [0, 0])])
def test_the_last_pack_is_filled_with_the_first_images(count, indices):
    x = images(count)
    packs = tf.function(Pack(2), input_signature=[tf.TensorSpec([None, 2, 3, 1])])(x)
    expected = tf.reshape(tf.transpose(packs, (0, 3, 1, 2)), (-1, 2, 3))
    np.testing.assert_array_equal(expected, tf.gather(x, indices)[..., 0])
    assert PerSample(2)(tf.constant([5.0, 7.0]), x).numpy().tolist() == [5.0, 5.0, 7.0][:count]


def test_r1_of_a_packed_discriminator_is_that_of_its_packs_times_their_size():
    """D(a, b) = u·a + v·b, one answer for both: the mean of ‖∇‖² is 2·(‖u‖² + ‖v‖²)."""
    x, u, v = images(8), *tf.unstack(images(2)[..., 0])

    def logits_of(x):
        packs = Pack(2)(x)
        answers = tf.einsum("nhw,hw->n", packs[..., 0], u) + tf.einsum(
            "nhw,hw->n", packs[..., 1], v
        )
        return PerSample(2)(answers, x)

    squares = penalties.squared_norm(penalties.gradient(logits_of, x))
    expected = 2.0 * (tf.reduce_sum(u**2) + tf.reduce_sum(v**2))
    np.testing.assert_allclose(tf.reduce_mean(squares), expected, rtol=1e-5)
