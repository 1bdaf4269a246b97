"""VAE-GAN: an autoencoder whose reconstruction error is that of the discriminator's features."""

import dataclasses
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_gan.rules import priors
from keras_gan.rules.base import register
from keras_gan.step import pixels

from . import blocks
from .dcgan import DCGAN, discriminator_trunk
from .options import DCGANOptions


@register
class VAEGAN(DCGAN):
    """VAE + GAN (Larsen et al., 2016), on DCGAN's networks.

    A third player, the encoder, gives each image a Gaussian q(z|x); G is its decoder.
    With x̃ = G(z), z ~ q(z|x), and φ the features before D's logit:
    L_KL = KL(q(z|x)‖N(0, I)), a sum over z; L_φ = ½‖φ(x) - φ(x̃)‖², a sum over features (the
    negative log-likelihood of a Gaussian around φ(x̃)).
    The encoder minimises w · L_KL + L_φ. G minimises γ · L_φ plus its adversarial loss, the mean
    of those on G(z), z ~ N(0, I), and on x̃. D minimises its adversarial loss on x, G(z) and x̃,
    with half the weight for each kind of fake: algorithm 1.

    Tips used by default: those of DCGAN, and 7 (the hybrid VAE + GAN).

    Departs from the paper: each kind of fake has half the weight in D's loss, so that real and
    fake are balanced. γ is as in the paper, its value is not: L_φ sums over thousands of features,
    and with 0.01 it is a few times the adversarial loss.

    Args:
        kl_weight: float, w. Defaults to 1.
        reconstruction_weight: float, γ. Defaults to 0.01.
        **options: as for `DCGAN`; priors other than `priors.Gaussian` are refused.

    Example:

    ```python
    gan = VAEGAN(latent_dim=64)
    gan.compile()
    codes = gan.encode(images)  # uint8 [n, h, w, c] → float32 [n, 64]
    gan.reconstruct(images)  # uint8 [n, h, w, c]
    ```
    """

    needs_reals_for_generator = True

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Options(DCGANOptions):
        kl_weight: float = 1.0
        reconstruction_weight: float = 0.01

    def add_networks(self, options: Options) -> None:
        if type(self.prior) is not priors.Gaussian:
            name = type(self.prior).__name__
            raise ValueError(f"prior {name}: vae_gan's KL term needs a Gaussian prior")
        self.encoder = build_encoder(options)
        self.encoder_optimizer = None

    def compile(
        self, *, encoder_optimizer: keras.optimizers.Optimizer | None = None, **rules: Any
    ) -> None:
        """As `GAN.compile`, with one more argument.

        Args:
            encoder_optimizer: `keras.Optimizer` or its name. Defaults to one with the settings of
                G's optimizer.
            **rules: arguments of `GAN.compile`.
        """
        self.encoder_optimizer = keras.optimizers.get(encoder_optimizer)
        super().compile(**rules)

    @property
    def networks(self):
        return {**super().networks, "encoder": self.encoder}

    def optimizer_for(self, name):
        if name != "encoder":
            return super().optimizer_for(name)
        if self.encoder_optimizer is None:
            template = self.g_optimizer
            self.encoder_optimizer = type(template).from_config(template.get_config())
        return self.encoder_optimizer

    def make_fakes(self, real, labels, key):
        fakes = super().make_fakes(real, labels, key)
        mean, log_variance = self._posterior(real, training=True)
        noise = key.fold("posterior").normal(mean.shape)
        code = mean + tf.exp(0.5 * log_variance) * noise
        return {
            **fakes,
            "reconstructions": self.call_generator(code),
            "mean": mean,
            "log_variance": log_variance,
        }

    def discriminator_loss(self, turn):
        real, fake = self.adversarial_parts(turn, turn.real_output, self._reconstructed(turn))
        on_reconstructions = tf.reduce_mean(real) + tf.reduce_mean(fake)
        return 0.5 * (super().discriminator_loss(turn) + on_reconstructions)

    def generator_loss(self, turn):
        reconstructed = self._reconstructed(turn)
        on_reconstructions = tf.reduce_mean(self.adversarial_loss(turn, reconstructed))
        adversarial = 0.5 * (super().generator_loss(turn)["generator"] + on_reconstructions)
        difference = reconstructed["features"] - turn.real_output["features"]
        feature_error = tf.reduce_mean(0.5 * tf.reduce_sum(tf.square(difference), -1))
        mean, log_variance = turn.fake["mean"], turn.fake["log_variance"]
        divergence = 0.5 * (tf.square(mean) + tf.exp(log_variance) - 1.0 - log_variance)
        kl = turn.log("encoder/kl", tf.reduce_sum(divergence, -1))
        turn.log("encoder/feature_error", feature_error)
        turn.log("encoder/pixel_error", tf.square(turn.fake["reconstructions"] - turn.real))
        return {
            "generator": adversarial + self.options.reconstruction_weight * feature_error,
            "encoder": self.options.kl_weight * kl + feature_error,
        }

    def _reconstructed(self, turn):
        """D's outputs on x̃."""
        return turn.outputs_of(turn.fake["reconstructions"], "reconstructions")

    def _posterior(self, images, training):
        """Mean and log-variance of q(z|x), float32 [n, latent_dim] each."""
        output = self.encoder(images, training=training)
        return (tf.cast(output[name], tf.float32) for name in ("mean", "log_variance"))

    def encode(self, images: tf.Tensor) -> tf.Tensor:
        """The mean of q(z|x), float32 [n, latent_dim], for images uint8 [n, h, w, c]."""
        mean, _ = self._posterior(pixels.to_float(images), training=False)
        return mean

    def reconstruct(self, images: tf.Tensor) -> tf.Tensor:
        """The averaged generator's images for the codes of images, uint8 [n, h, w, c]."""
        return self.generate(self.encode(images))

    def extra_endpoints(self):
        images = tf.TensorSpec([None, *self.image_shape], tf.uint8, name="images")
        return {"encode": (self.encode, [images]), "reconstruct": (self.reconstruct, [images])}

    def extra_samples(self, source):
        """Rows of originals, each followed by a row of their reconstructions."""
        if source is None or len(source) < 32:
            return {}
        originals, _ = source.fetch(np.arange(32))
        copies = self.reconstruct(originals).numpy()
        rows = [part for i in range(0, 32, 8) for part in (originals[i : i + 8], copies[i : i + 8])]
        return {"reconstructions": blocks.tile(np.concatenate(rows), 8)}


def build_encoder(options: VAEGAN.Options) -> keras.Model:
    """Images float32 [n, h, w, c] → {"mean", "log_variance"}: [n, latent_dim] each."""
    images = keras.Input(options.image_shape, name="images")
    encoder_options = dataclasses.replace(
        options,
        d_normalization=options.normalization,
        spectral_norm=False,
        minibatch_stddev=False,
    )
    features = keras.layers.Flatten()(discriminator_trunk(images, encoder_options))
    outputs = {
        name: keras.layers.Dense(
            options.latent_dim, kernel_initializer=blocks.initializer(), dtype="float32", name=name
        )(features)
        for name in ("mean", "log_variance")
    }
    return keras.Model(images, outputs, name="encoder")
