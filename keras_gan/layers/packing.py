"""Several samples as one input of the discriminator (PacGAN)."""

import keras
import tensorflow as tf

from keras_gan.rules.base import register


@register
class Pack(keras.layers.Layer):
    """Consecutive samples [n, …, c] side by side in the last axis, [n / m, …, m·c].

    So that D sees how samples differ, and G can't get by with a few (Lin et al., 2018). If m does
    not divide n, the first samples fill the last pack.

    Args:
        size: int, m, samples in a pack.
    """

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = size

    def call(self, samples):
        count = samples.shape[0]
        if count is None or count % self.size:
            count = tf.shape(samples)[0]
            whole = -(-count // self.size) * self.size
            samples = tf.gather(samples, tf.range(whole) % count)
        packs = tf.reshape(samples, [-1, self.size, *samples.shape[1:]])
        return tf.concat(tf.unstack(packs, axis=1), -1)

    def compute_output_shape(self, shape):
        return (None, *shape[1:-1], shape[-1] * self.size)

    def get_config(self):
        return {**super().get_config(), "size": self.size}


@register
class PerSample(keras.layers.Layer):
    """What belongs to packs, [n / m, …], for each of their samples: [n, …].

    Args:
        size: int, m, samples in a pack.
    """

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = size

    def call(self, of_packs, samples):
        repeated = tf.repeat(of_packs, self.size, axis=0)
        count = samples.shape[0]
        return repeated[: tf.shape(samples)[0] if count is None else count]

    def compute_output_shape(self, of_packs_shape, samples_shape):
        return (samples_shape[0], *of_packs_shape[1:])

    def get_config(self):
        return {**super().get_config(), "size": self.size}
