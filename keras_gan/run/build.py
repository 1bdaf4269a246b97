"""From a config to its data and its model."""

import keras

from keras_gan.data import open_source
from keras_gan.errors import UsageError, refuse
from keras_gan.settings import compatibility, flags, from_config


def open_data(config, **options):
    """The data set of a config."""
    return open_source(
        config.dataset,
        image_size=flags.image_size(config.image_size),
        channels=config.channels or None,
        labels=config.labels,
        data_dir=config.data_dir or None,
        min_size=config.batch_size,
        **options,
    )


def build_model(config, model_class, source):
    """The game of a config: players and rules, under the strategy in force."""
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
