"""What belongs to a network: its variables, its statistics, and Keras' own random layers.

Keras' Dropout, noise and augmentation layers keep a seed in a variable, which would be the same on
all replicas and no function of the step. Here that variable is no part of the network's state: in
a step it is given two numbers of the step's key.
"""

import contextlib

import tensorflow as tf

from keras_gan.step import functional, keras_private


def variables(network):
    """The variables of a network without its seeds, in Keras' order."""
    return _without_seeds(network, network.variables)


def statistics(network):
    """The variables that no optimizer moves, such as batch statistics, without the seeds.

    Those of layers that do not train are fixed, and not among them.
    """
    layers = keras_private.all_layers(network)
    fixed = {id(v) for layer in layers if not layer.trainable for v in layer.variables}
    moving = [v for v in network.non_trainable_variables if id(v) not in fixed]
    return _without_seeds(network, moving)


def _without_seeds(network, variables):
    seeds = {id(state) for state in keras_private.seed_states(network)}
    return [variable for variable in variables if id(variable) not in seeds]


@contextlib.contextmanager
def seeded(networks, key):
    """Inside, the networks' own random layers draw from the step's key, each replica its own.

    For pure functions only.

    Args:
        networks: Keras models.
        key: `randomness.Key` of the pass.
    """
    states = [state for network in networks for state in keras_private.seed_states(network)]
    seeds = []
    for position, state in enumerate(states):
        of_layer = key.fold(f"Keras layer {position}")  # at the replica's row of the batch
        seeds.append(tf.cast(of_layer.integers([1, 2], 2**31 - 1)[0], state.dtype))
    with functional.substituted(states, seeds):
        yield


def own_losses(network):
    """What a network's layers gave to `add_loss`, and its regularizers: float32 scalars."""
    losses = [*keras_private.activity_losses(network), *keras_private.weight_losses(network)]
    return [tf.cast(tf.reduce_sum(loss), tf.float32) for loss in losses]
