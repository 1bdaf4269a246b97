"""The model as Keras and its users see it: two networks, what they generate, saving."""

import inspect

import keras
import numpy as np
import tensorflow as tf

from keras_gan.data.class_labels import to_classes
from keras_gan.errors import UsageError
from keras_gan.layers.noise import number_random_layers
from keras_gan.model import arguments, configs, networks, serving
from keras_gan.rules import by_name
from keras_gan.step import pixels, randomness


class GenerativeModel(keras.Model):
    """A generator, a discriminator and the generator's moving average, not trained here.

    Args:
        generator: `keras.Model`, latents float32 [n, z] (and labels int32 [n]) → float32 images
            [n, h, w, c] in [-1, 1], or points [n, 2]. Functional, sequential or subclassed.
        discriminator: `keras.Model`, images (and labels) → logits [n] or [n, 1], or a dictionary
            with "logits". Not probabilities: it ends without a sigmoid.
        prior: `priors.Prior` or its name, the distribution of the latents. Defaults to "gaussian".
        latent_dim: int, z of a generator that does not say it: a subclassed or unbuilt one.
        image_shape: tuple, of a discriminator that does not say it.
        num_classes: int, number of classes of a conditional model. Defaults to none.
        **kwargs: arguments of `keras.Model`, such as `name`.
    """

    num_classes = None  # set by conditional models
    chunk = 256  # images that `sample` generates at a time

    def __init__(
        self,
        generator,
        discriminator,
        prior=None,
        latent_dim=None,
        image_shape=None,
        num_classes=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.generator, self.discriminator = generator, discriminator
        self._sizes = (latent_dim, image_shape and tuple(image_shape))
        if num_classes is not None:
            self.num_classes = num_classes
        networks.prepare(self)
        for network in (generator, discriminator):
            number_random_layers(network)
        # Sampled, scored and exported from; without averaging it is a copy of the generator.
        self.average_generator = networks.copy_of(generator)
        self.prior = by_name.prior(prior)

    @property
    def latent_dim(self):
        """Dimensions of z."""
        inputs = networks.inputs_of(self.generator)
        return inputs[0].shape[-1] if inputs else self._sizes[0]

    @property
    def image_shape(self):
        """(height, width, channels), or (2,) for points."""
        inputs = networks.inputs_of(self.discriminator)
        return tuple(inputs[0].shape[1:]) if inputs else self._sizes[1]

    @property
    def conditional(self):
        """Whether the generator takes labels."""
        return networks.takes_labels(self.generator, self.num_classes)

    @property
    def discriminator_takes_labels(self):
        """Whether the discriminator takes labels."""
        return networks.takes_labels(self.discriminator, self.num_classes)

    def call_generator(self, latents, labels=None, training=True):
        """G's images, float32, for latents [n, z], and labels [n] if G takes them."""
        inputs = [latents, labels] if self.conditional else latents
        return tf.cast(self.generator(inputs, training=training), tf.float32)

    def call_discriminator(self, images, labels=None, training=True):
        """D's outputs, float32, for images, and labels [n] if D takes them.

        Returns:
            A dictionary with "logits" [n], or maps of logits [n, h, w], and D's other outputs.
        """
        inputs = [images, labels] if self.discriminator_takes_labels else images
        return networks.to_logits(self.discriminator(inputs, training=training))

    # Using what has been trained ----------------------------------------------------------------

    def sample(self, count, *, seed=0, labels=None, noise=False, truncation=1.0):
        """Samples images from the averaged generator.

        Args:
            count: int, number of images.
            seed: int, random seed of the latents. Defaults to 0.
            labels: int [count] for a conditional generator. Defaults to random classes.
            noise: bool, whether G's noise layers are active. Defaults to False.
            truncation: float in [0, 1], ψ of the prior's `truncate`. Defaults to 1, which samples
                the prior itself.

        Returns:
            uint8 [count, h, w, c], or float32 points [count, 2].
        """
        count = arguments.whole("count", count)
        seed = arguments.whole("seed", seed, high=arguments.LARGEST_SEED)
        truncation = arguments.number("truncation", truncation, 0.0, 1.0)
        if labels is not None and not self.conditional:
            raise UsageError("labels are given, but the model is not conditional")
        if labels is not None:
            labels = to_classes(labels, count, self.num_classes)
        parts = []
        for row in range(0, count, self.chunk):
            key = randomness.Key.create(seed, row=row)  # the images don't depend on the chunk
            rows = min(self.chunk, count - row)
            latents = self.prior.sample(key.fold("latent"), (rows, self.latent_dim))
            if truncation != 1.0:
                latents = self.prior.truncate(latents, truncation)
            some = self.random_labels(key, rows) if labels is None else labels[row : row + rows]
            parts.append(self.generate(latents, some, key.fold("noise") if noise else None))
        if not parts:
            kind = np.uint8 if len(self.image_shape) == 3 else np.float32
            return np.empty((0, *self.image_shape), kind)
        return np.concatenate(parts)

    def random_labels(self, key, count):
        """Classes int32 [count] for samples of which none are asked for; None if not conditional.

        Args:
            key: `randomness.Key` of the first sample.
            count: int.
        """
        if not self.conditional:
            return None
        return key.fold("labels").integers([count], self.num_classes)

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
        labels = None if labels is None else tf.convert_to_tensor(labels)
        return self.call_discriminator(x, labels, training=False)["logits"]

    def export(self, filepath, noise=False):
        """Writes a SavedModel that needs TensorFlow alone, with generate, sample, interpolate, ….

        Args:
            filepath: str, a folder; replaced if it is an export already.
            noise: bool, whether G's noise layers are active in it. Defaults to False.
        """
        serving.export(self, filepath, noise)

    def extra_endpoints(self):
        """Endpoints that a subclass adds to the export, by name: (function, input signature)."""
        return {}

    def extra_samples(self, source):
        """Pictures that a subclass adds to its samples, by name: uint8 [h, w, c]."""
        return {}

    def call(self, inputs, training=None):
        """Images of the averaged generator: uint8 [n, h, w, c], or float32 points [n, 2].

        Args:
            inputs: latents float32 [n, z]; of a conditional model [latents, labels].
            training: not used; Keras requires it.
        """
        if isinstance(inputs, (tuple, list)) != self.conditional:
            needed = "[latents, labels]" if self.conditional else "latents [n, z] alone"
            raise UsageError(f"the model takes {needed}")
        return self.generate(*inputs) if self.conditional else self.generate(inputs)

    # Saving -------------------------------------------------------------------------------------

    def get_config(self):
        """The networks and the prior, serialised, and a subclass' own arguments."""
        return configs.model_config(self, inspect.signature(GenerativeModel.__init__).parameters)

    @classmethod
    def from_config(cls, config):
        return cls(**configs.restored(config))
