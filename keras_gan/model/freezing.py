"""FreezeD: the first layers of a discriminator stay as they are (Mo et al., 2020)."""

import keras

from keras_gan.errors import UsageError
from keras_gan.step import keras_private


def freeze(network: keras.Model, count: int, before: tuple[int, ...] = ()) -> tuple[int, ...]:
    """Makes the first layers of a discriminator fixed.

    The first `count` layers with a kernel, and the normalisation layers up to the next kernel, keep
    weights, batch statistics and singular vectors bit for bit. Batch norm among them normalises
    with its statistics, as in inference. Embeddings of labels neither count nor are fixed.

    Args:
        network: the discriminator.
        count: int, number of layers with a kernel that are fixed; at least one has to train.
        before: positions of layers that an earlier call fixed, which train again.

    Returns:
        The positions of the fixed layers among `keras_private.layers_with_weights`.

    Raises:
        UsageError: the network has too few layers.
    """
    layers = keras_private.layers_with_weights(network)
    for position in before:
        layers[position].trainable = True
    candidates = [p for p, x in enumerate(layers) if not isinstance(x, keras.layers.Embedding)]
    kernels = [p for p in candidates if keras_private.has_kernel(layers[p])]
    if not 0 <= count < max(1, len(kernels)):
        raise UsageError(
            f"D has {len(kernels)} layers with a kernel, and the last one has to train",
            flag="freeze_d",
            value=count,
            allowed=f"0 to {len(kernels) - 1}",
        )
    if not count:
        return ()
    fixed = tuple(p for p in candidates if kernels[0] <= p < kernels[count])
    for position in fixed:
        layers[position].trainable = False
    return fixed
