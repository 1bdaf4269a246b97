"""DCGAN: convolutions all the way, and batch norm between them."""

from typing import ClassVar

import keras

from keras_gan.layers.minibatch_stddev import MinibatchStddev
from keras_gan.rules.base import register

from . import blocks
from .base import ZooModel
from .options import PlainDCGANOptions


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
    divides by the stride; the last map is kept at 4 to 7 pixels a side for any image size.

    Args:
        image_shape: (height, width, channels); sides multiples of 4, 28 to 256.
        latent_dim: dimensions of z.
        width: channels of the largest hidden map; doubled at each halving, up to 8 times.
        normalization, d_normalization: "batch", "instance", "layer" or "none", in G and D.
        activation, upsampling, downsampling: see `blocks`.
        spectral_norm: spectral norm in D.
        layer_noise: σ of the Gaussian noise before each hidden activation of G; 0 is none.
        dropout: rate in G, at training and at sampling; 0 is none.
        packing: number of images that D sees as one input (PacGAN); 1 is off.
        slicing: the direction of D's last layer is trained apart (SAN).
        minibatch_stddev: D sees the standard deviation over groups of images.
        last_layer_init: bound of a uniform initialisation of both last layers; 0 is off (tip 8).
        sync_batch_norm: batch norm over all replicas.
        prior: `latents.Prior` of z.

    Example:
        gan = DCGAN(image_shape=(28, 28, 1), width=64)
    """

    Options: ClassVar = PlainDCGANOptions
    logit_bias: ClassVar = True

    @classmethod
    def build_generator(cls, options):
        """z float32 [n, latent_dim] → images float32 [n, h, w, c] in [-1, 1]."""
        latents = keras.Input((options.latent_dim,), name="latents")
        return blocks.network(latents, generator_trunk(latents, options), "generator", options)

    @classmethod
    def build_discriminator(cls, options):
        """Images float32 [n, h, w, c] → {"logits": [n], "features": [n, d]}, float32."""
        images = keras.Input(options.image_shape, name="images")
        trunk = discriminator_trunk(blocks.pack(images, options), options)
        features = keras.layers.Flatten()(trunk)
        outputs = blocks.answers(features, images, options, options.spectral_norm, cls.logit_bias)
        return blocks.network(images, outputs, "discriminator", options)


def channels(width, level):
    """Channels of the map after `level` halvings beyond the first."""
    return width * min(2**level, 8)


def conditional_generator(options):
    """DCGAN's generator of z and labels int32 [n], for models with `num_classes`."""
    latents = keras.Input((options.latent_dim,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    images = generator_trunk(blocks.with_label(latents, labels, options.num_classes), options)
    return blocks.network([latents, labels], images, "generator", options)


def generator_trunk(code, options):
    """DCGAN's generator from a code [n, d] (z, or z and a label) to images [n, h, w, c]."""
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


def discriminator_trunk(images, options):
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
