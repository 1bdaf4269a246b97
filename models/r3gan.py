"""R3GAN: a loss with proven local convergence, and modern networks without normalisation."""

import dataclasses
import math

import keras
import tensorflow as tf

from keras_gan.layers.minibatch_stddev import MinibatchStddev
from keras_gan.layers.noise import LayerNoise
from keras_gan.rules.base import register
from keras_gan.step import functional

from . import blocks
from .base import ZooModel
from .dcgan import channels
from .options import Options, PlainDiscriminator

GROUP = 16  # channels per group of the 3×3 convolutions
LEAKY_GAIN = math.sqrt(2.0 / 1.04)  # keeps the variance through a LeakyReLU of slope 0.2
EXPANSION = 2  # channels within a block, as a multiple of those outside


@register
class R3GAN(ZooModel):
    """R3GAN (Huang et al., 2024): relativistic pairing, R1 and R2, no normalisation.

    D minimises E sp(D(G(z)) - D(x)) + γ/2 E‖∇D(x)‖² + γ/2 E‖∇D(G(z))‖², G minimises
    E sp(D(x) - D(G(z))), sp(t) = log(1 + eᵗ), with one fake per real: equations 2 to 4.
    A residual block: 1×1 to twice the channels, LeakyReLU, 3×3 in groups of 16 channels,
    LeakyReLU, 1×1 back, added to its input. The last convolution starts at zero, the others are
    scaled by L^(-1/4), with L blocks in the network.
    G: z scales the channels of a learned smallest map → per doubling block, resample → block →
    1×1 to pixels. D: 1×1 from pixels → per halving block, resample → block → a depthwise
    convolution over the whole last map → one logit.
    Resampling is a depthwise [1, 2, 1] filter, with a 1×1 convolution where channels change.

    G's output has no tanh: it may leave [-1, 1], and is clipped where it becomes uint8 (samples,
    scores, export). Adam with β1 0, since momentum hurts here.

    Tips used by default: 3 (Gaussian z), 5 (LeakyReLU), 9 (Adam); not 1 (no tanh), not 4 (no
    normalisation). The other methods are newer than the tips.

    As in the paper, over a burn-in γ falls from 1 to 0.1, the learning rates from 2e-4 to 5e-5,
    β2 rises from 0.9 to 0.99 and the half-life of the moving average from 0 to 20,000 images, all
    along half a cosine. The burn-in is a share of the run's steps (`schedule_share`).

    Departs from the paper: one block per stage instead of two; widths follow `width` and double at
    each halving; the average is shorter, as our runs are; augmentation, whose probability the paper
    raises from 0 too, is off (`augment`, `augment_rate`, `augment_rate_end`). Mixed float16 is
    refused: the paper reports that it harms training.

    Args:
        depth: int, blocks per stage. Defaults to 1.
        num_classes: int, number of classes of a conditional model: an embedding of the label joins
            z, and D's logit gains a projection, as in the authors' code. Defaults to None.
        **options: `image_shape`, `latent_dim`, `width`, `layer_noise`, `minibatch_stddev` and
            `prior`, as for `DCGAN`.

    Example:

    ```python
    gan = R3GAN(image_shape=(32, 32, 3), width=32)
    gan.compile(steps=10_000)  # relativistic, R1 and R2, schedules
    ```
    """

    @classmethod
    def defaults(cls):
        return super().defaults() | {
            "loss": "relativistic",
            "r1": 1.0,
            "r2": 1.0,
            "d_beta_1": 0.0,
            "g_beta_1": 0.0,
            "r1_end": 0.1,
            "r2_end": 0.1,
            "d_beta_2": 0.9,
            "g_beta_2": 0.9,
            "d_beta_2_end": 0.99,
            "g_beta_2_end": 0.99,
            "d_learning_rate_schedule": "cosine",
            "g_learning_rate_schedule": "cosine",
            "d_learning_rate_end": 5e-5,
            "g_learning_rate_end": 5e-5,
            "average_half_life_end": 20_000.0,
            "schedule_share": 0.8,
        }

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Options(PlainDiscriminator, Options):
        depth: int = 1

    @classmethod
    def build_generator(cls, options: Options) -> keras.Model:
        """z float32 [n, latent_dim] (and labels int32 [n]) → images float32, not bounded."""
        if keras.mixed_precision.global_policy().name == "mixed_float16":
            raise ValueError("r3gan trains badly in mixed_float16; use mixed_bfloat16")
        image_shape, width = options.image_shape, options.width
        count = blocks.num_upsamplings(image_shape)
        height, columns = image_shape[0] // 2**count, image_shape[1] // 2**count
        total = options.depth * (count + 1)
        start = blocks.generator_inputs(options)
        x = Basis(height, columns, channels(width, count), name="basis")(start.code)
        for level in reversed(range(count + 1)):
            for _index in range(options.depth):
                x = residual_block(x, total, options.layer_noise)
            if level > 0:
                x = conv1(x, channels(width, level - 1), use_bias=False)
                x = Resample("up")(x)
        x = conv1(x, image_shape[-1], use_bias=False)
        images = keras.layers.Activation("linear", dtype="float32", name="images")(x)
        return keras.Model(start.inputs, images, name="generator")

    @classmethod
    def build_discriminator(cls, options: Options) -> keras.Model:
        """Images float32 [n, h, w, c] (and labels) → {"logits": [n], "features": [n, d]}."""
        count = blocks.num_upsamplings(options.image_shape)
        total = options.depth * (count + 1)
        images = keras.Input(options.image_shape, name="images")
        x = conv1(blocks.pack(images, options), options.width, use_bias=False)
        for level in range(count + 1):
            for _index in range(options.depth):
                x = residual_block(x, total)
            if level < count:
                x = Resample("down")(x)
                x = conv1(x, channels(options.width, level + 1), use_bias=False)
        if options.minibatch_stddev:
            x = MinibatchStddev()(x)
        size = x.shape[1:3]
        features = keras.layers.DepthwiseConv2D(
            size,
            use_bias=False,
            depthwise_initializer=keras.initializers.RandomNormal(stddev=math.prod(size) ** -0.5),
            name="basis",
        )(x)
        features = keras.layers.Flatten()(features)
        return blocks.discriminator(
            images, features, options, use_bias=False, kernel_initializer=scaled(1.0)
        )


