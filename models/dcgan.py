"""DCGAN: convolutions all the way, and batch norm between them."""

import keras

from keras_gan import layers
from keras_gan.rules import register

from . import blocks
from .base import ZooModel


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
        spectral: spectral norm in D.
        noise: σ of the Gaussian noise before each hidden activation of G; 0 is none.
        dropout: rate in G, at training and at sampling; 0 is none.
        minibatch_stddev: D sees the standard deviation over groups of images.
        last_layer: None, or the bound of a uniform initialisation of both last layers (tip 8).
        synchronized: batch norm over all replicas.
        prior: `latents.Prior` of z.

    Example:
        gan = DCGAN(image_shape=(28, 28, 1), width=64)
    """

    def __init__(
        self,
        image_shape=(28, 28, 1),
        latent_dim=128,
        width=64,
        normalization="batch",
        d_normalization="batch",
        activation="leaky_relu",
        upsampling="transposed",
        downsampling="strided",
        spectral=False,
        noise=0.0,
        dropout=0.0,
        minibatch_stddev=False,
        last_layer=None,
        synchronized=False,
        prior=None,
        **kwargs,
    ):
        config = blocks.arguments(locals())
        super().__init__(
            generator=build_generator(**config),
            discriminator=build_discriminator(**config),
            prior=prior,
            **kwargs,
        )
        self.config = config


def channels(width, level):
    """Channels of the map after `level` halvings beyond the first."""
    return width * min(2**level, 8)


def build_generator(latent_dim, last_layer, **config):
    """z float32 [n, latent_dim] → images float32 [n, h, w, c] in [-1, 1]."""
    latents = keras.Input((latent_dim,), name="latents")
    model = keras.Model(latents, decode(latents, **config), name="generator")
    blocks.shrink_last_layer(model, last_layer)
    return model


def build_discriminator(image_shape, spectral, last_layer, logit_bias=True, **config):
    """Images float32 [n, h, w, c] → {"logits": [n], "features": [n, d]}, float32."""
    images = keras.Input(image_shape, name="images")
    features = keras.layers.Flatten()(encode(images, spectral=spectral, **config))
    outputs = {"logits": blocks.logit(features, spectral, logit_bias), "features": features}
    model = keras.Model(images, outputs, name="discriminator")
    blocks.shrink_last_layer(model, last_layer)
    return model


def decode(
    code,
    image_shape,
    width,
    normalization,
    activation,
    upsampling,
    noise,
    dropout,
    synchronized,
    **_,
):
    """DCGAN's generator from a code [n, d] (z, or z and a label) to images [n, h, w, c]."""
    count = blocks.doublings(image_shape)
    height, breadth = image_shape[0] // 2**count, image_shape[1] // 2**count
    bias = normalization == "none"

    def hidden(x):
        return blocks.hidden(x, normalization, activation, noise, dropout, synchronized)

    deepest = channels(width, count - 1)
    x = keras.layers.Dense(
        height * breadth * deepest, use_bias=bias, kernel_initializer=blocks.initializer()
    )(code)
    x = hidden(keras.layers.Reshape((height, breadth, deepest))(x))
    for level in reversed(range(count - 1)):
        x = hidden(blocks.upsample(x, channels(width, level), upsampling, use_bias=bias))
    x = blocks.upsample(x, image_shape[-1], upsampling)
    return keras.layers.Activation("tanh", dtype="float32", name="images")(x)


def encode(
    images,
    width,
    d_normalization,
    activation,
    downsampling,
    spectral=False,
    minibatch_stddev=False,
    synchronized=False,
    **_,
):
    """DCGAN's discriminator without its last layer: images to a map [n, h', w', channels]."""
    bias = d_normalization == "none"
    x = images
    for level in range(blocks.doublings(images.shape[1:])):
        first = level == 0  # DCGAN leaves the input layer unnormalised
        x = blocks.downsample(
            x, channels(width, level), downsampling, use_bias=first or bias, spectral=spectral
        )
        x = blocks.hidden(
            x, "none" if first else d_normalization, activation, synchronized=synchronized
        )
    return layers.MinibatchStddev()(x) if minibatch_stddev else x
