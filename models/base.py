"""What every model of the zoo can do besides its paper: say its defaults, and be saved."""

from typing import ClassVar

import keras

from keras_gan import GAN


class ZooModel(GAN):
    """A GAN that can be rebuilt from its constructor's arguments, which it keeps in `config`.

    A model sets its players in `__init__`. Rules of its paper that differ from the engine's stand
    in `defaults` (for the command line) and in its own `compile` (for Python); where only the game
    differs it overrides `make_fakes`, `discriminator_loss` or `generator_loss`.

    Attributes:
        inherent: switches, by flag name, that its networks have without an argument for them.
    """

    inherent: ClassVar = {}

    @classmethod
    def defaults(cls):
        """Settings of the paper, by flag name; a flag that is not given takes these."""
        return {}

    def get_config(self):
        prior = keras.saving.serialize_keras_object(self.prior)
        return {**super().get_config(), **self.config, "prior": prior}
