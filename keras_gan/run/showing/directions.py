"""Directions of the latent space that change one thing about an image, found without training."""

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from keras_gan.data.source import Source
from keras_gan.gan import GAN
from keras_gan.step import pixels


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


def sefa(gan: GAN, count: int = 8) -> list[Direction]:
    """Closed-form factorisation (SeFa; Shen & Zhou, 2021).

    The directions that G's first affine layer A amplifies most are the eigenvectors of AᵀA with
    the greatest eigenvalues; where several layers read z, A is all of them stacked.

    Args:
        gan: a `GAN`.
        count: how many directions, the strongest first.

    Returns:
        A list of `Direction`s, orthogonal to each other; the sign makes the greatest entry
        positive.

    Raises:
        ValueError: no affine layer of G reads the latents.
    """
    weights = latent_weights(gan.average_generator, gan.latent_dim)
    values, vectors = np.linalg.eigh(weights @ weights.T)  # ascending
    order = np.argsort(values)[::-1][:count]
    return [
        Direction(f"SeFa {number}", _signed(vectors[:, index]))
        for number, index in enumerate(order, 1)
    ]


def latent_weights(generator: keras.Model, latent_dim: int) -> np.ndarray:
    """The matrices of the affine layers that read z, side by side: float64 [dimensions, units].

    A layer counts if no other layer with weights stands between z and it. Where it reads more
    than z, such as an embedded label, z comes first. Its matrix is what it makes of the unit
    vectors, less what it makes of 0.
    """
    reads = {id(generator.inputs[0])}
    matrices = []
    for operation in generator.operations:
        for node in operation._inbound_nodes:
            inputs = [tensor for tensor in node.input_tensors if id(tensor) in reads]
            if not inputs:
                continue
            if not getattr(operation, "weights", ()):
                reads.update(id(tensor) for tensor in node.output_tensors)
            elif len(node.input_tensors) > 1:
                continue  # a modulation, which is affine in the maps, not in z
            elif len(inputs[0].shape) == 2 and inputs[0].shape[1] >= latent_dim:
                units = np.zeros((latent_dim + 1, inputs[0].shape[1]), np.float32)
                units[:latent_dim, :latent_dim] = np.eye(latent_dim)
                made = np.asarray(operation(tf.constant(units)), np.float64)
                made = made.reshape(latent_dim + 1, -1)
                matrices.append(made[:-1] - made[-1])
    if not matrices:
        raise ValueError("no affine layer of the generator reads the latents")
    return np.concatenate(matrices, axis=1)


def principal(codes: np.ndarray, count: int = 8, name: str = "code") -> list[Direction]:
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


def own_codes(gan: GAN, source: Source | None = None, count: int = 8) -> list[Direction]:
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
    if hasattr(gan, "encode") and isinstance(source, Source):
        images, _ = source.fetch(np.arange(min(1000, len(source))))
        return principal(gan.encode(tf.constant(images)), count)
    return []


def class_mixer(gan: GAN) -> Callable | None:
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
        embedding = tf.matmul(weights, tf.convert_to_tensor(layer.kernel))
        return pixels.to_uint8(mixed([latents, embedding], training=False))

    return tf.function(
        generate,
        input_signature=[
            tf.TensorSpec([None, gan.latent_dim], tf.float32),
            tf.TensorSpec([None, gan.num_classes], tf.float32),
        ],
        autograph=False,
    )


def _signed(vector):
    sign = np.sign(vector[np.argmax(np.abs(vector))])
    return (vector * sign).astype(np.float32)
