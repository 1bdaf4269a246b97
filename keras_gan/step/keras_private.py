"""Every use of Keras' private attributes, since a new version of Keras may change them.

One override of a private method is elsewhere: `GAN._maybe_symbolic_build`.
"""

import contextlib

import keras
import tensorflow as tf
from keras.src.backend.common import global_state


def advance_nadam(optimizer: keras.optimizers.Optimizer, power: tf.Tensor) -> None:
    """Updates Nadam's product of momenta, which Keras does outside `update_step`.

    Args:
        optimizer: a `keras.optimizers.Nadam`.
        power: 0.96 to the power of the number of steps, this one included; a float32 scalar.
    """
    product = optimizer._u_product
    product.assign(product * optimizer.beta_1 * (1.0 - 0.5 * power))


def decays(optimizer: keras.optimizers.Optimizer, weight: keras.Variable) -> bool:
    """Whether an optimizer's weight decay applies to a weight."""
    return bool(optimizer.weight_decay) and optimizer._use_weight_decay(weight)


def trains_others(optimizer: keras.optimizers.Optimizer, weights: list) -> bool:
    """Whether an optimizer is built, and for other weights than these."""
    own = {id(weight) for weight in optimizer._trainable_variables} if optimizer.built else ()
    return optimizer.built and any(id(weight) not in own for weight in weights)


def kernel_variable(layer: keras.layers.Layer) -> keras.Variable:
    """The variable of a layer's kernel; `layer.kernel` may be computed from it."""
    return getattr(layer, "_kernel", layer.kernel)


def all_layers(network: keras.Model) -> list[keras.layers.Layer]:
    """Every layer of a network, including those inside other layers and models, in order."""
    return [layer for layer in network._flatten_layers() if layer is not network]


def layers_with_weights(network: keras.Model) -> list[keras.layers.Layer]:
    """The layers with variables of their own, in order, also where layers are inside others."""
    layers = {}

    def visit(layer):
        for inner in layer._layers:
            if id(inner) not in layers:
                layers[id(inner)] = inner
                visit(inner)

    visit(network)
    return [x for x in layers.values() if x._trainable_variables or x._non_trainable_variables]


def has_kernel(layer: keras.layers.Layer) -> bool:
    """Whether a weight of the layer's own, trained or fixed, is a matrix or more."""
    return any(len(variable.shape) > 1 for variable in layer._trainable_variables)


def seed_states(network):
    """The variables of the `SeedGenerator`s in a network, as of Keras' own Dropout."""
    layers = network._flatten_layers()
    return [generator.state for layer in layers for generator in layer._seed_generators]


def activity_losses(network):
    """What the last call of a network gave to `add_loss`; in a scope that collects losses."""
    return [loss for layer in network._flatten_layers() for loss in layer._get_own_losses()]


def weight_losses(network):
    """The values of the regularizers of a network's weights."""
    return network._get_regularization_losses()


def producer(tensor):
    """What made a symbolic tensor: the operation, and its first input or None."""
    history = tensor._keras_history
    inputs = history.operation._inbound_nodes[history.node_index].input_tensors
    return history.operation, inputs[0] if inputs else None


def output_of(network):
    """The symbolic output of a functional or sequential model: a tensor, or a structure of them."""
    functional = network._functional if isinstance(network, keras.Sequential) else network
    return functional._outputs_struct


def constructor_arguments(layer):
    """The arguments a layer or model was made with, by name, as far as Keras has kept them."""
    remaining = getattr(layer, "_auto_config", None)
    return dict(remaining.config) if remaining is not None else {}


def scheduled(optimizer: keras.optimizers.Optimizer) -> bool:
    """Whether an optimizer's learning rate follows a schedule."""
    return isinstance(optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule)


@contextlib.contextmanager
def shapes_only():
    """Inside, layers are built without values: their variables have shapes and take no memory."""
    waiting = list(global_state.get_global_attribute("uninitialized_variables", []))
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        global_state.set_global_attribute("uninitialized_variables", waiting)


def output_shape(layer):
    """The shape of a layer's first output, with None for the batch, or () if it has none."""
    try:
        output = layer.output
    except (AttributeError, ValueError):
        return ()
    output = output[0] if isinstance(output, list | tuple) else output
    return tuple(output.shape) if hasattr(output, "shape") else ()
