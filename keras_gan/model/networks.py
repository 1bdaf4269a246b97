"""A user's own networks: built if they are not, looked at, and called alike."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from keras_gan.errors import UsageError
from keras_gan.step import keras_private

# Operations that change no value.
PASSED_ON = ("Reshape", "Flatten", "Squeeze", "Cast", "GetItem", "Identity", "Dropout")
RANGES = {
    "sigmoid": "0 to 1",
    "softmax": "0 to 1",
    "hard_sigmoid": "0 to 1",
    "relu": "0 and up",
    "relu6": "0 to 6",
    "softplus": "0 and up",
}
IN_RANGE = ("tanh", "softsign", "hard_tanh")
SIGMOIDS = ("sigmoid", "softmax", "hard_sigmoid")
PROBES = 16  # samples that a network without a graph is tried with


def inputs_of(network: keras.Model) -> list | None:
    """The symbolic inputs of a functional or sequential model; None for a subclassed one."""
    try:
        return list(network.inputs) if getattr(network, "inputs", None) else None
    except (AttributeError, ValueError):  # a Sequential that is not built
        return None


def as_shape(given: Any) -> Any:
    """A list of sizes as a tuple; anything else as it is, to be checked by `prepare`."""
    return tuple(given) if isinstance(given, (list, tuple)) else given


def prepare(gan: Any) -> None:
    """Builds a model's two networks where they are not, and checks that they fit each other.

    Args:
        gan: a `GenerativeModel` with its networks and sizes set.

    Raises:
        UsageError: they don't, or were made outside the strategy's scope.
    """
    labelled = gan.num_classes is not None
    latent_dim, image_shape = gan._sizes
    _check_sizes(gan, latent_dim, image_shape)
    shape = None if latent_dim is None else (latent_dim,)
    build(gan.generator, "generator", shape, "latent_dim", labelled)
    build(gan.discriminator, "discriminator", image_shape, "image_shape", labelled)
    check(gan.generator, gan.discriminator, gan.image_shape, gan.discriminator_takes_labels)
    _check_images_by_trying(gan)
    variables = (*gan.generator.variables, *gan.discriminator.variables)
    check_scope(variables, gan.distribute_strategy)


def _check_sizes(gan: Any, latent_dim: Any, image_shape: Any) -> None:
    """Raises a `UsageError` if the sizes that are given are none, or not those of the networks."""
    whole = lambda size: isinstance(size, (int, np.integer)) and not isinstance(size, bool)
    if latent_dim is not None and not (whole(latent_dim) and latent_dim > 0):
        raise UsageError(f"latent_dim={latent_dim!r}: a whole number from 1 is needed")
    if image_shape is not None and not (
        isinstance(image_shape, tuple)
        and len(image_shape) in (1, 3)
        and all(map(whole, image_shape))
    ):
        raise UsageError(f"image_shape={image_shape!r}: (height, width, channels) is needed")
    for network, shape, argument in (
        (gan.generator, latent_dim and (latent_dim,), "latent_dim"),
        (gan.discriminator, image_shape, "image_shape"),
    ):
        inputs = inputs_of(network)
        if shape and inputs and not _agree(inputs[0].shape[1:], shape):
            raise UsageError(
                f"{argument} says {list(shape)}, but {network.name} takes"
                f" {list(inputs[0].shape[1:])}; leave {argument} out"
            )
    inputs = inputs_of(gan.generator) if isinstance(gan.generator, keras.Layer) else None
    known = isinstance(getattr(type(gan), "num_classes", None), property)  # later
    if inputs and len(inputs) > 1 and gan.num_classes is None and not known:
        raise UsageError(
            "the generator takes labels as its second input: say how many classes there are,"
            " GAN(…, num_classes=…)"
        )


def _agree(shape: tuple, sizes: tuple) -> bool:
    """Whether a shape, in which None is any size, is that of these sizes."""
    return len(shape) == len(sizes) and all(a in (None, b) for a, b in zip(shape, sizes))


def takes_labels(network: keras.Model, num_classes: int | None) -> bool:
    """Whether a network takes labels: its second input, or of a subclassed one as the model is."""
    inputs = inputs_of(network)
    return num_classes is not None if inputs is None else len(inputs) > 1


def build(network: Any, role: str, shape: tuple | None, argument: str, labelled: bool) -> None:
    """Checks that this is a Keras model, and builds it if it is not.

    Args:
        network: the user's.
        role: "generator" or "discriminator".
        shape: of one input, or None if the user has not said it.
        argument: the argument of `GAN` that says it.
        labelled: whether it takes labels as well.

    Raises:
        UsageError: it is no Keras model, or can't be built.
    """
    if not isinstance(network, keras.Layer):
        raise UsageError(f"{role}={network!r}: a Keras model is needed")
    if inputs_of(network) is not None:
        return
    if shape is None:
        raise UsageError(
            f"the {role} {network.name} does not say what it takes; build it with a keras.Input,"
            f" or give GAN(…, {argument}=…)"
        )
    try:
        network(_probe(shape, labelled), training=False)
    except Exception as error:
        text = " ".join(str(error).split())[:200]
        raise UsageError(
            f"the {role} can't be called on inputs {[None, *shape]}: {text}"
        ) from error


def _probe(shape: tuple, labelled: bool, scale: float = 0.0) -> Any:
    values = np.random.default_rng(0).normal(size=(PROBES, *shape)).astype(np.float32) * scale
    inputs = tf.constant(values)
    return [inputs, tf.zeros([PROBES], tf.int32)] if labelled else inputs


def to_logits(output: Any) -> dict:
    """A discriminator's output as a dictionary with "logits" [n], or maps of them [n, h, w].

    Args:
        output: a tensor [n], [n, 1] or [n, h, w, 1], or a dictionary with such "logits".
    """
    output = dict(output) if isinstance(output, dict) else {"logits": output}
    output = {name: tf.cast(value, tf.float32) for name, value in output.items()}
    logits = output["logits"]
    if len(logits.shape) in (2, 4) and logits.shape[-1] == 1:
        output["logits"] = tf.squeeze(logits, -1)
    return output


def check(
    generator: keras.Model, discriminator: keras.Model, image_shape: tuple, labelled: bool
) -> None:
    """Raises a `UsageError` if two networks don't fit each other, or end in the wrong range.

    Args:
        generator, discriminator: built networks.
        image_shape: tuple, what the discriminator takes.
        labelled: whether the discriminator takes labels.
    """
    if inputs_of(generator) is not None:
        images = keras_private.output_of(generator)
        if not isinstance(images, keras.KerasTensor):
            raise UsageError(f"the generator gives {len(images)} outputs; images alone are needed")
        if tuple(images.shape[1:]) != tuple(image_shape):
            hint = "; say GAN(…, image_shape=…)" if None in image_shape else ""
            raise UsageError(
                f"the generator makes images {list(images.shape[1:])}, the discriminator takes"
                f" {list(image_shape)}{hint}"
            )
        activation = _activation(images)
        _check_range(activation, image_shape)
    if inputs_of(discriminator) is not None:
        output = keras_private.output_of(discriminator)
        _check_logits(output)
        logits = output["logits"] if isinstance(output, dict) else output
        if _activation(logits) is not None:  # such as a Lambda layer's function
            _check_by_trying(discriminator, image_shape, labelled)
    else:
        _check_by_trying(discriminator, image_shape, labelled)


def _check_range(activation: str | None, image_shape: tuple) -> None:
    if len(image_shape) == 3 and activation in RANGES:
        raise UsageError(
            f"the generator ends in {activation}, {RANGES[activation]}; images are in [-1, 1]: end"
            " it in tanh"
        )


def _check_images_by_trying(gan: Any) -> None:
    """A generator whose last step is unknown, as far as some random latents show it."""
    inputs = inputs_of(gan.generator)
    if inputs and _activation(keras_private.output_of(gan.generator)) in (None, *IN_RANGE):
        return
    latents = _probe((gan.latent_dim,), gan.conditional, 1.0)
    images = np.asarray(gan.generator(latents, training=False), np.float32)
    if images.shape[1:] != tuple(gan.image_shape):
        raise UsageError(
            f"the generator makes images {list(images.shape[1:])}, the discriminator takes"
            f" {list(gan.image_shape)}"
        )
    low, high = images.min(), images.max()
    if len(gan.image_shape) == 3 and (0 <= low < high or max(-low, high) > 2):
        logging.warning(
            "images that the generator makes of random latents are in [%.3g, %.3g]; they should be"
            " in [-1, 1], as those of a last layer with tanh are",
            low,
            high,
        )


def _check_logits(output: Any) -> None:
    if isinstance(output, dict) and "logits" not in output:
        raise UsageError(
            f'the discriminator gives {", ".join(output)}; a dictionary needs "logits"'
        )
    if isinstance(output, (list, tuple)):
        raise UsageError(
            f"the discriminator gives {len(output)} outputs; logits [n] or [n, 1], or a dictionary"
            ' with "logits" are needed'
        )
    logits = output["logits"] if isinstance(output, dict) else output
    shape = tuple(logits.shape[1:])
    if not (shape in ((), (1,)) or len(shape) == 2 or (len(shape) == 3 and shape[-1] == 1)):
        raise UsageError(
            f"the discriminator gives {[None, *shape]}; one logit per image is needed, [n] or"
            " [n, 1], or a map of them [n, h, w]"
        )
    activation = _activation(logits) if isinstance(logits, keras.KerasTensor) else None
    if activation in SIGMOIDS:
        raise UsageError(
            f"the discriminator ends in {activation}, but losses are computed from logits: leave"
            " its last activation out"
        )


def _check_by_trying(discriminator: keras.Model, image_shape: tuple, labelled: bool) -> None:
    """The same of a subclassed discriminator, as far as some random images show it."""
    outputs = [
        discriminator(_probe(image_shape, labelled, scale), training=False)
        for scale in (1.0, -100.0, 100.0)
    ]
    _check_logits(outputs[0])
    logits = np.concatenate([np.ravel(to_logits(output)["logits"]) for output in outputs])
    if np.isfinite(logits).all() and logits.min() >= 0.0 and logits.max() <= 1.0:
        logging.warning(
            "all outputs of the discriminator on random images lie in [0, 1]: if it ends in a"
            " sigmoid, leave that out, since losses are computed from logits"
        )


def _activation(tensor: Any) -> str | None:
    """The name of the function that a symbolic tensor's values come out of, or None."""
    while tensor is not None:
        operation, before = keras_private.producer(tensor)
        if isinstance(operation, keras.Model) and inputs_of(operation) is not None:
            tensor = operation.outputs[0]
            continue
        kind = type(operation).__name__
        function = getattr(operation, "activation", None)
        name = getattr(function, "__name__", None) or kind.lower()
        if name == "linear" or kind in PASSED_ON:
            if name == "linear" and kind != "Activation":
                return None  # a layer with weights
            tensor = before
            continue
        return name
    return None


