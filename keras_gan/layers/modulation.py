"""A scale and a shift for each channel, computed from z or a class: modulation of G's layers."""

import keras
import tensorflow as tf

from keras_gan.rules.base import register

HIDDEN = 32  # units of the perceptron that self-modulation computes scale and shift with


@register
class Modulation(keras.layers.Layer):
    """γ(c)·h + β(c), with one γ and one β per channel, both functions of a code c.

    After a normalisation without scale and shift. With c = z and a hidden layer it is the
    self-modulation of Chen et al. (2019); with c a class' embedding and none, class-conditional
    normalisation (Dumoulin et al., 2017; Miyato & Koyama, 2018). γ - 1 and β start near zero, so
    the layer starts near the identity; with weights of zero it is the identity.

    Args:
        hidden: int, units of a ReLU layer between c and (γ, β); 0 is an affine map. Defaults to 0.
        **kwargs: arguments of `keras.layers.Layer`.

    Example:

    ```python
    h = Modulation(hidden=32)([h, latents])     # h [n, height, width, channels] or [n, channels]
    ```
    """

    def __init__(self, hidden: int = 0, **kwargs):
        super().__init__(**kwargs)
        self.hidden = hidden

    def build(self, shapes):
        (*_, channels), (*_, units) = shapes
        if self.hidden:
            self.hidden_kernel = self.add_weight(
                name="hidden_kernel", shape=(units, self.hidden), initializer="he_normal"
            )
            self.hidden_bias = self.add_weight(
                name="hidden_bias", shape=(self.hidden,), initializer="zeros"
            )
        small = keras.initializers.RandomNormal(stddev=0.02)
        size = (self.hidden or units, channels)
        self.scale_kernel = self.add_weight(name="scale_kernel", shape=size, initializer=small)
        self.shift_kernel = self.add_weight(name="shift_kernel", shape=size, initializer=small)
        self.scale_bias = self.add_weight(name="scale_bias", shape=(channels,), initializer="ones")
        self.shift_bias = self.add_weight(name="shift_bias", shape=(channels,), initializer="zeros")
        self.built = True

    def call(self, inputs):
        x, code = inputs
        if self.hidden:
            code = tf.nn.relu(tf.matmul(code, self.hidden_kernel) + self.hidden_bias)
        scale = tf.matmul(code, self.scale_kernel) + self.scale_bias
        shift = tf.matmul(code, self.shift_kernel) + self.shift_bias
        if len(x.shape) == 4:
            scale, shift = scale[:, None, None], shift[:, None, None]
        return scale * x + shift

    def compute_output_shape(self, shapes):
        return shapes[0]

    def get_config(self):
        return {**super().get_config(), "hidden": self.hidden}
