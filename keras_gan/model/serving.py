"""A trained model as a SavedModel that needs TensorFlow alone."""

import functools
import pathlib
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from absl import logging

from keras_gan import atomic
from keras_gan.errors import StorageError, UsageError, reason
from keras_gan.step import network_state, randomness

ABOUT = "model.json"  # what an export says about itself

# AutoGraph is off: nothing here needs it, and it slows tracing.
endpoint = functools.partial(tf.function, autograph=False)


class Networks(tf.Module):
    """What an export holds the weights of; the attributes' names are in its checkpoint.

    Args:
        gan: a `GAN`.

    Attributes:
        weights: name of a network → its variables, in the order of `network_state.variables`.
    """

    def __init__(self, gan):
        super().__init__()
        networks = {"average_generator": gan.average_generator, **gan.networks}
        self._gan_networks = list(networks.values())
        self.weights = {  # TensorFlow would not find those of an `AverageNetwork`
            name: [variable.value for variable in network_state.variables(network)]
            for name, network in networks.items()
        }


class Servable(Networks):
    """The endpoints of an export; models add more with `extra_endpoints()`.

    Images are uint8 [n, height, width, channels] (2-D mixtures: points, float32 [n, 2]). Errors are
    a label that is no class, fewer or more labels than images, a negative count, and latents that
    are not finite. `serving_default` is `generate`, with the output "images".

    Args:
        gan: a trained `GAN`.
        noise: bool, whether the generator's noise layers are active. Defaults to False.
        class_names: list of str, the classes' names by number, for the endpoint `class_names`.
            Defaults to None, which is no such endpoint.
    """

    def __init__(self, gan, noise: bool = False, class_names: list[str] | None = None):
        super().__init__(gan)
        latent = tf.TensorSpec([None, gan.latent_dim], tf.float32, name="latents")
        vector = tf.TensorSpec([gan.latent_dim], tf.float32)
        number = tf.TensorSpec([], tf.int32)
        classes = tf.TensorSpec([None], tf.int32, name="labels")
        flat = len(gan.image_shape) == 1
        images = tf.TensorSpec(
            [None, *gan.image_shape], tf.float32 if flat else tf.uint8, name="images"
        )

        def generate(latents, labels=None, seed=0):
            labels = _checked(labels, gan.num_classes, latents)
            latents = tf.debugging.check_numerics(latents, "latents have to be finite numbers")
            key = randomness.Key.create(seed).fold("noise") if noise else None
            return _of_rows(lambda *rows: gan.generate(*rows, key=key), latents, labels)

        def sample_truncated(count, seed, truncation, labels=None):
            count, key = _counted(count), randomness.Key.create(seed)
            labels = gan.random_labels(key, count) if labels is None else labels
            latents = gan.prior.sample(key.fold("latent"), (count, gan.latent_dim))
            if truncation is not None:
                latents = gan.prior.truncate(latents, truncation)
            return generate(latents, labels, seed)

        def sample(count, seed, labels=None):
            return sample_truncated(count, seed, None, labels)

        def path(start, end, count):
            fraction = tf.linspace(0.0, 1.0, _counted(count))[:, None]
            return gan.prior.path(start[None], end[None], fraction)

        if gan.conditional:
            one = tf.TensorSpec([], tf.int32)
            self.generate = endpoint(generate, input_signature=[latent, classes])
            # Without a signature: one that works with labels and without.
            self.sample = endpoint(sample)
            self.sample.get_concrete_function(number, number)
            self.sample.get_concrete_function(number, number, classes)
            self.interpolate = endpoint(
                lambda start, end, count, label: generate(
                    path(start, end, count), tf.fill([_counted(count)], label)
                ),
                input_signature=[vector, vector, number, one],
            )
        else:
            self.generate = endpoint(generate, input_signature=[latent])
            self.sample = endpoint(sample, input_signature=[number, number])
            self.interpolate = endpoint(
                lambda start, end, count: generate(path(start, end, count)),
                input_signature=[vector, vector, number],
            )
        self.serve = endpoint(
            lambda *inputs: {"images": generate(*inputs)},
            input_signature=self.generate.input_signature,
        )
        if gan.prior.can_truncate:
            ratio = tf.TensorSpec([], tf.float32, name="truncation")
            self.sample_truncated = endpoint(sample_truncated)
            self.sample_truncated.get_concrete_function(number, number, ratio)
            if gan.conditional:
                self.sample_truncated.get_concrete_function(number, number, ratio, classes)
        takes_labels = gan.discriminator_takes_labels

        def discriminate(images, labels=None):
            return _of_rows(gan.discriminate, images, _checked(labels, gan.num_classes, images))

        self.discriminate = endpoint(
            discriminate, input_signature=[images, classes] if takes_labels else [images]
        )
        if class_names:
            self.class_names = endpoint(lambda: tf.constant(class_names), input_signature=[])
        for name, (function, specs) in gan.extra_endpoints().items():
            setattr(self, name, endpoint(function, input_signature=specs))


