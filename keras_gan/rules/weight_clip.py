"""Constraints on weights, applied after each update."""

from typing import Any

import keras

from keras_gan.rules.base import register


@register
class WeightClip(keras.constraints.Constraint):
    """Clips every weight to [-bound, bound] (WGAN, Arjovsky et al., 2017).

    Args:
        bound: float. Defaults to 0.01, as in the paper.
    """

    def __init__(self, bound: float = 0.01):
        self.bound = bound

    def __call__(self, weight: Any) -> Any:
        return keras.ops.clip(weight, -self.bound, self.bound)

    def get_config(self) -> dict[str, float]:
        return {"bound": self.bound}
