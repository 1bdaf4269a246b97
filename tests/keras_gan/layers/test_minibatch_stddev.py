import numpy as np
import tensorflow as tf

from keras_gan.layers.minibatch_stddev import MinibatchStddev


def images(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


class TestMinibatchStddev:
    def test_the_channel_is_the_mean_deviation_of_each_group(self):
        x = images(8, 4, 4, 3)
        y = MinibatchStddev(4)(x).numpy()
        np.testing.assert_array_equal(y[..., :3], x)
        for group in (slice(0, 4), slice(4, 8)):
            expected = np.sqrt(x.numpy()[group].var(0) + 1e-8).mean()
            np.testing.assert_allclose(y[group, ..., 3], expected, rtol=1e-5)

    def test_a_group_of_equal_images_gives_zero(self):
        y = MinibatchStddev(4)(tf.tile(images(1, 4, 4, 1), (4, 1, 1, 1))).numpy()
        assert y[..., 1].max() <= 1.1e-4

    def test_groups_are_consecutive_so_shards_see_their_own(self):
        x, layer = images(8, 4, 4, 1), MinibatchStddev(4)
        np.testing.assert_allclose(layer(x), tf.concat([layer(x[:4]), layer(x[4:])], 0), rtol=1e-6)
