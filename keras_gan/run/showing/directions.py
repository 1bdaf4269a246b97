"""Directions of the latent space that change one thing about an image, found without training."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Direction:
    """A direction to move latents along.

    Attributes:
        name: for people.
        vector: float32 [dimensions], norm 1.
        reach: how far each way is worth looking, in units of the vector.
    """

    name: str
    vector: np.ndarray
    reach: float = 3.0


def sefa(gan, count=8):
    """Closed-form factorisation (SeFa; Shen & Zhou, 2021).

    The directions that G's first affine layer A amplifies most are the eigenvectors of AᵀA with
    the greatest eigenvalues; where several layers read z, A is all of them, one over the other.

    Args:
        gan: a `GAN`.
        count: how many directions, the strongest first.

    Returns:
        A list of `Direction`s, orthogonal to each other; the sign makes the greatest entry
        positive.

    Raises:
        ValueError: no dense layer of G reads the latents.
    """
    weights = latent_weights(gan.average_generator, gan.latent_dim)
    values, vectors = np.linalg.eigh(weights @ weights.T)  # ascending
    order = np.argsort(values)[::-1][:count]
    return [
        Direction(f"SeFa {number}", _signed(vectors[:, index]))
        for number, index in enumerate(order, 1)
    ]


def latent_weights(generator, latent_dim):
    """The kernels of the dense layers that read z, side by side: float64 [dimensions, units].

    A layer counts if no other layer with weights stands between z and it. Where it reads more
    than z, such as an embedded label, z comes first.
    """
    reads = {id(generator.inputs[0])}
    kernels = []
    for operation in generator.operations:
        for node in operation._inbound_nodes:
            if not any(id(tensor) in reads for tensor in node.input_tensors):
                continue
            kernel = getattr(operation, "kernel", None)
            if kernel is not None and len(kernel.shape) == 2:
                kernels.append(keras.ops.convert_to_numpy(kernel)[:latent_dim])
            elif not getattr(operation, "weights", ()):
                reads.update(id(tensor) for tensor in node.output_tensors)
    if not kernels:
        raise ValueError("no dense layer of the generator reads the latents")
    return np.concatenate(kernels, axis=1).astype(np.float64)


def principal(codes, count=8, name="code"):
    """The directions in which an encoder's codes vary most.

    Args:
        codes: float32 [n, dimensions], of images.
        count: how many.
        name: what they are called.

    Returns:
        A list of `Direction`s; `reach` is three standard deviations of the codes.
    """
    codes = np.asarray(codes, np.float64)
    values, vectors = np.linalg.eigh(np.cov(codes.T))
    order = np.argsort(values)[::-1][:count]
    return [
        Direction(f"{name} {number}", _signed(vectors[:, i]), 3.0 * float(values[i]) ** 0.5)
        for number, i in enumerate(order, 1)
    ]


def own_codes(gan, source=None, count=8):
    """The directions that a model has by its making: InfoGAN's codes, VAE-GAN's encoder.

    Args:
        gan: a `GAN`.
        source: the data, for an encoder, or None.
        count: how many of an encoder's.
    """
    options = getattr(gan, "options", None)
    continuous = getattr(options, "continuous", 0)
    if continuous:
        first = options.categories
        axes = np.eye(gan.latent_dim, dtype=np.float32)
        return [Direction(f"code {i + 1}", axes[first + i]) for i in range(continuous)]
    if hasattr(gan, "encode") and source is not None:
        images, _ = source.fetch(np.arange(min(1000, len(source))))
        return principal(gan.encode(tf.constant(images)), count)
    return []


def class_mixer(gan):
    """G as a function of mixed classes, to move from one class to another.

    Args:
        gan: a conditional `GAN` whose generator embeds its labels in a layer "label_embedding".

    Returns:
        Function (latents float32 [n, z], weights float32 [n, classes], rows sum to 1) → uint8
        images; one-hot rows give the classes' own images. None if the model has no such layer.
    """
    generator = gan.average_generator
    layer = next((one for one in generator.layers if one.name == "label_embedding"), None)
    if not gan.conditional or layer is None:
        return None
    mixed = keras.Model([generator.inputs[0], layer.output], generator.outputs[0])

    def generate(latents, weights):
        from keras_gan.step import pixels

        embedding = tf.matmul(tf.constant(weights, tf.float32), layer.kernel)
        return pixels.to_uint8(mixed([tf.constant(latents), embedding], training=False))

    return generate


def _signed(vector):
    sign = np.sign(vector[np.argmax(np.abs(vector))])
    return (vector * sign).astype(np.float32)
