"""SNGAN: residual networks, and a discriminator with a bounded Lipschitz constant."""

from typing import ClassVar

import keras

from keras_gan.layers.fused import UpSampling2D
from keras_gan.layers.minibatch_stddev import MinibatchStddev
from keras_gan.layers.spectral import SpectralConv2D
from keras_gan.rules.base import register

from . import blocks
from .base import ZooModel
from .dcgan import channels
from .options import PlainNormalizedOptions


@register
class SNGAN(ZooModel):
    """Spectral normalisation (Miyato et al., 2018) with the paper's residual networks.

    Each weight matrix of D is divided by its largest singular value, estimated by one power
    iteration per step, so that D is Lipschitz and needs no gradient penalty.
    G: z → dense → per doubling a block (normalise, activate, upsample, 3×3, normalise, activate,
    3×3, plus the upsampled input through 1×1) → normalise, activate, 3×3, tanh.
    D: per halving a block (activate, 3×3, activate, 3×3, halve, plus the halved input through
    1×1), one more block without halving, then the sum over positions → one logit.
    Hinge loss: D minimises E relu(1 - D(x)) + E relu(1 + D(G(z))), G minimises -E D(G(z)).
    Five turns of D per step; Adam 2e-4 with β1 0 and β2 0.9: the paper's table 1, setting C.

    Tips used by default: 1 (tanh), 3 (Gaussian z), 4 (batch norm in G; D has none), 5 (LeakyReLU,
    average pooling), 9 (Adam), 14 (more turns of D).

    Departs from the paper: LeakyReLU instead of ReLU (tip 5); widths follow `width` and double at
    each halving; one more block at the smallest map instead of two.

    Args:
        **options: `image_shape`, `latent_dim`, `width`, `num_classes`, `normalization`,
            `self_modulation`, `activation`, `layer_noise`, `dropout`, `minibatch_stddev`,
            `last_layer_init`, `sync_batch_norm` and `prior`, as for `DCGAN`.

    Example:

    ```python
    gan = SNGAN(image_shape=(32, 32, 3), width=32)
    gan.compile()  # hinge, on batches [n, 5, h, w, c]
    ```
    """

    Options: ClassVar = PlainNormalizedOptions
    built_in: ClassVar = {"spectral_norm": True, "downsampling": "average"}

    @classmethod
    def defaults(cls):
        return super().defaults() | {
            "loss": "hinge",
            "d_turns": 5,
            "d_beta_1": 0.0,
            "g_beta_1": 0.0,
            "d_beta_2": 0.9,
            "g_beta_2": 0.9,
        }

    @classmethod
    def build_generator(cls, options: Options) -> keras.Model:
        """z float32 [n, latent_dim] (and labels int32 [n]) → images float32 in [-1, 1]."""
        image_shape, width = options.image_shape, options.width
        count = blocks.num_upsamplings(image_shape)
        height, columns = image_shape[0] // 2**count, image_shape[1] // 2**count
        bias = options.normalization == "none"
        start = blocks.generator_inputs(options)
        modulate = blocks.modulation(start, options)

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

        def grow(x):
            return UpSampling2D(2, interpolation="nearest")(x)

        deepest = channels(width, count - 1)
        x = keras.layers.Dense(height * columns * deepest)(start.code)
        x = keras.layers.Reshape((height, columns, deepest))(x)
        for level in reversed(range(count)):
            filters = channels(width, level)
            y = conv(grow(norm_act(x)), filters, 3, use_bias=bias)
            x = keras.layers.Add()([conv(norm_act(y), filters, 3), conv(grow(x), filters, 1)])
        x = conv(norm_act(x), image_shape[-1], 3)
        images = keras.layers.Activation("tanh", dtype="float32", name="images")(x)
        return blocks.network(start.inputs, images, "generator", options)

    @classmethod
    def build_discriminator(cls, options: Options) -> keras.Model:
        """Images float32 [n, h, w, c] (and labels) → {"logits": [n], "features": [n, d]}."""
        images = keras.Input(options.image_shape, name="images")
        x = blocks.pack(images, options)

        def halve(x):
            return keras.layers.AveragePooling2D(2)(x)

        def activate(x):
            return blocks.activation(options.activation)(x)

        for level in range(blocks.num_upsamplings(options.image_shape)):
            filters = channels(options.width, level)
            y = x if level == 0 else activate(x)  # the image itself is not activated
            y = activate(conv(y, filters, 3, spectral=True))
            y = halve(conv(y, filters, 3, spectral=True))
            x = keras.layers.Add()([y, conv(halve(x), filters, 1, spectral=True)])
        y = activate(conv(activate(x), filters, 3, spectral=True))
        x = activate(keras.layers.Add()([x, conv(y, filters, 3, spectral=True)]))
        if options.minibatch_stddev:
            x = MinibatchStddev()(x)
        features = keras.ops.sum(keras.ops.cast(x, "float32"), axis=(1, 2))
        return blocks.discriminator(images, features, options, spectral=True)


def conv(
    x: keras.KerasTensor,
    filters: int,
    size: int,
    use_bias: bool = True,
    spectral: bool = False,
) -> keras.KerasTensor:
    """A convolution that keeps the map's size, with Glorot initialisation as in the paper."""
    layer = SpectralConv2D if spectral else keras.layers.Conv2D
    return layer(filters, size, padding="same", use_bias=use_bias)(x)
