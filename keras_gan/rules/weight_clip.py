"""Constraints on weights, applied after an update."""

import keras

from keras_gan.rules.base import register


@register
class WeightClip(keras.constraints.Constraint):
    """Clips every weight to [-bound, bound] (WGAN, Arjovsky et al., 2017).

    Args:
        bound: the paper's is 0.01.
    """

    def __init__(self, bound=0.01):
        self.bound = bound

    def __call__(self, weight):
        return keras.ops.clip(weight, -self.bound, self.bound)

    def get_config(self):
        return {"bound": self.bound}
