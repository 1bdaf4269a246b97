"""A last layer whose direction is trained apart from the features (SAN)."""

import keras
import tensorflow as tf

from keras_gan.rules.base import register


@register
class SlicedLogit(keras.layers.Layer):
    """D's last layer in the slicing adversarial network (Takida et al., 2024).

    The logit is s·⟨ω, h⟩ with ‖ω‖ = 1. The features h and the scale s are trained by the loss with
    the logit, in which ω is held fixed; ω is trained by the Wasserstein form of the direction,
    E s·⟨ω, h(fake)⟩ - E s·⟨ω, h(real)⟩, in which h and s are held fixed. So ω becomes the direction
    in which the distributions of the features differ most.

    Example:

    ```python
    logits, direction = SlicedLogit()(features)     # equal values, other gradients
    ```
    """

    def __init__(self, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})

    def build(self, shape):
        self.direction = self.add_weight(
            name="direction",
            shape=(shape[-1], 1),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
        )
        self.scale = self.add_weight(name="scale", shape=(), initializer="ones")
        self.built = True

    def call(self, features):
        features = tf.cast(features, tf.float32)
        unit = tf.math.l2_normalize(tf.convert_to_tensor(self.direction), epsilon=1e-12)
        scale = tf.convert_to_tensor(self.scale)
        logits = scale * tf.matmul(features, tf.stop_gradient(unit))
        direction = tf.stop_gradient(scale) * tf.matmul(tf.stop_gradient(features), unit)
        return logits[:, 0], direction[:, 0]

    def compute_output_shape(self, shape):
        return (shape[0],), (shape[0],)
