"""What all models of the zoo have in common: options, the settings of a paper, saving."""

import dataclasses
from typing import ClassVar

import keras

from keras_gan import GAN
from keras_gan.settings import from_config, resolve

from .options import Options, check_names, signature


class ZooModel(GAN):
    """A GAN that is built from its options, which it keeps in `options`.

    A model defines `build_generator` and `build_discriminator`, an `Options` class if it has
    options or defaults of its own, and `defaults` if its paper sets rules. Where only the training
    differs it overrides `make_fakes`, `discriminator_loss` or `generator_loss`.

    Args:
        prior: `latents.Prior` of z; Gaussian by default.
        name: str, the Keras name.
        options: the fields of the model's `Options`, by name.

    Attributes:
        Options: frozen dataclass with one field per option, called like its flag.
        options: the model's own `Options`.
        built_in: values of switches, by flag name, that its networks have without an option.
    """

    Options: ClassVar = Options
    built_in: ClassVar = {}

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.__signature__ = signature(cls.Options)  # what `help` and editors show

    def __init__(self, *, prior=None, name=None, **options):
        check_names(type(self).__name__, self.Options, options)
        options = self.Options(**options)
        super().__init__(
            generator=self.build_generator(options),
            discriminator=self.build_discriminator(options),
            prior=prior,
            name=name,
        )
        self.options = options
        self.add_networks(options)

    @classmethod
    def build_generator(cls, options):
        """z float32 [n, latent_dim] (and labels int32 [n]) → images float32 [n, h, w, c]."""
        raise NotImplementedError(f"{cls.__name__} lacks build_generator")

    @classmethod
    def build_discriminator(cls, options):
        """Images (and labels) → {"logits": float32 [n], "features": float32 [n, d]}."""
        raise NotImplementedError(f"{cls.__name__} lacks build_discriminator")

    def add_networks(self, options):
        """Adds what a model has besides a generator and a discriminator; called last."""

    @property
    def num_classes(self):
        """Number of classes of a conditional model, else None."""
        # None while the networks are built, too.
        return getattr(getattr(self, "options", None), "num_classes", None)

    @classmethod
    def defaults(cls):
        """Settings of the paper, by flag name; a flag that is not given takes these.

        Options whose default is not the flag's are among them; a model adds its rules.
        """
        flags = from_config.FLAG_DEFAULTS
        return {
            field.name: field.default
            for field in dataclasses.fields(cls.Options)
            if field.name in flags and field.default != flags[field.name]
        }

    def compile(self, *, steps=None, **rules):
        """As `GAN.compile`, by keyword only; what is not given is as in the paper.

        Args:
            steps: int, length of the training, to which the paper's schedules are fitted; without
                it they are constant.
            rules: None is given too: it switches a rule off.
        """
        settings = self.defaults()
        if steps is not None:
            settings["schedule_steps"] = resolve.horizon({**settings, "steps": steps})
        super().compile(**{**from_config.compile_arguments(settings), **rules})

    def get_config(self):
        prior = keras.saving.serialize_keras_object(self.prior)
        return {**super().get_config(), **vars(self.options), "prior": prior}
