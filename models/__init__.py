"""The models, one paper per file. `REGISTRY` maps a model's name to its class.

`WEIGHTS` maps the name of a trained model that is shipped to its folder, for `keras_gan.load` and
`--weights`.
"""

from .acgan import ACGAN
from .cgan import CGAN
from .dcgan import DCGAN
from .gan import VanillaGAN
from .infogan import InfoGAN
from .kl_gan import KLGAN
from .lsgan import LSGAN
from .r3gan import R3GAN
from .shipped import WEIGHTS as WEIGHTS
from .sngan import SNGAN
from .vae_gan import VAEGAN
from .wgan import WGAN
from .wgan_gp import WGANGP

REGISTRY = {
    "gan": VanillaGAN,
    "dcgan": DCGAN,
    "lsgan": LSGAN,
    "wgan": WGAN,
    "wgan_gp": WGANGP,
    "sngan": SNGAN,
    "cgan": CGAN,
    "acgan": ACGAN,
    "infogan": InfoGAN,
    "vae_gan": VAEGAN,
    "kl_gan": KLGAN,
    "r3gan": R3GAN,
}
