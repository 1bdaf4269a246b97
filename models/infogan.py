"""InfoGAN: part of the latent vector is predicted from the image."""

import dataclasses
import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_gan.rules.base import register

from . import blocks
from .base import ZooModel
from .dcgan import discriminator_trunk, generator_trunk
from .options import DCGANOptions


@register
class InfoGAN(ZooModel):
    """Information maximising GAN (Chen et al., 2016), on DCGAN's networks.

    The latent vector consists of noise and codes: one categorical code (an unsupervised class) and
    a few continuous ones, uniform on [-1, 1]. A head Q on D's last map predicts the codes from the
    image; -L_I, with L_I a lower bound of the codes' mutual information with the image, is Q's
    cross-entropy for the category plus ½(code - prediction)² for each continuous code (a Gaussian
    of fixed variance). D and Q minimise D's adversarial loss - λ L_I, G minimises its adversarial
    loss - λ L_I: equation 6; as in the authors' code, L_I is computed on fakes in both players'
    turns.

    Codes are computed from Gaussian latents inside G, so that sampling, interpolation and export
    need z only: the category is the index of the largest of the first `categories` values
    (uniform, by symmetry), a continuous code is 2Φ(z) - 1.

    Tips used by default: those of DCGAN.

    Departs from the paper: DCGAN's networks; the continuous codes' weight is a tenth of the
    categorical code's, as in the authors' code for MNIST; their variance is fixed.

    Args:
        categories: int, number of values of the categorical code. Defaults to 10.
        continuous: int, number of continuous codes. Defaults to 2.
        code_weight: float, λ. Defaults to 1.
        **options: as for `DCGAN`; `latent_dim` includes noise and codes.

    Example:

    ```python
    gan = InfoGAN(latent_dim=74)
    gan.compile()
    gan.generate(gan.traversal(code=0))  # one image per category, with the same noise
    ```
    """

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Options(DCGANOptions):
        categories: int = 10
        continuous: int = 2
        code_weight: float = 1.0

        def __post_init__(self):
            super().__post_init__()
            codes = self.categories + self.continuous
            if self.latent_dim <= codes:
                raise ValueError(
                    f"latent_dim {self.latent_dim}: infogan's codes take {codes}; use more than"
                    f" {codes}, for the noise"
                )

    @classmethod
    def build_generator(cls, options: Options) -> keras.Model:
        """z float32 [n, latent_dim] → images float32 [n, h, w, c] in [-1, 1]."""
        latents = keras.Input((options.latent_dim,), name="latents")
        codes = Codes(options.categories, options.continuous)(latents)
        start = blocks.GeneratorInputs(latents, codes, None)
        images = generator_trunk(codes, options, blocks.modulation(start, options))
        return blocks.network(latents, images, "generator", options)

    @classmethod
    def build_discriminator(cls, options: Options) -> keras.Model:
        """D and Q: images → "logits" [n], "features" [n, d], "category_logits", "continuous"."""
        images = keras.Input(options.image_shape, name="images")
        features = keras.layers.Flatten()(discriminator_trunk(images, options))
        normalization = options.d_normalization
        # Instance norm needs a map.
        normalization = "layer" if normalization == "instance" else normalization
        dense = keras.layers.Dense
        hidden = dense(128, use_bias=normalization == "none")(features)
        hidden = blocks.norm_act(
            hidden, normalization, options.activation, synchronized=options.sync_batch_norm
        )
        outputs = {
            "logits": blocks.logit(features, options.spectral_norm),
            "features": features,
            "category_logits": dense(options.categories, name="category_logits")(hidden),
            "continuous": dense(options.continuous, name="continuous")(hidden),
        }
        return blocks.network(images, outputs, "discriminator", options)

    def compile(self, **rules: Any) -> None:
        if rules.get("replay") is not None:
            raise ValueError("infogan needs the codes of each fake, which replay does not store")
        super().compile(**rules)

    def make_fakes(self, real, labels, key):
        shape = (real.shape[0], self.latent_dim)
        latent = self.prior.sample(key.fold("latent"), shape, training=True)
        category, continuous = split_codes(latent, self.options.categories, self.options.continuous)
        return {
            "images": self.call_generator(latent),
            "category": category,
            "continuous": continuous,
        }

    def discriminator_loss(self, turn):
        return super().discriminator_loss(turn) + self._information_loss(turn)

    def generator_loss(self, turn):
        adversarial = super().generator_loss(turn)["generator"]
        return {"generator": adversarial + self._information_loss(turn)}

    def _information_loss(self, turn):
        """-λ L_I on the turn's fakes, a float32 scalar, without the codes' constant entropy."""
        output, codes = turn.fake_output, turn.fake
        right = tf.argmax(output["category_logits"], -1) == tf.argmax(codes["category"], -1)
        turn.log("codes/category_accuracy", right)
        category = turn.log(
            "codes/category_loss",
            tf.nn.softmax_cross_entropy_with_logits(codes["category"], output["category_logits"]),
        )
        squares = 0.5 * tf.square(codes["continuous"] - output["continuous"])
        continuous = turn.log("codes/continuous_loss", tf.reduce_sum(squares, -1))
        return self.options.code_weight * (category + 0.1 * continuous)

    def traversal(self, code: int, count: int = 10, seed: int = 0) -> np.ndarray:
        """Latents that differ in one code only.

        Args:
            code: int, 0 for the category, i for the i-th continuous code.
            count: int, number of values; those of a continuous code are -0.95 to 0.95. Defaults
                to 10.
            seed: int, random seed of the other codes and the noise. Defaults to 0.

        Returns:
            float32 [count, latent_dim].
        """
        latent = np.random.default_rng(seed).normal(size=(1, self.latent_dim))
        path = np.repeat(latent, count, 0).astype(np.float32)
        if code == 0:
            path[:, : self.options.categories] = 0.0
            path[np.arange(count), np.arange(count) % self.options.categories] = 3.0
        else:
            values = tf.math.ndtri(tf.linspace(0.025, 0.975, count))
            path[:, self.options.categories + code - 1] = values.numpy()
        return path

    def extra_samples(self, source):
        """A traversal for each code; rows differ in their noise."""
        pictures = {}
        for code in range(1 + self.options.continuous):
            rows = [self.generate(self.traversal(code, seed=row)).numpy() for row in range(4)]
            name = "category" if code == 0 else f"code-{code}"
            pictures[name] = blocks.tile(np.concatenate(rows), 10)
        return pictures


