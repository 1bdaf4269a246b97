"""WGAN: the critic estimates a distance, its weights clipped."""

import keras

from keras_gan import losses, schedules
from keras_gan.constraints import WeightClip
from keras_gan.rules import register

from . import blocks
from .base import ZooModel
from .dcgan import build_discriminator, build_generator


@register
class WGAN(ZooModel):
    """Wasserstein GAN with weight clipping (Arjovsky, Chintala & Bottou, 2017), DCGAN's networks.

    D minimises E D(G(z)) - E D(x), then each of its weights is clipped to [-0.01, 0.01], so that
    D is Lipschitz; G minimises -E D(G(z)): algorithm 1. The negative of D's loss follows the
    Wasserstein distance up to a factor, so it falls while the samples get better. Five turns of D
    a step; RMSprop 5e-5 for both, since momentum made the critic unstable.

    Tips used by default: 1 (tanh), 3 (Gaussian z), 4 (separate batches, batch norm), 5 (LeakyReLU,
    strided convolutions), 14 (more turns of D).

    Departs from the paper: LeakyReLU in G too (tip 5); D's logit has no bias, which this loss
    can't train. Batch norm's scale is clipped too, as in the authors' code.

    Args:
        as of `DCGAN`, without spectral norm, which would undo the clipping.

    Example:
        gan = WGAN(image_shape=(28, 28, 1))
        gan.compile()                               # on batches [n, 5, h, w, c]
    """

    @classmethod
    def defaults(cls):
        return {
            "loss": "wasserstein",
            "clip_weights": 0.01,
            "d_turns": 5,
            "d_optimizer": "rmsprop",
            "g_optimizer": "rmsprop",
            "d_learning_rate": 5e-5,
            "g_learning_rate": 5e-5,
        }

    def __init__(
        self,
        image_shape=(28, 28, 1),
        latent_dim=128,
        width=64,
        normalization="batch",
        d_normalization="batch",
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
        schedule=None,
        d_constraint=None,
        **rules,
    ):
        super().compile(
            d_optimizer or keras.optimizers.RMSprop(5e-5),
            g_optimizer or keras.optimizers.RMSprop(5e-5),
            loss=loss or losses.Wasserstein(),
            schedule=schedule or schedules.FixedSchedule(d_turns=5),
            d_constraint=d_constraint or WeightClip(0.01),
            **rules,
        )
