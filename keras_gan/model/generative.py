"""The model as Keras and its users see it: two networks, what they generate, saving."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import keras
import numpy as np
import tensorflow as tf

from keras_gan.data.class_labels import to_classes
from keras_gan.errors import UsageError
from keras_gan.layers.noise import number_random_layers
from keras_gan.model import arguments, configs, networks, serving
from keras_gan.model.callbacks import check_savable
from keras_gan.rules import by_name
from keras_gan.rules.priors import Geometry
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

    num_classes: int | None = None  # set by conditional models
    chunk = 256  # images that `sample` generates at a time

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        prior: Geometry | str | None = None,
        latent_dim: int | None = None,
        image_shape: Sequence[int] | None = None,
        num_classes: int | None = None,
        **kwargs: Any,
    ):
        arguments.keras_name(kwargs.get("name"))
        super().__init__(**kwargs)
        self.generator, self.discriminator = generator, discriminator
        self._sizes: tuple[Any, Any] = (latent_dim, networks.as_shape(image_shape))
        if num_classes is not None:
            self.num_classes = num_classes
        networks.prepare(self)
        for network in (generator, discriminator):
            number_random_layers(network)
        # Sampled, scored and exported from; without averaging it is a copy of the generator.
        self.average_generator = networks.copy_of(generator)
        self.prior = by_name.prior(prior)

    @property
    def latent_dim(self) -> int:
        """Dimensions of z."""
        inputs = networks.inputs_of(self.generator)
        return inputs[0].shape[-1] if inputs else self._sizes[0]

    @property
    def image_shape(self) -> tuple[int, ...]:
        """(height, width, channels), or (2,) for points."""
        inputs = networks.inputs_of(self.discriminator)
        shape = tuple(inputs[0].shape[1:]) if inputs else (None,)
        return (self._sizes[1] or shape) if None in shape else shape

    @property
    def conditional(self) -> bool:
        """Whether the generator takes labels."""
        return networks.takes_labels(self.generator, self.num_classes)

    @property
    def discriminator_takes_labels(self) -> bool:
        """Whether the discriminator takes labels."""
        return networks.takes_labels(self.discriminator, self.num_classes)

    def call_generator(
        self, latents: tf.Tensor, labels: tf.Tensor | None = None, training: bool = True
    ) -> tf.Tensor:
        """The images of the generator in training.

        Args:
            latents: float32 [n, z].
            labels: int32 [n]; used if G takes labels. Defaults to None.
            training: bool, whether batch norm uses the batch. Defaults to True.

        Returns:
            float32 [n, h, w, c] in [-1, 1], or points [n, 2].
        """
        inputs = [latents, labels] if self.conditional else latents
        return tf.cast(self.generator(inputs, training=training), tf.float32)

    def call_discriminator(
        self, images: tf.Tensor, labels: tf.Tensor | None = None, training: bool = True
    ) -> dict[str, tf.Tensor]:
        """The outputs of the discriminator in training.

        Args:
            images: float32 [n, h, w, c] in [-1, 1], or points [n, 2].
            labels: int32 [n]; used if D takes labels. Defaults to None.
            training: bool, whether batch norm uses the batch. Defaults to True.

        Returns:
            Float32: a dictionary with "logits" [n], or maps [n, h, w], and D's other outputs.
        """
        inputs = [images, labels] if self.discriminator_takes_labels else images
        return networks.to_logits(self.discriminator(inputs, training=training))

    # Using what has been trained ----------------------------------------------------------------

    def sample(
        self,
        count: int,
        *,
        seed: int = 0,
        labels: Any = None,
        noise: bool = False,
        truncation: float = 1.0,
    ) -> np.ndarray:
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

    def random_labels(self, key: randomness.Key, count: int | tf.Tensor) -> tf.Tensor | None:
        """Classes int32 [count] for samples of which none are asked for; None if not conditional.

        Args:
            key: `randomness.Key` of the first sample.
            count: int.
        """
        if not self.conditional:
            return None
        return key.fold("labels").integers([count], self.num_classes)

    def generate(
        self, latents: Any, labels: Any = None, key: randomness.Key | None = None
    ) -> tf.Tensor:
        """Images of the averaged generator.

        Args:
            latents: float32 [n, z], an array or a tensor.
            labels: int32 [n] for a conditional model. Defaults to None.
            key: `randomness.Key` of G's noise layers. Defaults to None: they are off.

        Returns:
            uint8 [n, h, w, c], or float32 points [n, 2].
        """
        latents = tf.convert_to_tensor(latents)
        inputs = [latents, tf.convert_to_tensor(labels)] if self.conditional else latents
        with randomness.scope(key):
            images = self.average_generator(inputs, training=False)
        return (
            pixels.to_uint8(images) if len(self.image_shape) == 3 else tf.cast(images, tf.float32)
        )

    def discriminate(self, images: Any, labels: Any = None) -> tf.Tensor:
        """D's logits of images, with the batch statistics of the reals.

        Args:
            images: uint8 [n, h, w, c], or float32 points [n, 2].
            labels: int32 [n] if D takes labels. Defaults to None.

        Returns:
            float32 [n], or maps [n, h, w].
        """
        x = pixels.to_float(images)
        labels = None if labels is None else tf.convert_to_tensor(labels)
        return self.call_discriminator(x, labels, training=False)["logits"]

    def save(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """As `keras.Model.save`, into a .keras file."""
        if not str(filepath).endswith(".keras"):
            raise UsageError(
                f"save({str(filepath)!r}): the name of a .keras file is needed; export() writes a"
                " SavedModel, save_weights() weights alone"
            )
        check_savable(self)
        super().save(filepath, *args, **kwargs)

    def export(self, filepath: Any, noise: bool = False, format: str = "tf_saved_model") -> None:
        """Writes a SavedModel that needs TensorFlow alone, with generate, sample, interpolate, ….

        Args:
            filepath: str, a folder; replaced if it is an export already.
            noise: bool, whether G's noise layers are active in it. Defaults to False.
            format: "tf_saved_model"; other formats are made by `--mode=export` of a run.
        """
        if format != "tf_saved_model":
            raise UsageError(
                f"export(format={format!r}): tf_saved_model is what a model writes; for others use"
                " the command line, --mode=export --export_format=…"
            )
        serving.export(self, filepath, noise)

    def extra_endpoints(self) -> dict[str, tuple[Callable, list[tf.TensorSpec]]]:
        """Endpoints that a subclass adds to the export, by name: (function, input signature)."""
        return {}

    def extra_samples(self, source: Any) -> dict[str, np.ndarray]:
        """Pictures that a subclass adds to its samples, by name: uint8 [h, w, c]."""
        return {}

    def call(self, inputs: Any, training: bool | None = None) -> tf.Tensor:
        """Images of the averaged generator: uint8 [n, h, w, c], or float32 points [n, 2].

        Args:
            inputs: latents float32 [n, z]; of a conditional model [latents, labels].
            training: not used; Keras requires it.
        """
        if isinstance(inputs, (tuple, list)) != self.conditional:
            needed = "[latents, labels]" if self.conditional else "latents [n, z] alone"
            raise UsageError(f"the model takes {needed}")
        latents = inputs[0] if self.conditional else inputs
        if len(latents.shape) != 2 or latents.shape[-1] != self.latent_dim:
            raise UsageError(
                f"latents are {list(latents.shape)}; the model takes [n, {self.latent_dim}]"
            )
        if self.conditional and tf.executing_eagerly():
            to_classes(inputs[1], len(latents), self.num_classes)
        return self.generate(*inputs) if self.conditional else self.generate(inputs)

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Does nothing: all is built. Keras would first reduce a batch over the replicas, which
        fails for several workers with labels."""

    def train_on_batch(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: what `fit` does before a step would be left out."""
        raise UsageError("a single step is fit(x, batch_size=len(x), steps_per_epoch=1)")

    def test_on_batch(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: what `evaluate` does before a step would be left out."""
        raise UsageError("the loss on one batch is evaluate(x, batch_size=len(x))")

    # Saving -------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The networks and the prior, serialised, and a subclass' own arguments."""
        return configs.model_config(self, inspect.signature(GenerativeModel.__init__).parameters)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "GenerativeModel":
        return cls(**configs.restored(config))
