"""Signals of failing training: conditions on the recorded metrics, each with its threshold.

A signal evaluates the last readings (the metrics of N steps each) and returns a value if its
threshold is crossed. Signals and thresholds depend on the loss: a D loss of zero is convergence for
Wasserstein's loss, and saturation for the hinge loss.
"""

import dataclasses
import math

import numpy as np

from keras_gan.rules.losses import LOSSES, names_where

CALIBRATED = 32  # images, the batch that the thresholds were found with
ALL = tuple(LOSSES)
BOUNDED = names_where(lambda loss: loss.bounded)
LOGISTIC = names_where(lambda loss: loss.logistic)
SIGNED = names_where(lambda loss: loss.signed)


@dataclasses.dataclass(frozen=True)
class Signal:
    """A named condition.

    Attributes:
        name: str, its name in logs and events.
        threshold: float, limit of the value.
        patience: int, number of consecutive readings for which it must hold.
        failure: bool, whether `--on_failure` applies to it; otherwise it is only a warning.
        losses: tuple of str, flag names of the losses it applies to.
        meaning: str, what it is and what to try.
        measure: function of a list of `Reading`s, newest last → float, or None if unknown.
        above: bool, whether values above the threshold are bad. Defaults to True.
        span: int, number of readings that a value is computed from. Defaults to 1.
        sampled: bool, whether the value holds the sampling error of a batch. Defaults to False.
    """

    name: str
    threshold: float
    patience: int
    failure: bool
    losses: tuple
    meaning: str
    measure: callable
    above: bool = True
    span: int = 1
    sampled: bool = False

    @property
    def readings(self):
        """Number of readings that an event depends on."""
        return self.patience + self.span - 1

    def value(self, readings):
        """The newest value if the condition has held for `patience` readings, else None."""
        if len(readings) < self.patience:
            return None
        ends = range(len(readings) - self.patience + 1, len(readings) + 1)
        values = [self.measure(readings[:end]) for end in ends]
        if any(value is None or not self._is_bad(value) for value in values):
            return None
        return float(values[-1])

    def _is_bad(self, value):
        return value > self.threshold if self.above else value < self.threshold


def _gradient_norm(readings):
    newest = readings[-1]
    norms = [newest.median(name) for name in newest.rows if name.endswith("/gradient_norm")]
    norms = [n for n in norms if n is not None]
    return max(norms) if norms else None


def _mean(name):
    return lambda readings: readings[-1].mean(name)


def _accuracy(readings):
    real = readings[-1].mean("discriminator/accuracy_real")
    fake = readings[-1].mean("discriminator/accuracy_fake")
    return None if real is None or fake is None else min(real, fake)


def _spread(readings):
    """Standard deviation of D's loss within the reading, in units of its level."""
    newest = readings[-1]
    spread, level = newest.spread("discriminator/loss"), newest.mean("discriminator/loss")
    return None if spread is None else spread / max(abs(level), 0.5)


def _spike(readings):
    """Largest deviation of D's loss from the median, in standard deviations of past readings."""
    if len(readings) < 6:
        return None
    past = [b.spread("discriminator/loss") for b in readings[-6:-1]]
    values = readings[-1].rows.get("discriminator/loss")
    if any(p is None for p in past) or values is None or not len(values):
        return None
    return float(np.max(np.abs(values - np.median(values))) / max(np.median(past), 0.02))


def _rise(readings, count=8):
    """Ratio of the spread of D's loss within the last readings to that in the readings before."""
    spreads = [b.spread("discriminator/loss") for b in readings[-2 * count :]]
    if len(spreads) < 2 * count or None in spreads:
        return None
    return float(np.median(spreads[count:]) / max(np.median(spreads[:count]), 0.05))


