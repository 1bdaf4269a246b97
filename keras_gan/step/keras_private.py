"""Every use of Keras' private attributes, since a new version of Keras may change them.

One override of a private method is elsewhere: `GAN._maybe_symbolic_build`.
"""

import keras
import tensorflow as tf


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


def kernel_variable(layer: keras.layers.Layer) -> keras.Variable:
    """The variable of a layer's kernel; `layer.kernel` may be computed from it."""
    return getattr(layer, "_kernel", layer.kernel)


def all_layers(network: keras.Model) -> list[keras.layers.Layer]:
    """Every layer of a network, including those inside other layers and models, in order."""
    return [layer for layer in network._flatten_layers() if layer is not network]
