"""Keras' layers, with forward and backward passes that are faster on a CPU in training.

Each computes the same as the Keras layer of the same name up to rounding, with the same weights and
arguments. In training in float32, batch norm also in bfloat16, it uses the faster form where there
is one, otherwise Keras' code; docs/benchmarks.md compares their times.
"""

import keras
import tensorflow as tf

from keras_gan.rules.base import register

NORMALIZED = (tf.float32, tf.bfloat16)  # what the fused batch norm takes; it sums in float32
FEW = 4  # image channels up to which `fold_product` is faster than a transposed convolution


@register
class BatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization`, as one fused operation instead of a dozen."""

    def call(
        self, inputs: tf.Tensor, training: bool | None = None, mask: tf.Tensor | None = None
    ) -> tf.Tensor:
        if not (training and self._can_fuse(inputs, mask)):
            return super().call(inputs, training=training, mask=mask)
        images = inputs if len(inputs.shape) == 4 else inputs[:, None, None, :]
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=images,
            scale=tf.convert_to_tensor(self.gamma if self.scale else tf.ones(images.shape[-1])),
            offset=tf.convert_to_tensor(self.beta if self.center else tf.zeros(images.shape[-1])),
            mean=[],
            variance=[],
            epsilon=self.epsilon,
            exponential_avg_factor=1.0,
            is_training=True,
        )
        # The operation's variance divides by n - 1, Keras' by n.
        count = tf.cast(tf.size(images) // images.shape[-1], tf.float32)
        variance *= (count - 1.0) / count
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + now * (1.0 - self.momentum))
        return tf.reshape(outputs, tf.shape(inputs))

    def _can_fuse(self, inputs, mask):
        plain = self.trainable and mask is None
        last = self.axis in (-1, len(inputs.shape) - 1) and len(inputs.shape) in (2, 4)
        return plain and last and not self.synchronized and inputs.dtype in NORMALIZED


@register
class Conv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D`, with a faster input gradient for 4×4/2 convolutions of images."""

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        if not (training and _can_fold(self, inputs, inputs.shape[-1])):
            return super().call(inputs)
        return self.activation(
            halve(inputs, tf.convert_to_tensor(self.kernel), _bias(self, inputs.dtype))
        )


@register
class Conv2DTranspose(keras.layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose`, with a faster form for 4×4/2 convolutions to images."""

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        if not (training and _can_fold(self, inputs, self.filters)):
            return super().call(inputs)
        return self.activation(
            double(inputs, tf.convert_to_tensor(self.kernel), _bias(self, inputs.dtype))
        )


@register
class UpSampling2D(keras.layers.UpSampling2D):
    """`keras.layers.UpSampling2D`, whose result has a known height and width.

    Keras' repeats them by shapes that are known only at run time, and LiteRT has no convolution of
    such maps.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return tf.reshape(super().call(inputs), [-1, *self.compute_output_shape(inputs.shape)[1:]])


@register
class LeakyReLU(keras.layers.LeakyReLU):
    """`keras.layers.LeakyReLU`, whose gradient is computed from the output in place of the input.

    Both have the same sign, so the gradient is the same. TensorFlow joins a convolution, its bias
    and a LeakyReLU in one operation, also where the gradient needs what is between them; it then
    fails with an error on stderr ("remapper failed … LeakyReluGrad") and leaves them apart.
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        if not training or self.negative_slope <= 0:
            return super().call(inputs)
        return leaky_relu(inputs, float(self.negative_slope))


def leaky_relu(x: tf.Tensor, slope: float) -> tf.Tensor:
    """max(x, slope · x), differentiable twice; 0 < slope < 1."""

    @tf.custom_gradient
    def function(x):
        outputs = tf.nn.leaky_relu(x, slope)

        def gradient(upstream):
            return tf.raw_ops.LeakyReluGrad(
                gradients=upstream, features=tf.stop_gradient(outputs), alpha=slope
            )

        return outputs, gradient

    return function(x)


def _can_fold(layer, inputs, channels):
    form = (layer.kernel_size, layer.strides, layer.padding, layer.data_format)
    even = all(side is not None and side % 2 == 0 for side in inputs.shape[1:3])
    return (
        form == ((4, 4), (2, 2), "same", "channels_last")
        and channels <= FEW
        and (even or isinstance(layer, keras.layers.Conv2DTranspose))
        and inputs.dtype == tf.float32
        and not tf.config.list_physical_devices("GPU")
    )


def _bias(layer, dtype):
    return tf.convert_to_tensor(layer.bias) if layer.use_bias else tf.zeros(layer.filters, dtype)


@tf.custom_gradient
def halve(images: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor):
    """A 4×4/2 convolution; kernel [4, 4, channels, filters]."""

    def gradient(upstream):
        return (
            fold_product(upstream, kernel),
            _kernel_gradient(images, kernel, upstream),
            tf.raw_ops.BiasAddGrad(out_backprop=upstream),
        )

    return tf.nn.bias_add(_strided(images, kernel), bias), gradient


@tf.custom_gradient
def double(maps: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor):
    """A transposed 4×4/2 convolution; kernel [4, 4, filters, channels]."""

    def gradient(upstream):
        return (
            _strided(upstream, kernel),
            _kernel_gradient(upstream, kernel, maps),
            tf.raw_ops.BiasAddGrad(out_backprop=upstream),
        )

    return tf.nn.bias_add(fold_product(maps, kernel), bias), gradient


def _strided(images, kernel):
    return tf.nn.conv2d(images, kernel, 2, "SAME")


def _kernel_gradient(images, kernel, upstream):
    return tf.raw_ops.Conv2DBackpropFilter(
        input=images,
        filter_sizes=kernel.shape,
        out_backprop=upstream,
        strides=[1, 2, 2, 1],
        padding="SAME",
    )


def fold_product(maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """A transposed 4×4/2 convolution as one matrix product and a sum of overlapping patches.

    Args:
        maps: float [n, h, w, channels].
        kernel: float [4, 4, filters, channels].

    Returns:
        float [n, 2h, 2w, filters].
    """
    height, width, channels = maps.shape[1:]
    filters = kernel.shape[2]
    # A 4×4 patch is 2×2 blocks of 2×2 pixels, which overlap those of neighbouring positions.
    blocks = tf.transpose(tf.reshape(kernel, [2, 2, 2, 2, filters, channels]), [0, 2, 1, 3, 4, 5])
    product = tf.matmul(
        tf.reshape(maps, [-1, channels]), tf.reshape(blocks, [-1, channels]), transpose_b=True
    )
    product = tf.reshape(product, [-1, height, width, 2, 2, 4 * filters])
    placed = [
        tf.pad(
            product[:, :, :, row, column], [[0, 0], [row, 1 - row], [column, 1 - column], [0, 0]]
        )
        for row in range(2)
        for column in range(2)
    ]
    return tf.nn.depth_to_space(tf.add_n(placed), 2)[:, 1:-1, 1:-1]