def _decline(readings, count=8):
    """Decrease of G's loss if it fell steadily while D classified the fakes as real, else 0."""
    if len(readings) < count:
        return None
    levels = [b.mean("generator/loss") for b in readings[-count:]]
    fooled = readings[-1].mean("discriminator/accuracy_fake")
    if any(level is None for level in levels) or fooled is None:
        return None
    if np.any(np.diff(levels) > 0) or fooled > 0.2:
        return 0.0
    return levels[0] - levels[-1]


def _ratio(name):
    """Ratio of the fakes' pairwise distances to those of the reals."""

    def measure(readings):
        fake, real = (readings[-1].mean(f"{side}/{name}") for side in ("fakes", "reals"))
        return None if fake is None or not real else fake / real

    return measure


LONG = 16  # readings: enough for a healthy run to get past its start
SHORTEST = 150  # steps that they must span: the shortest span in the benchmark
FALLING = 0.85  # ratio of the second half to the first below which a run is improving


def _miss(readings):
    """How much farther a real is from the nearest fake than from the nearest other real.

    In units of the reals' pairwise distances, 0 if the fakes are as good as reals. It is the median
    of the last readings, since a failing run may come close occasionally. While it is falling, the
    run is improving and the result is 0; it is None for readings that span too few steps.
    """
    if len(readings) < LONG or readings[-1].step - readings[-LONG].step < SHORTEST:
        return None
    distances = []
    for one in readings[-LONG:]:
        names = ("reals/nearest_fake", "reals/nearest_real", "reals/distance")
        fake, real, scale = (one.mean(name) for name in names)
        if fake is None or real is None or not scale:
            return None
        distances.append((fake - real) / scale)
    if np.median(distances[LONG // 2 :]) < FALLING * np.median(distances[: LONG // 2]):
        return 0.0
    return float(np.median(distances))


def _chance(readings):
    """How much better than chance D is: 0 is guessing, 1 always right, -1 always wrong."""
    real = readings[-1].mean("discriminator/accuracy_real")
    fake = readings[-1].mean("discriminator/accuracy_fake")
    return None if real is None or fake is None else real + fake - 1.0


def _logits(readings):
    logits = [readings[-1].mean(f"discriminator/logits_{side}") for side in ("real", "fake")]
    return None if None in logits else max(abs(v) for v in logits)


def _gap(readings):
    """Gap between the logits of reals and fakes; a paired loss does not determine their level."""
    real, fake = (readings[-1].mean(f"discriminator/logits_{side}") for side in ("real", "fake"))
    return None if real is None or fake is None else abs(real - fake)


SIGNALS = (
    Signal(
        "not finite",
        0.5,
        1,
        True,
        ALL,
        "Most steps gave NaN or Inf, so the weights no longer move. Lower the learning rates, or"
        " leave float16.",
        lambda readings: readings[-1].broken,
    ),
    Signal(
        "steps skipped",
        0.0,
        1,
        False,
        ALL,
        "Some steps gave NaN or Inf and were skipped; the weights are untouched. If it comes"
        " again, lower the learning rates.",
        lambda readings: readings[-1].broken,
    ),
    Signal(
        "gradient norm",
        100.0,
        2,
        True,
        BOUNDED,
        "A gradient norm above 100 means that things are going wrong. Lower the learning rates,"
        " or bound it with --clip_norm.",
        _gradient_norm,
    ),
    Signal(
        "gradient norm",
        1000.0,
        2,
        True,
        names_where(lambda loss: not loss.bounded),
        "A critic's gradients are large, but not above 1,000: it is not bounded. Raise"
        " --gradient_penalty, or lower the learning rates.",
        _gradient_norm,
    ),
    Signal(
        "D loss near zero",
        0.05,
        3,
        True,
        LOGISTIC,
        "D separates real from fake with certainty, and G has nothing left to learn from. Slow D"
        " down (--d_learning_rate), or regularise it (--r1, --input_noise, --spectral_norm).",
        _mean("discriminator/loss"),
        False,
    ),
    Signal(
        "D saturated",
        0.03,
        3,
        True,
        names_where(lambda loss: loss.bounded and not loss.logistic),
        "D's loss is zero: every image is beyond the margin, and no gradient reaches G."
        " Regularise D (--spectral_norm, --r1) or slow it down.",
        _mean("discriminator/loss"),
        False,
    ),
    Signal(
        "D loss unsteady",
        0.5,
        3,
        False,
        BOUNDED,
        "D's loss swings by as much as its level. Lower D's learning rate, or raise the batch.",
        _spread,
        sampled=True,
    ),
    Signal(
        "D loss variance rises",
        4.0,
        1,
        False,
        BOUNDED,
        "D's loss swings more and more, where it should calm down. Lower the learning rates.",
        _rise,
    ),
    Signal(
        "D loss spikes",
        25.0,
        1,
        False,
        BOUNDED,
        "D's loss jumped far beyond its usual spread. Once is nothing; again and again means a"
        " learning rate too high.",
        _spike,
    ),
    Signal(
        "G loss declines",
        0.5,
        1,
        False,
        LOGISTIC,
        "G's loss falls steadily while its fakes pass as real: it may be fooling D with garbage."
        " Look at the samples; strengthen D (--d_turns, --d_learning_rate).",
        _decline,
    ),
    Signal(
        "logits saturated",
        25.0,
        2,
        True,
        names_where(lambda loss: loss.logistic and not loss.paired),
        "D's logits are so large that its loss has no gradient left. Regularise D (--r1, softer"
        " labels, --spectral_norm).",
        _logits,
    ),
    Signal(
        "logits saturated",
        25.0,
        2,
        True,
        names_where(lambda loss: loss.logistic and loss.paired),
        "The logits of real and fake are so far apart that the loss has no gradient left."
        " Raise --r1 and --r2.",
        _gap,
    ),
    Signal(
        "D always right",
        0.995,
        5,
        False,
        SIGNED,
        "D has separated every real image from every fake for a long time. G may still learn; if"
        " the samples do not improve, slow D down.",
        _accuracy,
    ),
    Signal(
        "D at chance",
        0.02,
        8,
        False,
        SIGNED,
        "D has not separated real from fake for a long time: neither D nor G is learning."
        " Raise --d_learning_rate, give D more turns (--d_turns), or less noise.",
        _chance,
        False,
    ),
    Signal(
        "fakes alike",
        0.1,
        3,
        True,
        ALL,
        "The fakes differ from each other far less than real images do: mode collapse. Try"
        " --minibatch_stddev, --r1, --loss=relativistic or lower learning rates.",
        _ratio("distance"),
        False,
    ),
    Signal(
        "fakes alike to D",
        0.1,
        8,
        False,
        ALL,
        "In D's features the fakes differ far less than real images do: D has found a feature of"
        " all fakes, or G collapses. Regularise D, or try --minibatch_stddev.",
        _ratio("feature_distance"),
        False,
    ),
    Signal(
        "fakes miss the data",
        0.47,
        1,
        True,
        ALL,
        "For a long time real images have been far from every fake: G generates something"
        " else, or far too few of the modes. Look at the samples; lower the learning rates,"
        " regularise D (--r1, --spectral_norm), or take a proven recipe of configs/.",
        _miss,
        span=LONG,
    ),
    Signal(
        "fakes out of range",
        10.0,
        2,
        True,
        ALL,
        "The fakes are far outside the data's range: G diverges. Lower its learning rate.",
        _mean("fakes/magnitude"),
    ),
)


def of_loss(loss: str, batch_size: int = CALIBRATED) -> tuple[Signal, ...]:
    """The signals that apply to a run.

    Args:
        loss: its flag name.
        batch_size: int, images of a step. Defaults to that of the health benchmark; the mean loss
            of a smaller batch varies more by itself, so a limit of its spread is higher.
    """
    noise = math.sqrt(max(1.0, CALIBRATED / batch_size))
    return tuple(
        dataclasses.replace(signal, threshold=signal.threshold * noise)
        if signal.sampled
        else signal
        for signal in SIGNALS
        if loss in signal.losses
    )
