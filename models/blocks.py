"""Building blocks of the models: sizes, up- and downsampling, normalisation, activation."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np

from keras_gan.choices import ACTIVATIONS, DOWNSAMPLINGS, NORMALIZATIONS, UPSAMPLINGS
from keras_gan.layers import fused
from keras_gan.layers.modulation import HIDDEN, Modulation
from keras_gan.layers.noise import AlwaysDropout, LayerNoise
from keras_gan.layers.packing import Pack, PerSample
from keras_gan.layers.pixel_shuffle import ICNR, PixelShuffle
from keras_gan.layers.sliced_logit import SlicedLogit
from keras_gan.layers.spectral import SpectralConv2D, SpectralDense
from keras_gan.step.keras_private import kernel_variable

from .options import Options


def initializer(stddev: float = 0.02) -> keras.initializers.Initializer:
    """DCGAN's N(0, 0.02²)."""
    return keras.initializers.RandomNormal(stddev=stddev)


def num_upsamplings(image_shape: Sequence[int], smallest: int = 4) -> int:
    """How often both sides of an image can be halved without falling below `smallest` pixels.

    Example: (28, 28) → 2, to 7×7; (64, 64) → 4, to 4×4; (48, 32) → 3, to 6×4.
    """
    height, width = image_shape[:2]
    count = 0
    while height % 2 == 0 and width % 2 == 0 and min(height, width) // 2 >= smallest:
        height, width, count = height // 2, width // 2, count + 1
    if count == 0:
        raise ValueError(f"image size {image_shape[:2]}: both sides must be even and at least 8")
    return count


def activation(kind: str = "leaky_relu") -> keras.layers.Layer:
    """LeakyReLU 0.2, or ReLU for comparison (tip 5: avoid sparse gradients)."""
    _check("activation", kind, ACTIVATIONS)
    return fused.LeakyReLU(0.2) if kind == "leaky_relu" else keras.layers.ReLU()


def normalize(
    x: keras.KerasTensor, kind: str = "batch", synchronized: bool = False, affine: bool = True
) -> keras.KerasTensor:
    """Batch, instance or layer normalisation of feature maps, or none (tip 4).

    Args:
        x: [n, h, w, c] or [n, c].
        kind: "batch", "instance", "layer" or "none".
        synchronized: whether batch norm is over all replicas. Defaults to False.
        affine: whether a learned scale and shift follow. Defaults to True.
    """
    _check("normalization", kind, NORMALIZATIONS)
    learned = dict(scale=affine, center=affine)
    if kind == "batch":
        return fused.BatchNormalization(synchronized=synchronized, **learned)(x)
    if kind == "instance":
        if len(x.shape) < 4 or x.shape[1] * x.shape[2] == 1:
            raise ValueError("instance norm of a 1×1 map is always zero; use layer or batch norm")
        return keras.layers.GroupNormalization(groups=-1, epsilon=1e-5, **learned)(x)
    if kind == "layer":
        return keras.layers.GroupNormalization(groups=1, epsilon=1e-5, **learned)(x)
    return x


def norm_act(
    x: keras.KerasTensor,
    normalization: str,
    activation_kind: str,
    noise: float = 0.0,
    dropout: float = 0.0,
    synchronized: bool = False,
    modulate: Callable | None = None,
) -> keras.KerasTensor:
    """The layers after a hidden layer: normalisation, noise (tip 13), activation, dropout (17).

    With `modulate`, a function of the normalised maps, in place of their own scale and shift.
    """
    x = normalize(x, normalization, synchronized, affine=modulate is None)
    x = modulate(x) if modulate else x
    if noise:
        x = LayerNoise(noise)(x)
    x = activation(activation_kind)(x)
    return AlwaysDropout(dropout)(x) if dropout else x


def logit(
    features: keras.KerasTensor,
    spectral: bool = False,
    use_bias: bool = True,
    kernel_initializer=None,
) -> keras.KerasTensor:
    """D's last layer: features [n, d] → logits [n], float32 in every precision.

    Losses of differences of logits (Wasserstein, relativistic) can't train a bias.
    """
    dense = SpectralDense if spectral else keras.layers.Dense
    kernel_initializer = kernel_initializer or initializer()
    x = dense(1, use_bias=use_bias, kernel_initializer=kernel_initializer, name="logit")(features)
    return keras.layers.Reshape((), dtype="float32", name="logits")(x)


