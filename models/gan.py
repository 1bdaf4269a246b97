"""GAN: the original of 2014, with two multilayer perceptrons."""

import dataclasses
import math

import keras

from keras_gan.layers.minibatch_stddev import MinibatchStddev
from keras_gan.layers.spectral import SpectralDense
from keras_gan.rules.base import register

from . import blocks
from .base import ZooModel
from .options import PlainNormalizedOptions

HIDDEN_LAYERS = 3


@register
class VanillaGAN(ZooModel):
    """The first GAN (Goodfellow et al., 2014), on points or on flattened images.

    G: z → three dense hidden layers → a point, or tanh of an image's pixels.
    D: the flattened image → three dense hidden layers → one logit.
    D maximises E log D(x) + E log(1 - D(G(z))), G maximises E log D(G(z)): the heuristic of section
    3, now called non-saturating.

    Tips used by default: 1 (tanh, for images), 2 (non-saturating), 3 (Gaussian z), 5 (LeakyReLU),
    9 (Adam).

    Departs from the paper: LeakyReLU in both (the paper: ReLU and sigmoid in G, maxout in D), no
    dropout in D, Adam instead of SGD with momentum. G has no output activation for points, since
    they are not bounded. Weights are initialised at He's scale: DCGAN's 0.02 is too small for
    layers of a hundred units. For points the first layers' biases are initialised with N(0, 1) in
    G and N(0, 3²) in D: with zeros, every kink goes through the origin, and G reaches modes away
    from it late.

    Args:
        image_shape: (height, width, channels), or (2,) for two-dimensional points. Defaults to
            (28, 28, 1).
        latent_dim: int, dimensions of z. Defaults to 128.
        width: int, units of each hidden layer. Defaults to 128.
        num_classes: int, number of classes of a conditional GAN, as for `DCGAN`. Defaults to None.
        normalization: str, "batch", "layer" or "none", in G; "instance" needs a map and is
            refused. Defaults to "none".
        self_modulation: bool, as for `DCGAN`. Defaults to False.
        d_normalization: str, the same in D. Defaults to "none".
        activation: str, "leaky_relu" or "relu", in G and D. Defaults to "leaky_relu".
        spectral_norm: bool, spectral norm in D. Defaults to False.
        layer_noise: float, σ of the Gaussian noise before each hidden activation of G. Defaults
            to 0, no noise.
        dropout: float, rate in G, in training and in sampling. Defaults to 0.
        minibatch_stddev: bool, minibatch standard deviation in D. Defaults to False.
        last_layer_init: float, bound of a uniform initialisation of both last layers (tip 8).
            Defaults to 0, off.
        sync_batch_norm: bool, batch norm over all replicas. Defaults to False.
        prior: `priors.Prior` of z. Defaults to `priors.Gaussian()`.

    Example:

    ```python
    gan = VanillaGAN(image_shape=(2,), width=128)
    gan.compile()
    gan.fit(batches, steps_per_epoch=2000)  # float32 points [n, turns, 2]
    points = gan.sample(2500, seed=0)  # float32 [2500, 2]
    ```
    """

    takes_points = True

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Options(PlainNormalizedOptions):
        width: int = 128
        normalization: str = "none"
        d_normalization: str = "none"
        spectral_norm: bool = False

    @classmethod
    def build_generator(cls, options: Options) -> keras.Model:
        """z float32 [n, latent_dim] (and labels) → points [n, 2], or images in [-1, 1], float32."""
        shape, normalization = options.image_shape, options.normalization
        start = blocks.generator_inputs(options)
        modulate = blocks.modulation(start, options)
        x = start.code
        for index in range(HIDDEN_LAYERS):
            x = keras.layers.Dense(
                options.width,
                use_bias=normalization == "none",
                kernel_initializer="he_normal",
                bias_initializer=_biases(shape, index, 1.0),
            )(x)
            x = blocks.norm_act(
                x,
                normalization,
                options.activation,
                options.layer_noise,
                options.dropout,
                options.sync_batch_norm,
                modulate,
            )
        is_image = len(shape) == 3
        x = keras.layers.Dense(math.prod(shape))(x)
        x = keras.layers.Activation("tanh" if is_image else "linear", dtype="float32")(x)
        if is_image:
            x = keras.layers.Reshape(shape, dtype="float32")(x)
        return blocks.network(start.inputs, x, "generator", options)

    @classmethod
    def build_discriminator(cls, options: Options) -> keras.Model:
        """Images or points [n, 2] (and labels) → {"logits": [n], "features": [n, width]}."""
        shape = options.image_shape
        dense = SpectralDense if options.spectral_norm else keras.layers.Dense
        images = keras.Input(shape, name="images")
        x = blocks.pack(images, options)
        x = keras.layers.Flatten()(x) if len(shape) == 3 else x
        for index in range(HIDDEN_LAYERS):
            normalization = options.d_normalization if index > 0 else "none"
            x = dense(
                options.width,
                use_bias=normalization == "none",
                kernel_initializer="he_normal",
                bias_initializer=_biases(shape, index, 3.0),
            )(x)
            x = blocks.norm_act(
                x, normalization, options.activation, synchronized=options.sync_batch_norm
            )
        if options.minibatch_stddev:
            x = MinibatchStddev()(x)
        return blocks.discriminator(images, x, options, options.spectral_norm)


def _biases(image_shape, index, stddev):
    """Initialiser of a layer's biases: normal in the first layer for points, else zero."""
    spread = len(image_shape) == 1 and index == 0
    return keras.initializers.RandomNormal(stddev=stddev) if spread else "zeros"
