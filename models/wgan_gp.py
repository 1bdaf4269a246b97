"""WGAN-GP: a penalty keeps the norm of D's gradient near one."""

import dataclasses
from typing import ClassVar

from keras_gan.rules.base import register

from .dcgan import DCGAN
from .options import ConvOptions


@register
class WGANGP(DCGAN):
    """Wasserstein GAN with gradient penalty (Gulrajani et al., 2017), on DCGAN's networks.

    D minimises E D(G(z)) - E D(x) + λ E(‖∇D(x̂)‖ - 1)², x̂ = αx + (1 - α)G(z) with α ~ U(0, 1) per
    pair and λ = 10; G minimises -E D(G(z)): algorithm 1. The negative of D's loss estimates the
    Wasserstein distance up to a factor. Five turns of D per step; Adam 1e-4 with β1 0, β2 0.9.

    Tips used by default: 1 (tanh), 3 (Gaussian z), 5 (LeakyReLU), 9 (Adam), 14 (more turns of D);
    4 in G only, since the penalty is per sample: D has layer norm, as the paper advises.

    Departs from the paper: LeakyReLU in G too (tip 5); D's logit has no bias, which this loss
    can't train.

    Args:
        d_normalization: str, "layer", "instance" or "none"; "batch" is refused. Defaults to
            "layer".
        **options: as for `DCGAN`, without `spectral_norm`.

    Example:

    ```python
    gan = WGANGP(image_shape=(28, 28, 1))
    gan.compile()  # on batches [n, 5, h, w, c]
    ```
    """

    logit_bias: ClassVar = False

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Options(ConvOptions):  # no spectral norm
        d_normalization: str = "layer"

        def __post_init__(self):
            super().__post_init__()
            if self.d_normalization == "batch":
                raise ValueError(
                    "d_normalization=batch mixes the samples whose gradients wgan_gp penalises"
                    " separately; use layer, instance or none"
                )

    @classmethod
    def defaults(cls):
        return super().defaults() | {
            "loss": "wasserstein",
            "gradient_penalty": 10.0,
            "d_turns": 5,
            "d_learning_rate": 1e-4,
            "g_learning_rate": 1e-4,
            "d_beta_1": 0.0,
            "g_beta_1": 0.0,
            "d_beta_2": 0.9,
            "g_beta_2": 0.9,
        }
