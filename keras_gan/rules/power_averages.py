"""Several moving averages of G's weights with power functions, of which the best is chosen."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_gan.choices import LONGEST_AVERAGE
from keras_gan.rules.base import StatefulRule, register


def exponent(length: float) -> float:
    """γ of the power function tᵞ whose relative length is `length`.

    The weights of an average at step T are proportional to tᵞ, 0 ≤ t ≤ T. Their standard deviation
    relative to T is σ = (γ+1)^½ (γ+2)⁻¹ (γ+3)^(-½) (Karras et al., 2024), which falls from 0.289 at
    γ = 0 towards 0. Squared, it is a cubic equation in γ with one root above 0.

    Args:
        length: float, 0 < length ≤ 0.28.
    """
    if not 0.0 < length <= LONGEST_AVERAGE:
        raise ValueError(f"length {length}: allowed are lengths above 0, at most {LONGEST_AVERAGE}")
    square = float(length) ** 2
    # (γ + 2)² (γ + 3) σ² - (γ + 1), lowest power first.
    polynomial = np.polynomial.Polynomial(
        [12.0 * square - 1.0, 16.0 * square - 1.0, 7.0 * square, square]
    )
    return float(np.max(np.real(polynomial.roots())))


@register
class PowerAverages(StatefulRule):
    """Averages of the generator's weights over a share of the training (Karras et al., 2024).

    At step t, counted from 1, an average moves to β·average + (1-β)·weights with
    β = (1 - 1/t)^(γ+1). So after T steps the weights of step t count as
    (tᵞ⁺¹ - (t-1)ᵞ⁺¹) / Tᵞ⁺¹: the profile has the same shape at any T, and the first weights are
    forgotten without a warm-up. Batch norm's statistics are copied, as by `MovingAverage`.

    All averages are kept and checkpointed; the chosen one is sampled, scored and exported. The
    first is chosen until scores choose another.

    Args:
        lengths: sequence of floats, the relative lengths σ, at most 0.28. Defaults to 0.05 and
            0.10.
        name: str.
        **kwargs: arguments of `StatefulRule`.

    Raises:
        ValueError: there is none, or one is out of range.
    """

    read_when_compiled = False

    def __init__(
        self,
        lengths: Sequence[float] = (0.05, 0.10),
        name: str = "power_averages",
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self.lengths = tuple(float(length) for length in lengths)
        if not self.lengths:
            raise ValueError("lengths: at least one is needed")
        self.exponents = tuple(map(exponent, self.lengths))

    def build_for(self, gan: keras.Model) -> None:
        def copy(weight: keras.Variable) -> Callable:
            return lambda *_, **__: tf.convert_to_tensor(weight.value)

        weights = gan.generator.trainable_variables
        self.weights_of = [
            [
                self.state(f"average_{i}_{p}", w.shape, initializer=copy(w))
                for p, w in enumerate(weights)
            ]
            for i in range(len(self.lengths))
        ]
        self.chosen = self.state("chosen", dtype="int32")
        self.built = True

    @property
    def length(self) -> float:
        """The relative length of the chosen average."""
        return self.lengths[int(self.chosen.numpy())]

    def betas(self, step: tf.Tensor) -> list[tf.Tensor]:
        """β of each average at `step`, counted from 0."""
        past = 1.0 - 1.0 / (tf.cast(step, tf.float32) + 1.0)
        return [past ** (gamma + 1.0) for gamma in self.exponents]

    def update(
        self,
        average: keras.Model,
        network: keras.Model,
        step: tf.Tensor,
        accepted: bool | tf.Tensor = True,
    ) -> None:
        """Moves all averages, and copies the chosen one; arguments as of `MovingAverage.update`."""
        weights = network.trainable_variables
        for beta, values in zip(self.betas(step), self.weights_of, strict=True):
            for old, new in zip(values, weights, strict=True):
                value = old.value + (1.0 - beta) * (tf.cast(new.value, old.dtype) - old.value)
                old.assign(tf.where(accepted, value, old.value))
        positions = {id(weight): p for p, weight in enumerate(weights)}
        for old, new in zip(average.weights, network.weights, strict=True):
            p = positions.get(id(new))
            value = tf.convert_to_tensor(new.value) if p is None else self._of_chosen(p)
            old.assign(tf.where(accepted, value, old.value))

    def choose(self, average: keras.Model, network: keras.Model, index: int) -> None:
        """Makes another average the one that `average` holds, from now on.

        Args:
            average: `keras.Model` that is sampled.
            network: `keras.Model` in training.
            index: int, which of `lengths`.
        """
        self.chosen.assign(index)
        positions = {id(weight): p for p, weight in enumerate(network.trainable_variables)}
        for old, new in zip(average.weights, network.weights, strict=True):
            if id(new) in positions:
                old.assign(self.weights_of[index][positions[id(new)]].value)

    def _of_chosen(self, position: int) -> tf.Tensor:
        values = [tf.convert_to_tensor(of_one[position].value) for of_one in self.weights_of]
        return values[0] if len(values) == 1 else tf.gather(tf.stack(values), self.chosen.value)