def _of_rows(function, inputs, labels):
    """A function of inputs [n, …] and labels [n] or None, which need not be made for n = 0."""
    count = tf.shape(inputs)[0]
    spare = tf.cast(tf.equal(count, 0), tf.int32)  # convolutions refuse an empty batch
    rows = [
        tf.concat([rows, tf.zeros([spare, *rows.shape[1:]], rows.dtype)], 0)
        for rows in (inputs, labels)
        if rows is not None
    ]
    return function(*rows)[:count]


def _counted(count):
    """A count, int32, with an error if it is negative."""
    with tf.control_dependencies([tf.debugging.assert_non_negative(count, "count is negative")]):
        return tf.identity(count)


def _checked(labels, num_classes, of):
    """Labels int32 [n], with an error unless they are classes and as many as the rows of `of`."""
    if labels is None:
        return None
    range_of = f"labels are 0 to {num_classes - 1}"
    checks = [
        tf.debugging.assert_non_negative(labels, range_of),
        tf.debugging.assert_less(labels, num_classes, range_of),
        tf.debugging.assert_equal(tf.shape(labels)[0], tf.shape(of)[0], "one label per image"),
    ]
    with tf.control_dependencies(checks):
        return tf.identity(labels)


def export(gan: Any, folder: Any, noise: bool = False) -> None:
    """Writes the export of a model that is no run's; a folder that is no export is not replaced.

    Args:
        gan: a `GenerativeModel`.
        folder: where.
        noise: whether G's noise layers are active.

    Raises:
        UsageError: the folder holds something else.
        StorageError: it can't be written.
    """
    write(gan, pathlib.Path(folder), {"model": type(gan).__name__}, noise)


def write(
    gan: Any,
    folder: pathlib.Path,
    about: dict,
    noise: bool = False,
    convert: Callable | None = None,
    class_names: list[str] | None = None,
) -> None:
    """Writes a SavedModel and its model.json, whole or not at all.

    Args:
        gan: a `GenerativeModel`.
        folder: where; an export that is there is replaced, anything else is not.
        about: JSON values for model.json.
        noise: whether G's noise layers are active.
        convert: function of the folder that adds other formats to it, or None.
        class_names: the classes' names by number, or None.

    Raises:
        UsageError: the folder holds something else.
        StorageError: the folder can't be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        if not (folder / ABOUT).exists():
            raise UsageError(f"{folder} exists and is no export; another folder is needed")
    class_names = list(class_names) if class_names else None
    servable = Servable(gan, noise, class_names)
    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.WARNING)  # TensorFlow reports every file it writes
    try:
        with atomic.replacing_folder(folder) as temporary:
            tf.saved_model.save(
                servable, str(temporary), signatures={"serving_default": servable.serve}
            )
            facts = {
                **about,
                "image_shape": list(gan.image_shape),
                "latent_dim": gan.latent_dim,
                "conditional": gan.conditional,
                "num_classes": gan.num_classes,
                "class_names": class_names,
                "step": int(gan.step.numpy()),
            }
            (temporary / ABOUT).write_text(atomic.json_text(facts, indent=1))
            if convert is not None:
                convert(temporary)
    except (OSError, tf.errors.OpError) as error:
        raise StorageError(f"export {folder}: {reason(error)}") from error
    finally:
        logging.set_verbosity(verbosity)
