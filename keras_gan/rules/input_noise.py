"""Decaying noise on what the discriminator sees (tip 13)."""

from keras_gan.rules.base import Rule, rule
from keras_gan.rules.schedules import Decay


@rule
class InputNoise(Rule):
    """x + σ(t)·ε, ε ~ N(0, I), on reals and fakes, in D's turns and in G's.

    Blurs the two distributions until they overlap (Sønderby et al., 2017; Arjovsky & Bottou,
    2017). σ falls to exactly 0, and is logged.

    Args:
        stddev: σ as a function of the step, in units of the images' range [-1, 1].
    """

    stddev: Decay = Decay("linear", 0.1, 0.0, 1000)
    purpose = "input_noise"

    def __call__(self, images, key, step):
        return images + self.stddev(step) * key.normal(images.shape)

    def on_step_end(self, step, key, metrics):
        metrics["input_noise/stddev"] = self.stddev(step)
