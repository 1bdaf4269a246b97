"""Base class of all models: options, the settings of a paper, saving."""

import dataclasses
from typing import Any, ClassVar

import keras

from keras_gan import GAN
from keras_gan.rules.priors import Prior
from keras_gan.settings import from_config, resolve

from .options import Options, check_names, signature


class ZooModel(GAN):
    """A GAN that is built from its options.

    A model defines `build_generator` and `build_discriminator`, an `Options` class if it has other
    options or defaults, and `defaults` if its paper sets rules. To change the training it overrides
    `make_fakes`, `discriminator_loss` or `generator_loss`.

    Args:
        prior: `priors.Prior` of z. Defaults to `priors.Gaussian()`.
        name: str, the Keras name. Defaults to one that Keras makes from the class name.
        **options: the fields of the model's `Options`.

    Attributes:
        Options: frozen dataclass with one field per option, named like its flag.
        options: the `Options` of this instance.
        takes_points: whether it makes points [n, 2] as well as images.
        built_in: settings that its networks always have, by flag name, such as `spectral_norm`.

    Raises:
        TypeError: the model has no option of this name.
    """

    Options: ClassVar = Options
    takes_points: ClassVar = False
    built_in: ClassVar = {}

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.__signature__ = signature(cls.Options)  # what `help` and editors show

    def __init__(self, *, prior: Prior | None = None, name: str | None = None, **options: Any):
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
    def build_generator(cls, options: Options) -> keras.Model:
        """z float32 [n, latent_dim] (and labels int32 [n]) → images float32 [n, h, w, c]."""
        raise NotImplementedError(f"{cls.__name__} lacks build_generator")

    @classmethod
    def build_discriminator(cls, options: Options) -> keras.Model:
        """Images (and labels) → {"logits": float32 [n], "features": float32 [n, d]}."""
        raise NotImplementedError(f"{cls.__name__} lacks build_discriminator")

    def add_networks(self, options: Options) -> None:
        """Adds further networks; called at the end of the constructor."""

    @property
    def num_classes(self) -> int | None:
        """Number of classes of a conditional model, else None."""
        # None while the networks are built, too.
        return getattr(getattr(self, "options", None), "num_classes", None)

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """Settings of the paper, by flag name: the defaults of flags that are not set.

        Includes the options whose default differs from the flag's; a model adds its rules.
        """
        flags = from_config.FLAG_DEFAULTS
        return {
            field.name: field.default
            for field in dataclasses.fields(cls.Options)
            if field.name in flags and field.default != flags[field.name]
        }

    def compile(self, *, steps: int | None = None, **rules: Any) -> None:
        """As `GAN.compile`, with the paper's settings as defaults.

        Args:
            steps: int, length of the training, to which the paper's schedules are fitted. Defaults
                to none: then they are constant.
            **rules: arguments of `GAN.compile`; None switches a rule off.
        """
        settings = self.defaults()
        if steps is not None:
            settings["schedule_steps"] = resolve.horizon({**settings, "steps": steps})
        super().compile(**{**from_config.compile_arguments(settings), **rules})

    def get_config(self):
        prior = keras.saving.serialize_keras_object(self.prior)
        return {**super().get_config(), **vars(self.options), "prior": prior}
