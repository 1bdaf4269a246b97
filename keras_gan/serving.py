"""A game seen from outside: sampling and judging with what has been trained."""

import numpy as np
import tensorflow as tf

from keras_gan import pixels, randomness

CHUNK = 256  # images made at a time


class Serving:
    """Mixin of `GAN`: uint8 images in and out, the averaged generator, no training.

    A variant overrides `endpoints` to export more, `further_pictures` to show more.
    """

    def sample(self, count, seed=0, labels=None, noise=False):
        """Samples from the averaged generator.

        Args:
            count: number of images; seed: of the latents.
            labels: int32 [count] for a conditional generator; by default all classes in turn.
            noise: whether G's noise layers are active.

        Returns:
            uint8 [count, h, w, c], or float32 points [count, 2].
        """
        if self.conditional:
            labels = np.arange(count) % self.num_classes if labels is None else labels
            labels = np.asarray(labels, np.int32)
        parts = []
        for row in range(0, count, CHUNK):
            key = randomness.Key.create(seed, row=row)  # so that chunks do not show
            rows = min(CHUNK, count - row)
            latents = self.prior.sample(key.fold("latent"), (rows, self.latent_dim))
            some = labels[row : row + rows] if self.conditional else None
            parts.append(self.generate(latents, some, key.fold("noise") if noise else None))
        return np.concatenate(parts)

    def generate(self, latents, labels=None, key=None):
        """Images of the averaged generator: uint8 [n, h, w, c], or float32 points [n, 2]."""
        latents = tf.convert_to_tensor(latents)
        inputs = [latents, tf.convert_to_tensor(labels)] if self.conditional else latents
        with randomness.scope(key):
            images = self.average_generator(inputs, training=False)
        return (
            pixels.to_uint8(images) if len(self.image_shape) == 3 else tf.cast(images, tf.float32)
        )

    def discriminate(self, images, labels=None):
        """D's logits, float32 [n], of uint8 images (or points), with the reals' statistics."""
        x = pixels.to_float(images)
        takes_labels = len(self.discriminator.inputs) > 1
        inputs = [x, tf.convert_to_tensor(labels)] if takes_labels else x
        return tf.cast(self.discriminator(inputs, training=False)["logits"], tf.float32)

    def endpoints(self):
        """Further endpoints of the export: name → (function, input signature)."""
        return {}

    def further_pictures(self, source):
        """Further pictures a variant wants to show: name → uint8 [h, w, c]."""
        return {}
