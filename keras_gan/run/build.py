"""Builds the data source and the model of a config."""

import keras

from keras_gan.data import open_source
from keras_gan.data.source import Source
from keras_gan.errors import UsageError, refuse
from keras_gan.gan import GAN
from keras_gan.settings import compatibility, flags, from_config
from keras_gan.settings.config import Config


def open_data(config: Config, **options) -> Source:
    """Opens the data of a config; `options` are further arguments of `open_source`."""
    return open_source(
        config.dataset,
        image_size=flags.image_size(config.image_size),
        channels=config.channels or None,
        labels=config.labels,
        data_dir=config.data_dir or None,
        min_size=config.batch_size,
        **options,
    )


def build_model(config: Config, model_class: type[GAN], source: Source) -> GAN:
    """Builds and compiles the model of a config, in the current strategy scope.

    Args:
        config: `Config`.
        model_class: class of the model.
        source: the data, whose images and classes the model generates.

    Returns:
        The compiled `GAN`.

    Raises:
        UsageError: the model can't be built for this data or these settings.
    """
    keras.utils.set_random_seed(config.seed)
    keras.mixed_precision.set_global_policy(config.precision)
    values = {**vars(config), "image_shape": source.image_shape, "num_classes": source.num_classes}
    options = {name: values[name] for name in compatibility.options(model_class) & values.keys()}
    if "num_classes" in options and source.num_classes is None:
        refuse(
            "dataset",
            config.dataset,
            f"has no labels, and {config.model} needs them",
            "labelled data, or --model=dcgan",
        )
    try:
        gan = model_class(**options, prior=from_config.prior(config))
        gan.compile(**from_config.compile_arguments(config))
    except ValueError as error:
        raise UsageError(f"--model={config.model}: {error}") from error
    return gan
