"""The zoo: one paper a file. `REGISTRY` maps a model's name to its class."""

from .dcgan import DCGAN

REGISTRY = {"dcgan": DCGAN}
