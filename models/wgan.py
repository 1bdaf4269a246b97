"""WGAN: the discriminator estimates a distance, with clipped weights."""

from typing import ClassVar

from keras_gan.rules.base import register

from .dcgan import DCGAN
from .options import ConvOptions


@register
class WGAN(DCGAN):
    """Wasserstein GAN with weight clipping (Arjovsky, Chintala & Bottou, 2017), DCGAN's networks.

    D minimises E D(G(z)) - E D(x), then each of its weights is clipped to [-0.01, 0.01], so that
    D is Lipschitz; G minimises -E D(G(z)): algorithm 1. The negative of D's loss follows the
    Wasserstein distance up to a factor, so it falls while the samples get better. Five turns of D
    per step; RMSprop 5e-5 for both, since momentum made D's training unstable.

    Tips used by default: 1 (tanh), 3 (Gaussian z), 4 (separate batches, batch norm), 5 (LeakyReLU,
    strided convolutions), 14 (more turns of D).

    Departs from the paper: LeakyReLU in G too (tip 5); D's logit has no bias, which this loss
    can't train. Batch norm's scale is clipped too, as in the authors' code.

    Args:
        **options: as for `DCGAN`, without `spectral_norm`, which would undo the clipping.

    Example:

    ```python
    gan = WGAN(image_shape=(28, 28, 1))
    gan.compile()  # on batches [n, 5, h, w, c]
    ```
    """

    Options: ClassVar = ConvOptions  # no spectral norm
    logit_bias: ClassVar = False

    @classmethod
    def defaults(cls):
        return super().defaults() | {
            "loss": "wasserstein",
            "clip_weights": 0.01,
            "d_turns": 5,
            "d_optimizer": "rmsprop",
            "g_optimizer": "rmsprop",
            "d_learning_rate": 5e-5,
            "g_learning_rate": 5e-5,
        }
