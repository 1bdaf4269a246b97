"""WGAN-GP: the gradient's norm is pulled to one."""

import keras

from keras_gan import losses, schedules
from keras_gan.penalties import GradientPenalty
from keras_gan.rules import register

from . import blocks
from .base import ZooModel
from .dcgan import build_discriminator, build_generator


@register
class WGANGP(ZooModel):
    """Wasserstein GAN with gradient penalty (Gulrajani et al., 2017), on DCGAN's networks.

    D minimises E D(G(z)) - E D(x) + λ E(‖∇D(x̂)‖ - 1)², x̂ = αx + (1 - α)G(z) with α ~ U(0, 1) a
    pair and λ = 10; G minimises -E D(G(z)): algorithm 1. The negative of D's loss estimates the
    Wasserstein distance up to a factor. Five turns of D a step; Adam 1e-4 with β1 0, β2 0.9.

    Tips used by default: 1 (tanh), 3 (Gaussian z), 5 (LeakyReLU), 9 (Adam), 14 (more turns of D);
    4 in G only, since the penalty is a sample's own: D has layer norm, as the paper advises.

    Departs from the paper: LeakyReLU in G too (tip 5); D's logit has no bias, which
    this loss can't train.

    Args:
        d_normalization: "layer", "instance" or "none"; "batch" is refused.
        others as of `DCGAN`.

    Example:
        gan = WGANGP(image_shape=(28, 28, 1))
        gan.compile()                               # on batches [n, 5, h, w, c]
    """

    @classmethod
    def defaults(cls):
        return {
            "loss": "wasserstein",
            "gradient_penalty": 10.0,
            "d_turns": 5,
            "d_normalization": "layer",
            "d_learning_rate": 1e-4,
            "g_learning_rate": 1e-4,
            "d_beta_1": 0.0,
            "g_beta_1": 0.0,
            "d_beta_2": 0.9,
            "g_beta_2": 0.9,
        }

    def __init__(
        self,
        image_shape=(28, 28, 1),
        latent_dim=128,
        width=64,
        normalization="batch",
        d_normalization="layer",
        activation="leaky_relu",
        upsampling="transposed",
        downsampling="strided",
        noise=0.0,
        dropout=0.0,
        minibatch_stddev=False,
        last_layer=None,
        synchronized=False,
        prior=None,
        **kwargs,
    ):
        config = blocks.arguments(locals())
        if d_normalization == "batch":
            raise ValueError(
                "d_normalization=batch ties the samples whose gradients wgan_gp penalises one by"
                " one; use layer, instance or none"
            )
        super().__init__(
            generator=build_generator(**config),
            discriminator=build_discriminator(spectral=False, logit_bias=False, **config),
            prior=prior,
            **kwargs,
        )
        self.config = config

    def compile(
        self,
        d_optimizer=None,
        g_optimizer=None,
        loss=None,
        penalties=None,
        schedule=None,
        **rules,
    ):
        super().compile(
            d_optimizer or keras.optimizers.Adam(1e-4, beta_1=0.0, beta_2=0.9),
            g_optimizer or keras.optimizers.Adam(1e-4, beta_1=0.0, beta_2=0.9),
            loss=loss or losses.Wasserstein(),
            penalties=[GradientPenalty()] if penalties is None else penalties,
            schedule=schedule or schedules.FixedSchedule(d_turns=5),
            **rules,
        )