def split_codes(
    latents: tf.Tensor, categories: int, continuous: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """The codes in Gaussian latents [n, z]: one-hot float32 [n, categories], [n, continuous]."""
    category = tf.one_hot(tf.argmax(latents[:, :categories], -1), categories)
    numbers = latents[:, categories : categories + continuous]
    return category, erf(numbers / math.sqrt(2.0))


def erf(x: tf.Tensor) -> tf.Tensor:
    """The error function to 6e-7 in float32, by operations that LiteRT has.

    Equation 7.1.26 of Abramowitz and Stegun, "Handbook of Mathematical Functions", 1964.
    """
    size = tf.abs(x)
    t = 1.0 / (1.0 + 0.3275911 * size)
    polynomial = t * (
        0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))
    )
    return tf.sign(x) * (1.0 - polynomial * tf.exp(-tf.square(size)))


@register
class Codes(keras.layers.Layer):
    """Latents [n, z] with their first values turned into codes: [n, z].

    Args:
        categories: int, number of values of the categorical code.
        continuous: int, number of continuous codes.
        **kwargs: arguments of `keras.layers.Layer`.
    """

    def __init__(self, categories: int, continuous: int, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.categories, self.continuous = categories, continuous

    def call(self, latents):
        codes = split_codes(latents, self.categories, self.continuous)
        return tf.concat([*codes, latents[:, self.categories + self.continuous :]], -1)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        config = {"categories": self.categories, "continuous": self.continuous}
        return {**super().get_config(), **config}
