"""The zoo: one paper a file. `REGISTRY` maps a model's name to its class."""

from .dcgan import DCGAN
from .gan import VanillaGAN

REGISTRY = {"gan": VanillaGAN, "dcgan": DCGAN}
