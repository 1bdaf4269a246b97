"""Builds the data source and the model of a config."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf

from keras_gan.data import open_source
from keras_gan.data.source import Source
from keras_gan.errors import UsageError, refuse
from keras_gan.gan import GAN
from keras_gan.run import memory
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
        crop=config.crop,
        min_size=config.batch_size,
        **options,
    )


class SavedData(NamedTuple):
    """What a model's networks need to know of the data, as a checkpoint kept it."""

    image_shape: tuple
    num_classes: int | None
    label_names: list | None

    @staticmethod
    def is_in(environment):
        """Whether a checkpoint's environment describes the data; those of before did not."""
        return {"image shape", "number of classes", "class names"} <= environment.keys()

    @classmethod
    def of(cls, environment):
        """From a checkpoint's environment."""
        shape = tuple(environment["image shape"])
        return cls(shape, environment["number of classes"], environment["class names"])


def check_same_data(config, model_class, source, environment):
    """Raises a `UsageError` if a run can't be continued on this data.

    Args:
        config, model_class: the run's.
        source: the data as they are now.
        environment: of the run's last checkpoint; {} for a new run. One that does not describe the
            data is not compared.
    """
    if not SavedData.is_in(environment):
        return
    before, shape = SavedData.of(environment), tuple(source.image_shape)
    if before.image_shape != shape:
        refuse(
            "dataset",
            config.dataset,
            f"its images are {_x(shape)}, and the run was started with {_x(before.image_shape)}",
            "the same data, or another --run_dir",
        )
    if not compatibility.conditional(config, model_class):
        return
    names = source.label_names
    if before.num_classes != source.num_classes or before.label_names != (names and list(names)):
        refuse(
            "dataset",
            config.dataset,
            f"its classes are {_classes(source)}, and the run was started with {_classes(before)}",
            "the same classes in the same order, or another --run_dir",
        )


def name_classes(source, most=20):
    """The classes by number, as a text: "0 cat, 1 dog"."""
    names = source.label_names or []
    more = f", … {len(names)} in all" if len(names) > most else ""
    return ", ".join(f"{number} {name}" for number, name in enumerate(names[:most])) + more


def _classes(data):
    return f"({name_classes(data, 8)})" if data.label_names else str(data.num_classes)


def _x(shape):
    return "x".join(map(str, shape))


def build_model(
    config: Config,
    model_class: type[GAN],
    source: Source,
    prepare: Callable[[GAN], None] | None = None,
) -> GAN:
    """Builds and compiles the model of a config, in the current strategy scope.

    Args:
        config: `Config`.
        model_class: class of the model.
        source: the data, whose images and classes the model generates.
        prepare: function of the model that is called before `compile`, as to give it other
            weights. Defaults to None.

    Returns:
        The compiled `GAN`.

    Raises:
        UsageError: the model can't be built for this data or these settings.
    """
    keras.utils.set_random_seed(config.seed)
    keras.mixed_precision.set_global_policy(config.precision)
    conditional = compatibility.conditional(config, model_class)
    num_classes = source.num_classes if conditional else None
    values = {**vars(config), "image_shape": source.image_shape, "num_classes": num_classes}
    options = {name: values[name] for name in compatibility.options(model_class) & values.keys()}
    if conditional and num_classes is None:
        by_flag = config.conditional
        refuse(
            "dataset",
            config.dataset,
            f"has no labels, and {'--conditional' if by_flag else config.model} needs them",
            f"labelled data, or {'--conditional=false' if by_flag else '--model=dcgan'}",
        )
    try:
        memory.check(
            config, model_class, options, tf.distribute.get_strategy().num_replicas_in_sync
        )
        gan = model_class(**options, prior=from_config.prior(config))
        if prepare is not None:
            prepare(gan)
        gan.compile(**from_config.compile_arguments(config))
    except UsageError:
        raise
    except ValueError as error:
        raise UsageError(f"--model={config.model}: {error}") from error
    except tf.errors.ResourceExhaustedError as error:
        raise UsageError(f"--model={config.model}: its weights don't fit into memory") from error
    return gan