def check_scope(variables: Iterable[keras.Variable], strategy: tf.distribute.Strategy) -> None:
    """Raises a `UsageError` unless variables are a strategy's.

    Args:
        variables: Keras variables of networks or optimizers.
        strategy: the one in force.
    """
    if strategy.num_replicas_in_sync == 1:
        return
    for variable in variables:
        if not isinstance(variable.value, (tf.distribute.DistributedValues)):
            raise UsageError(
                f"{variable.path} was made outside the strategy's scope; build the networks, the"
                " optimizers and the GAN inside `with strategy.scope():`"
            )


@keras.saving.register_keras_serializable(package="keras_gan")
class AverageNetwork(keras.layers.Layer):
    """A copy of a network's weights, called through the network itself.

    For networks that Keras can't clone: subclassed ones without `get_config`.

    Args:
        network: a built Keras model.
    """

    def __init__(self, network: keras.Model, name: str = "average_generator"):
        super().__init__(name=name, trainable=False)
        # In a tuple of a function, so that Keras does not take the network for a part of this.
        self._network = lambda: network
        for position, weight in enumerate(network.weights):
            self.add_weight(
                name=f"weight_{position}",
                shape=weight.shape,
                dtype=weight.dtype,
                initializer=lambda *_, value=weight, **__: tf.convert_to_tensor(value.value),
                trainable=False,
                autocast=False,
            )
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        network = self._network()
        values = [tf.convert_to_tensor(weight.value) for weight in self.weights]
        with keras.StatelessScope(state_mapping=list(zip(network.weights, values))):
            return network(inputs, training=False)


def copy_of(network: keras.Model) -> keras.layers.Layer:
    """A network with the same weights, which are its own."""
    if inputs_of(network) is None:
        return AverageNetwork(network)
    try:
        copy = keras.models.clone_model(network)
    except (TypeError, ValueError, NotImplementedError):  # layers without `get_config`
        return AverageNetwork(network)
    copy.set_weights(network.get_weights())
    copy.trainable = False
    return copy
