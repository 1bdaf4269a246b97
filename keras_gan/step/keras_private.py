"""Keras' private attributes, touched in this file alone: a new version of Keras may change them.

One override of a private method is elsewhere: `GAN._maybe_symbolic_build`.
"""


def advance_nadam(optimizer, power):
    """The product of momenta that Keras' Nadam updates outside its `update_step`.

    Args:
        optimizer: a `keras.optimizers.Nadam`.
        power: 0.96 to the power of the number of steps, this one included; a float32 scalar.
    """
    product = optimizer._u_product
    product.assign(product * optimizer.beta_1 * (1.0 - 0.5 * power))


def decays(optimizer, weight):
    """Whether an optimizer's weight decay applies to a weight."""
    return bool(optimizer.weight_decay) and optimizer._use_weight_decay(weight)


def kernel_variable(layer):
    """The variable of a layer's kernel; `layer.kernel` may be computed from it."""
    return getattr(layer, "_kernel", layer.kernel)


def all_layers(network):
    """Every layer of a network, those inside other layers and models included, in order."""
    return [layer for layer in network._flatten_layers() if layer is not network]