def residual_block(x: keras.KerasTensor, total: int, noise: float = 0.0) -> keras.KerasTensor:
    """A residual block of a network of `total` blocks."""
    expanded = x.shape[-1] * EXPANSION
    groups = expanded // GROUP if expanded % GROUP == 0 else 1
    gain = LEAKY_GAIN * total**-0.25

    def activate(y):
        y = LayerNoise(noise)(y) if noise else y
        return blocks.activation("leaky_relu")(y)

    y = activate(conv1(x, expanded, initializer=scaled(gain)))
    grouped = dict(groups=groups, kernel_initializer=scaled(gain))
    y = GroupedConv2D(expanded, 3, padding="same", **grouped)(y)
    y = conv1(activate(y), x.shape[-1], use_bias=False, initializer="zeros")
    return keras.layers.Add()([x, y])


def conv1(
    x: keras.KerasTensor,
    filters: int,
    use_bias: bool = True,
    initializer: keras.initializers.Initializer | str | None = None,
) -> keras.KerasTensor:
    """A 1×1 convolution; the default initialiser keeps the activations' variance."""
    return keras.layers.Conv2D(
        filters, 1, use_bias=use_bias, kernel_initializer=initializer or scaled(1.0)
    )(x)


def scaled(gain: float) -> keras.initializers.Initializer:
    """N(0, gain² / fan-in)."""
    return keras.initializers.VarianceScaling(gain**2, "fan_in", "untruncated_normal")


@register
class GroupedConv2D(keras.layers.Conv2D):
    """A convolution in groups of channels; for XLA, one convolution per group.

    Keras compiles grouped convolutions with XLA, whose gradients take seventy times as long on a
    CPU as TensorFlow's own (64 maps of 14×14×96, forward and back: 1,210 ms against 17).
    """

    def convolution_op(self, inputs, kernel):
        if not functional.compiled_with_xla():
            return tf.nn.conv2d(inputs, kernel, self.strides, self.padding.upper())
        pairs = zip(tf.split(inputs, self.groups, 3), tf.split(kernel, self.groups, 3))
        return tf.concat([super(GroupedConv2D, self).convolution_op(x, k) for x, k in pairs], 3)


@register
class Basis(keras.layers.Layer):
    """z [n, z] → a learned map [n, height, width, channels], scaled per channel by a linear map.

    Args:
        height: int, height of the map.
        width: int, width of the map.
        channels: int, channels of the map.
        **kwargs: arguments of `keras.layers.Layer`.
    """

    def __init__(self, height: int, width: int, channels: int, **kwargs):
        super().__init__(**kwargs)
        self.height, self.width, self.channels = height, width, channels

    def build(self, shape):
        self.map = self.add_weight(
            name="map",
            shape=(self.height, self.width, self.channels),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
        )
        self.scale = self.add_weight(
            name="scale", shape=(shape[-1], self.channels), initializer=scaled(1.0)
        )
        self.built = True

    def call(self, latents):
        return tf.matmul(latents, self.scale)[:, None, None] * self.map

    def compute_output_shape(self, shape):
        return (shape[0], self.height, self.width, self.channels)

    def get_config(self):
        config = {"height": self.height, "width": self.width, "channels": self.channels}
        return {**super().get_config(), **config}


@register
class Resample(keras.layers.Layer):
    """Doubles ("up") or halves ("down") height and width with the filter [1, 2, 1].

    Up: zeros between the pixels, then the filter, so that new pixels are the mean of their
    neighbours. Down: the filter, then every other pixel. It is a depthwise convolution, since
    R1 needs a second derivative, which a resize does not have.

    Args:
        direction: str, "up" or "down".
        **kwargs: arguments of `keras.layers.Layer`.
    """

    def __init__(self, direction: str, **kwargs):
        super().__init__(**kwargs)
        self.direction = direction

    def call(self, x):
        up = self.direction == "up"
        if up:
            # A pad of four axes: LiteRT has none of six.
            x = tf.nn.depth_to_space(tf.pad(x, [[0, 0]] * 3 + [[0, 3 * x.shape[-1]]]), 2)
        row = tf.constant([0.5, 1.0, 0.5] if up else [0.25, 0.5, 0.25], x.dtype)
        kernel = tf.tile((row[:, None] * row)[..., None, None], [1, 1, x.shape[-1], 1])
        stride = 1 if up else 2
        return tf.nn.depthwise_conv2d(x, kernel, [1, stride, stride, 1], "SAME")

    def compute_output_shape(self, shape):
        n, h, w, c = shape
        return (n, h * 2, w * 2, c) if self.direction == "up" else (n, h // 2, w // 2, c)

    def get_config(self):
        return {**super().get_config(), "direction": self.direction}
