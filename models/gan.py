"""GAN: two multilayer perceptrons that play the game of 2014."""

import math

import keras

from keras_gan import layers
from keras_gan.rules import register

from . import blocks
from .base import ZooModel


@register
class VanillaGAN(ZooModel):
    """The first GAN (Goodfellow et al., 2014), on points or on flattened images.

    G: z → three dense hidden layers → a point, or tanh of an image's pixels.
    D: the image flattened → three dense hidden layers → one logit.
    D maximises E log D(x) + E log(1 - D(G(z))), G maximises E log D(G(z)): section 3's heuristic,
    called non-saturating since.

    Tips used by default: 1 (tanh, for images), 2 (non-saturating), 3 (Gaussian z), 5 (LeakyReLU),
    9 (Adam).

    Departs from the paper: LeakyReLU in both (the paper: ReLU and sigmoid in G, maxout in D), no
    dropout in D, Adam instead of SGD with momentum. Points leave G through no activation, since
    they are not bounded. Weights start at He's scale: DCGAN's 0.02 is too small for layers of a
    hundred units. For points the first layers' biases start spread out, N(0, 1) in G and N(0, 3²)
    in D: from zero, every kink goes through the origin, and modes away from it are found late.

    Args:
        image_shape: (height, width, channels), or (2,) for the two-dimensional mixtures.
        latent_dim: dimensions of z.
        width: units of each hidden layer.
        normalization, d_normalization: "batch", "layer" or "none", in G and D; "instance" has no
            meaning without a map and is refused.
        activation: "leaky_relu" or "relu", in both.
        spectral: spectral norm in D.
        noise: σ of the Gaussian noise before each hidden activation of G; 0 is none.
        dropout: rate in G, at training and at sampling; 0 is none.
        minibatch_stddev: D sees the standard deviation over groups of images.
        last_layer: None, or the bound of a uniform initialisation of both last layers (tip 8).
        synchronized: batch norm over all replicas.
        prior: `latents.Prior` of z.

    Example:
        gan = VanillaGAN(image_shape=(2,), width=128)
        gan.compile()
        gan.fit(batches, steps_per_epoch=2000)      # float32 points [n, turns, 2]
        points = gan.sample(2500, seed=0)           # float32 [2500, 2]
    """

    @classmethod
    def defaults(cls):
        return {"normalization": "none", "d_normalization": "none", "width": 128}

    def __init__(
        self,
        image_shape=(28, 28, 1),
        latent_dim=128,
        width=128,
        normalization="none",
        d_normalization="none",
        activation="leaky_relu",
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


HIDDEN_LAYERS = 3


def build_generator(
    image_shape,
    latent_dim,
    width,
    normalization,
    activation,
    noise,
    dropout,
    last_layer,
    synchronized,
    **_,
):
    """z float32 [n, latent_dim] → points [n, 2], or images [n, h, w, c] in [-1, 1], float32."""
    bias = normalization == "none"
    inputs = x = keras.Input((latent_dim,), name="latents")
    for index in range(HIDDEN_LAYERS):
        x = keras.layers.Dense(
            width,
            use_bias=bias,
            kernel_initializer="he_normal",
            bias_initializer=_biases(image_shape, index, 1.0),
        )(x)
        x = blocks.hidden(x, normalization, activation, noise, dropout, synchronized)
    is_image = len(image_shape) == 3
    x = keras.layers.Dense(math.prod(image_shape))(x)
    x = keras.layers.Activation("tanh" if is_image else "linear", dtype="float32")(x)
    if is_image:
        x = keras.layers.Reshape(image_shape, dtype="float32")(x)
    model = keras.Model(inputs, x, name="generator")
    blocks.shrink_last_layer(model, last_layer)
    return model


def _biases(image_shape, index, stddev):
    """Initialiser of a layer's biases: spread out in the first layer for points, else zero."""
    spread = len(image_shape) == 1 and index == 0
    return keras.initializers.RandomNormal(stddev=stddev) if spread else "zeros"


def build_discriminator(
    image_shape,
    width,
    d_normalization,
    activation,
    spectral,
    minibatch_stddev,
    last_layer,
    synchronized,
    **_,
):
    """Images [n, h, w, c] or points [n, 2] → {"logits": [n], "features": [n, width]}, float32."""
    dense = layers.SpectralDense if spectral else keras.layers.Dense
    images = keras.Input(image_shape, name="images")
    x = keras.layers.Flatten()(images) if len(image_shape) == 3 else images
    for index in range(HIDDEN_LAYERS):
        normalization = d_normalization if index > 0 else "none"
        bias = normalization == "none"
        x = dense(
            width,
            use_bias=bias,
            kernel_initializer="he_normal",
            bias_initializer=_biases(image_shape, index, 3.0),
        )(x)
        x = blocks.hidden(x, normalization, activation, synchronized=synchronized)
    if minibatch_stddev:
        x = layers.MinibatchStddev()(x)
    outputs = {"logits": blocks.logit(x, spectral), "features": x}
    model = keras.Model(images, outputs, name="discriminator")
    blocks.shrink_last_layer(model, last_layer)
    return model
