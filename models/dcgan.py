"""DCGAN: convolutional networks with batch norm."""

from collections.abc import Callable
from typing import ClassVar

import keras

from keras_gan.layers.minibatch_stddev import MinibatchStddev
from keras_gan.rules.base import register

from . import blocks
from .base import ZooModel
from .options import ConvOptions, DCGANOptions, PlainDCGANOptions


@register
class DCGAN(ZooModel):
    """Deep convolutional GAN (Radford, Metz & Chintala, 2016).

    G: z → dense to the smallest map → per doubling: normalise, activate, upsample → tanh.
    D: image → per halving: downsample, (normalise,) activate → dense to one logit.
    D maximises E log D(x) + E log(1 - D(G(z))), G maximises E log D(G(z)).

    Tips used by default: 1 (tanh), 2 (non-saturating), 3 (Gaussian z), 4 (separate batches, batch
    norm), 5 (LeakyReLU in both, strided convolutions), 9 (Adam for G; D's is Adam too, as in the
    paper).

    Departs from the paper: LeakyReLU in G too (tip 5); kernels are 4×4 instead of 5×5, which
    is a multiple of the stride; the smallest map has sides of 4 to 7 pixels for any image size.

    Args:
        image_shape: (height, width, channels), sides multiples of 4, 28 to 256. Defaults to
            (28, 28, 1).
        latent_dim: int, dimensions of z. Defaults to 128.
        width: int, channels of the largest hidden map; doubled at each halving, up to 8 times.
            Defaults to 64.
        num_classes: int, number of classes of a conditional DCGAN: an embedding of the class joins
            z, and scales and shifts G's normalised maps; D's logit gains the projection of `CGAN`.
            Defaults to None, unconditional.
        normalization: str, "batch", "instance", "layer" or "none", in G. Defaults to "batch".
        self_modulation: bool, whether z (and the class) scales and shifts G's normalised maps
            (Chen et al., 2019). Defaults to False.
        d_normalization: str, the same in D. Defaults to "batch".
        activation: str, "leaky_relu" or "relu", in G and D. Defaults to "leaky_relu".
        upsampling: str, "transposed", "pixel_shuffle" or "nearest", in G. Defaults to
            "transposed".
        downsampling: str, "strided", "average" or "max", in D. Defaults to "strided".
        spectral_norm: bool, spectral norm in D. Defaults to False.
        layer_noise: float, σ of the Gaussian noise before each hidden activation of G. Defaults
            to 0, no noise.
        dropout: float, rate in G, in training and in sampling. Defaults to 0.
        packing: int, number of images that D sees as one input (PacGAN). Defaults to 1.
        slicing: bool, whether the direction of D's last layer is trained apart (SAN). Defaults to
            False.
        minibatch_stddev: bool, minibatch standard deviation in D. Defaults to False.
        last_layer_init: float, bound of a uniform initialisation of both last layers (tip 8).
            Defaults to 0, off.
        sync_batch_norm: bool, batch norm over all replicas. Defaults to False.
        prior: `priors.Prior` of z. Defaults to `priors.Gaussian()`.

    Example:

    ```python
    gan = DCGAN(image_shape=(28, 28, 1), width=64)
    ```
    """

    Options: ClassVar = PlainDCGANOptions
    logit_bias: ClassVar = True

    @classmethod
    def build_generator(cls, options: Options) -> keras.Model:
        """z float32 [n, latent_dim] (and labels int32 [n]) → images float32 in [-1, 1]."""
        start = blocks.generator_inputs(options)
        images = generator_trunk(start.code, options, blocks.modulation(start, options))
        return blocks.network(start.inputs, images, "generator", options)

    @classmethod
    def build_discriminator(cls, options: Options) -> keras.Model:
        """Images float32 [n, h, w, c] (and labels) → {"logits": [n], "features": [n, d]}."""
        images = keras.Input(options.image_shape, name="images")
        trunk = discriminator_trunk(blocks.pack(images, options), options)
        features = keras.layers.Flatten()(trunk)
        return blocks.discriminator(
            images, features, options, options.spectral_norm, cls.logit_bias, projected=trunk
        )


def channels(width: int, level: int) -> int:
    """Channels of the map that is `level` halvings smaller than the first."""
    return width * min(2**level, 8)


def conditional_generator(options: DCGANOptions) -> keras.Model:
    """DCGAN's generator of z and labels int32 [n], for models with `num_classes`."""
    start = blocks.generator_inputs(options)
    modulate = blocks.modulation(start, options, by_class=False)
    images = generator_trunk(start.code, options, modulate)
    return blocks.network(start.inputs, images, "generator", options)


def generator_trunk(
    code: keras.KerasTensor, options: ConvOptions, modulate: Callable | None = None
) -> keras.KerasTensor:
    """DCGAN's generator from a code [n, d] (z, or z and a label) to images [n, h, w, c].

    With `modulate`, a function of the normalised maps, in place of their own scale and shift.
    """
    image_shape, width = options.image_shape, options.width
    count = blocks.num_upsamplings(image_shape)
    height, columns = image_shape[0] // 2**count, image_shape[1] // 2**count
    bias = options.normalization == "none"

    def norm_act(x):
        return blocks.norm_act(
            x,
            options.normalization,
            options.activation,
            options.layer_noise,
            options.dropout,
            options.sync_batch_norm,
            modulate,
        )

    deepest = channels(width, count - 1)
    x = keras.layers.Dense(
        height * columns * deepest, use_bias=bias, kernel_initializer=blocks.initializer()
    )(code)
    x = norm_act(keras.layers.Reshape((height, columns, deepest))(x))
    for level in reversed(range(count - 1)):
        x = norm_act(blocks.upsample(x, channels(width, level), options.upsampling, use_bias=bias))
    x = blocks.upsample(x, image_shape[-1], options.upsampling)
    return keras.layers.Activation("tanh", dtype="float32", name="images")(x)


def discriminator_trunk(images: keras.KerasTensor, options: ConvOptions) -> keras.KerasTensor:
    """DCGAN's discriminator without its last layer: images to a map [n, h', w', channels]."""
    bias = options.d_normalization == "none"
    x = images
    for level in range(blocks.num_upsamplings(images.shape[1:])):
        first = level == 0  # DCGAN leaves the input layer unnormalised
        x = blocks.downsample(
            x,
            channels(options.width, level),
            options.downsampling,
            use_bias=first or bias,
            spectral=options.spectral_norm,
        )
        x = blocks.norm_act(
            x,
            "none" if first else options.d_normalization,
            options.activation,
            synchronized=options.sync_batch_norm,
        )
    return MinibatchStddev()(x) if options.minibatch_stddev else x