def pack(images: keras.KerasTensor, options: Options) -> keras.KerasTensor:
    """Images as inputs of D: `options.packing` of them as one."""
    return Pack(options.packing)(images) if options.packing > 1 else images


def discriminator(
    images: keras.KerasTensor,
    features: keras.KerasTensor,
    options: Options,
    spectral: bool = False,
    use_bias: bool = True,
    kernel_initializer: keras.initializers.Initializer | None = None,
    projected: keras.KerasTensor | None = None,
) -> keras.Model:
    """A discriminator from its features, with labels as a second input if it is conditional.

    Args:
        images, features, options, spectral, use_bias, kernel_initializer: as of `answers`.
        projected: what the class' vector is multiplied by, [n, d], or maps, which are summed over
            positions. Defaults to the features.
    """
    outputs = answers(features, images, options, spectral, use_bias, kernel_initializer)
    inputs = images
    if options.num_classes is not None:
        labels = keras.Input((), dtype="int32", name="labels")
        projected = features if projected is None else projected
        outputs["logits"] += projection(projected, labels, options.num_classes, spectral)
        inputs = [images, labels]
    return network(inputs, outputs, "discriminator", options)


def answers(
    features: keras.KerasTensor,
    images: keras.KerasTensor,
    options: Options,
    spectral: bool = False,
    use_bias: bool = True,
    kernel_initializer: keras.initializers.Initializer | None = None,
) -> dict[str, keras.KerasTensor]:
    """D's outputs: "logits" [n], "features" [n, d] and, with `slicing`, "direction" [n].

    Args:
        features: [n, d], or [n / packing, d]; then each image has the answer of its pack.
        images: D's input.
        options: the model's `Options`.
        spectral: whether the last layer has spectral norm, without `slicing`. Defaults to False.
        use_bias: whether it has a bias, without `slicing`. Defaults to True.
        kernel_initializer: of its kernel, without `slicing`. Defaults to N(0, 0.02²).
    """
    if options.slicing:
        outputs = dict(zip(("logits", "direction"), SlicedLogit(name="logit")(features)))
    else:
        outputs = {"logits": logit(features, spectral, use_bias, kernel_initializer)}
    outputs["features"] = features
    if options.packing > 1:
        outputs = {n: PerSample(options.packing)(value, images) for n, value in outputs.items()}
    return outputs


class GeneratorInputs(NamedTuple):
    """What a generator starts from.

    Attributes:
        inputs: its inputs: latents [n, z], or a list of latents and labels int32 [n].
        code: z, with an embedding of the label after it in a conditional model.
        embedding: of the label, or None.
    """

    inputs: keras.KerasTensor | list
    code: keras.KerasTensor
    embedding: keras.KerasTensor | None


def generator_inputs(options: Options, dimensions: int = 32) -> GeneratorInputs:
    """The inputs of a generator, which takes labels if `options.num_classes` is set.

    The embedding starts at a tenth of z's scale. With both starting as N(0, 1), the label was
    learned so much faster than z that all images of a class looked alike (docs/models.md).

    Args:
        options: the model's `Options`.
        dimensions: of the embedding. Defaults to 32.
    """
    latents = keras.Input((options.latent_dim,), name="latents")
    if options.num_classes is None:
        return GeneratorInputs(latents, latents, None)
    labels = keras.Input((), dtype="int32", name="labels")
    embedding = keras.layers.Dense(
        dimensions,
        use_bias=False,
        kernel_initializer=initializer(0.1),
        name="label_embedding",
    )(keras.ops.one_hot(labels, options.num_classes))
    code = keras.layers.Concatenate()([latents, embedding])
    return GeneratorInputs([latents, labels], code, embedding)


def modulation(start: GeneratorInputs, options: Options, by_class: bool = True) -> Callable | None:
    """What scales and shifts G's normalised maps: z, the class, or both; None is neither.

    Args:
        start: of the generator.
        options: the model's `Options`; z does with `self_modulation`.
        by_class: whether the class does too in a conditional model without `self_modulation`.
            Defaults to True.
    """
    if options.normalization == "none":
        return None
    if options.self_modulation:
        return lambda x: Modulation(HIDDEN)([x, start.code])
    if by_class and start.embedding is not None:
        return lambda x: Modulation()([x, start.embedding])
    return None


