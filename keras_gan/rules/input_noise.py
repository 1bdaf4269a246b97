"""Decaying noise on the discriminator's input (tip 13)."""

import tensorflow as tf

from keras_gan.rules.base import Rule, rule
from keras_gan.rules.schedules import Schedule
from keras_gan.step.randomness import Key


@rule
class InputNoise(Rule):
    """Instance noise, x + σ(t)·ε with ε ~ N(0, I), on reals and fakes, in D's turns and in G's.

    Blurs the two distributions until they overlap (Sønderby et al., 2017; Arjovsky & Bottou,
    2017). σ falls to exactly 0, and is logged.

    Args:
        stddev: `schedules.Schedule`, σ as a function of the step, in units of the images' range
            [-1, 1]. Defaults to 0.1, falling linearly to 0 over 1,000 steps.
    """

    stddev: Schedule = Schedule("linear", 0.1, 0.0, 1000)
    purpose = "input_noise"

    def __call__(self, images: tf.Tensor, key: Key, step: tf.Tensor) -> tf.Tensor:
        return images + self.stddev(step) * key.normal(images.shape)

    def on_step_end(self, step: tf.Tensor, key: Key, metrics: dict[str, tf.Tensor]) -> None:
        metrics["input_noise/stddev"] = self.stddev(step)