def projection(
    features: keras.KerasTensor,
    labels: keras.KerasTensor,
    num_classes: int,
    spectral: bool = False,
) -> keras.KerasTensor:
    """⟨e_y, φ(x)⟩, which makes D's logit that of an image and its label: float32 [n].

    At D's optimum it is the part of the logit that depends on the class, log p(y|x)/q(y|x), if
    that is linear in the features (Miyato & Koyama, 2018).

    Args:
        features: φ(x), [n, d], or maps [n, h, w, d], of which φ is the sum over positions.
        labels: int32 [n].
        num_classes: int, number of vectors e_y.
        spectral: whether their matrix has spectral norm. Defaults to False.
    """
    dense = SpectralDense if spectral else keras.layers.Dense
    features = keras.ops.cast(features, "float32")
    features = keras.ops.sum(features, axis=(1, 2)) if len(features.shape) == 4 else features
    of_class = dense(
        features.shape[-1], use_bias=False, kernel_initializer=initializer(), name="classes"
    )(keras.ops.one_hot(labels, num_classes))
    return keras.ops.sum(keras.ops.cast(of_class, "float32") * features, axis=-1)


def upsample(
    x: keras.KerasTensor, filters: int, kind: str = "transposed", use_bias: bool = True
) -> keras.KerasTensor:
    """Doubles height and width; kernel sizes are multiples of the stride, against checkerboards."""
    _check("upsampling", kind, UPSAMPLINGS)
    options = dict(padding="same", use_bias=use_bias)
    if kind == "transposed":
        return fused.Conv2DTranspose(
            filters, 4, strides=2, kernel_initializer=initializer(), **options
        )(x)
    if kind == "pixel_shuffle":
        shuffled = keras.layers.Conv2D(
            filters * 4, 3, kernel_initializer=ICNR(initializer()), **options
        )(x)
        return PixelShuffle(2)(shuffled)
    grown = fused.UpSampling2D(2, interpolation="nearest")(x)
    return keras.layers.Conv2D(filters, 3, kernel_initializer=initializer(), **options)(grown)


def downsample(
    x: keras.KerasTensor,
    filters: int,
    kind: str = "strided",
    use_bias: bool = True,
    spectral: bool = False,
) -> keras.KerasTensor:
    """Halves height and width; max pooling is for comparison, its gradient is sparse (tip 5)."""
    _check("downsampling", kind, DOWNSAMPLINGS)
    conv = SpectralConv2D if spectral else fused.Conv2D
    options = dict(padding="same", use_bias=use_bias, kernel_initializer=initializer())
    if kind == "strided":
        return conv(filters, 4, strides=2, **options)(x)
    pool = keras.layers.AveragePooling2D if kind == "average" else keras.layers.MaxPooling2D
    return pool(2)(conv(filters, 4, **options)(x))


def _check(name, value, allowed):
    if value not in allowed:
        raise ValueError(f"{name}={value!r}; allowed: {', '.join(allowed)}")


def network(inputs, outputs, name: str, options) -> keras.Model:
    """A Keras model whose last layer is initialised according to `options.last_layer_init`."""
    model = keras.Model(inputs, outputs, name=name)
    shrink_last_layer(model, options.last_layer_init)
    return model


def shrink_last_layer(model: keras.Model, bound: float) -> None:
    """Redraws the kernel before the images or the logit from U(-bound, bound).

    As in DDPG (Lillicrap et al., 2016), so that the first outputs are near zero. With a bound of 0
    the kernel does not change.
    """
    if not bound:
        return
    with_kernel = [layer for layer in model.layers if hasattr(layer, "kernel")]
    last = next((layer for layer in with_kernel if layer.name == "logit"), with_kernel[-1])
    kernel = kernel_variable(last)
    kernel.assign(keras.initializers.RandomUniform(-bound, bound)(kernel.shape))


def tile(images: np.ndarray, columns: int) -> np.ndarray:
    """Images [n, h, w, c] as one picture, `columns` per row: [n / columns · h, columns · w, c]."""
    n, height, width, channels = images.shape
    rows = images.reshape(n // columns, columns, height, width, channels).swapaxes(1, 2)
    return rows.reshape(n // columns * height, columns * width, channels)
