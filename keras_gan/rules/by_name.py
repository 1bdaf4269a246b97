"""From what a user writes to rules: names, numbers and functions as well as objects.

The command line goes the same way (`settings/from_config.py`).
"""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_gan.errors import UsageError
from keras_gan.rules import augment, losses, penalties, priors, schedules, targets, top_k
from keras_gan.rules.base import Rule, StatefulRule, rule
from keras_gan.rules.ema import MovingAverage
from keras_gan.rules.opponents import Opponent
from keras_gan.rules.power_averages import PowerAverages
from keras_gan.rules.replay import Replay
from keras_gan.step.randomness import Key
from keras_gan.step.turn import Turn

NO_OPTIMIZERS = ("Optimizer", "LossScaleOptimizer", "MultiOptimizer")  # wrappers and the base
OPTIMIZERS: dict[str, Any] = {
    name.lower(): value
    for name, value in sorted(vars(keras.optimizers).items())
    if inspect.isclass(value)
    and issubclass(value, keras.optimizers.Optimizer)
    and name not in NO_OPTIMIZERS
}
RATE, BETAS = 2e-4, {"beta_1": 0.5, "beta_2": 0.999}  # as on the command line


@rule
class FunctionLoss(losses.Loss):
    """A loss that is a function (real_logits, fake_logits) → (D's loss, G's loss).

    Both are values per sample, float32 [n], or scalars.
    """

    function: Callable
    paired = True  # the function sees both logits in G's turn too
    bounded = False

    def discriminator(
        self,
        real: tf.Tensor,
        fake: tf.Tensor,
        real_targets: float | tf.Tensor = 1.0,
        fake_targets: float | tf.Tensor = 0.0,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return self.function(real, fake)[0], tf.zeros_like(fake)

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return self.function(real, fake)[1]


@rule
class FunctionPenalty(penalties.Penalty):
    """A penalty that is a function turn → scalar, or one value per sample."""

    function: Callable

    @property
    def name(self) -> str:  # type: ignore[override]  # read only, as all attributes here
        return getattr(self.function, "__name__", "penalty").strip("<>")

    def __call__(self, turn: Turn) -> tf.Tensor:
        value = self.function(turn)
        if value is None:
            raise UsageError(f"the penalty {self.name} returns None; a number is needed")
        return value


@rule
class FunctionInput(Rule):
    """A step of D's inputs that is a function (images, key, step) → images."""

    function: Callable

    def __call__(self, images: tf.Tensor, key: Key, step: tf.Tensor) -> tf.Tensor:
        changed = self.function(images, key, step)
        if tuple(np.shape(changed)) != tuple(images.shape):
            raise UsageError(
                f"d_inputs: {_name(self.function)} makes {list(np.shape(changed))} of images"
                f" {list(images.shape)}; the shape has to stay"
            )
        return changed


def optimizer(given: Any, side: str, learning_rate: float = RATE, **options: Any) -> Any:
    """An optimizer by name, with the settings of the command line, or the one that is given.

    Args:
        given: a name, a `keras.optimizers.Optimizer`, its configuration, or None for Adam.
        side: "d" or "g", for the message.
        learning_rate: of a named one.
        options: beta_1, beta_2, weight_decay of a named one; what it does not take is left out.
    """
    if isinstance(given, keras.optimizers.LossScaleOptimizer):
        raise UsageError(
            f"{side}_optimizer is a LossScaleOptimizer, which scales one loss; give the optimizer"
            " in it, and compile(loss_scaling=True)"
        )
    if isinstance(given, keras.optimizers.Optimizer):
        return given
    if isinstance(given, dict):
        try:
            return keras.optimizers.get(given)
        except (ValueError, TypeError, KeyError) as error:
            raise unknown(f"{side}_optimizer", given, OPTIMIZERS) from error
    name = "adam" if given is None else given
    if not isinstance(name, str) or name.lower() not in OPTIMIZERS:
        raise unknown(f"{side}_optimizer", given, OPTIMIZERS, "a keras.optimizers.Optimizer")
    made = OPTIMIZERS[name.lower()]
    takes = inspect.signature(made.__init__).parameters
    options = {**BETAS, **options}
    decay = options.pop("weight_decay", 0.0)
    known = {name: value for name, value in options.items() if name in takes}
    if decay:  # Muon has one for matrices, one for the rest
        decays = (name for name in ("weight_decay", "adam_weight_decay") if name in takes)
        known |= dict.fromkeys(decays, decay)
    return made(learning_rate=learning_rate, **known)


def loss(given: Any) -> losses.Loss:
    """A loss by name, by function or as it is."""
    if given is None:
        return losses.NonSaturating()
    if isinstance(given, losses.Loss):
        return given
    if isinstance(given, str) and given in losses.LOSSES:
        return losses.LOSSES[given]()
    if callable(given) and not isinstance(given, (type, keras.losses.Loss)):
        return _checked_loss(given)
    raise unknown(
        "loss",
        given,
        losses.LOSSES,
        "a keras_gan.losses.Loss, a function (real_logits, fake_logits)",
    )


def _checked_loss(function: Callable) -> FunctionLoss:
    _check_arguments("loss", function, "real_logits", "fake_logits")
    results = function(tf.constant([0.5, -1.0, 2.0]), tf.constant([-0.5, 1.0, 0.25]))
    if not isinstance(results, (tuple, list)) or len(results) != 2:
        raise UsageError(
            f"loss={_name(function)} gives {type(results).__name__}; a function (real_logits,"
            " fake_logits) has to give two losses, (D's, G's)"
        )
    for value, side in zip(results, "DG"):
        if tuple(np.shape(value)) not in ((), (3,)):
            raise UsageError(
                f"loss={_name(function)} gives {side}'s loss of shape {list(np.shape(value))} for 3"
                " logits; one value per logit or a scalar is needed"
            )
        if not tf.is_tensor(value):
            raise UsageError(
                f"loss={_name(function)} gives {side}'s loss as a {type(value).__name__}, which has"
                " no gradient; compute it with TensorFlow or keras.ops"
            )
    return FunctionLoss(function)


def penalty(given: Any) -> Any:
    """A penalty by name (with its default weight), by function or as it is."""
    if isinstance(given, (penalties.Penalty, StatefulRule)):
        return given
    known = {**penalties.PENALTIES, "lecam": penalties.LeCam}
    if isinstance(given, str) and given in known:
        return known[given]()
    if callable(given) and not isinstance(given, type):
        _check_arguments("penalties", given, "turn")
        return FunctionPenalty(given)
    raise unknown("penalties", given, known, "a keras_gan.penalties.Penalty, a function (turn)")


def d_input(given: Any) -> Any:
    """A step of D's inputs: a rule, or a function (images, key, step) → images."""
    if isinstance(given, (Rule, StatefulRule)) and callable(given):
        return given
    if callable(given) and not isinstance(given, (type, str, keras.Layer)):
        _check_arguments("d_inputs", given, "images", "key", "step")
        return FunctionInput(given)
    others = "a rule or a function (images, key, step); Keras' layers belong into the discriminator"
    raise unknown("d_inputs", given, (), others)


def augmentation(given: Any) -> list:
    """DiffAugment by the names of its kinds, "ada", or rules as they are."""
    if given is None or (isinstance(given, str) and not given):
        return []
    if not isinstance(given, str):
        names = isinstance(given, (list, tuple)) and all(isinstance(kind, str) for kind in given)
        return augmentation(",".join(given)) if names else sequence(given, d_input)
    if given == "ada":
        return [augment.ADA()]
    kinds = tuple(kind.strip() for kind in given.split(","))
    for kind in kinds:
        if kind not in augment.KINDS:
            raise unknown("augment", given, (*augment.KINDS, "ada"), "a rule")
    return [augment.DiffAugment(kinds)]


def average(given: Any) -> MovingAverage | PowerAverages:
    """A moving average by its β, or None for none."""
    if given is None or given is False:
        return MovingAverage(decay=0.0)
    if isinstance(given, (int, float)) and not isinstance(given, bool) and 0.0 <= given < 1.0:
        return MovingAverage(decay=float(given))
    if isinstance(given, (MovingAverage, PowerAverages)):
        return given
    raise unknown("average", given, (), "β in [0, 1), a MovingAverage, PowerAverages, or None")


def prior(given: Any) -> Any:
    """A distribution of latents by name, or as it is."""
    if given is None:
        return priors.Gaussian()
    if isinstance(given, (priors.Prior, priors.OrnsteinUhlenbeck)):
        return given
    known = {**priors.PRIORS, "ornstein_uhlenbeck": priors.OrnsteinUhlenbeck}
    if isinstance(given, str) and given in known:
        return known[given]()
    raise unknown("prior", given, known, "a keras_gan.priors.Prior")


def factor(argument: str, given: Any) -> Any:
    """A schedule of a factor, or None."""
    others = "a keras_gan.schedules.Schedule; one of Keras' is an optimizer's learning_rate"
    return instance(argument, given, schedules.Schedule, others)


def best_fakes(given: Any) -> top_k.TopK | None:
    """`TopK` by its smallest share, or as it is."""
    if isinstance(given, float) and 0.0 < given <= 1.0:
        return top_k.TopK(given)
    return instance("top_k", given, top_k.TopK, "a share in (0, 1]")


def replay(given: Any) -> Replay | None:
    return instance("replay", given, Replay)


def opponent(given: Any) -> Opponent | None:
    return instance("opponent", given, Opponent, "TargetNetworks or PastPlayers")


def schedule(given: Any) -> Any:
    """Who trains how often; None is one turn each."""
    if given is None:
        return schedules.FixedSchedule()
    kinds = (schedules.FixedSchedule, schedules.ThresholdLoop)
    return instance("schedule", given, kinds, "a FixedSchedule or a ThresholdLoop")


def target(given: Any) -> targets.Targets:
    """D's targets; None is 1 and 0."""
    return targets.Targets() if given is None else instance("targets", given, targets.Targets)


def check_targets(given: targets.Targets, loss_rule: losses.Loss) -> None:
    """Raises a `UsageError` if targets are softened that a loss does not have."""
    if given.soft and not loss_rule.has_targets:
        with_some = ", ".join(name for name, kind in losses.LOSSES.items() if kind.has_targets)
        raise UsageError(
            f"targets: the loss {loss_rule.name or type(loss_rule).__name__} has none to soften;"
            f" losses with targets are {with_some}"
        )


def constraint(given: Any) -> Any:
    """A Keras constraint by name, or as it is."""
    others = "the name of a Keras constraint, such as max_norm, or a constraint"
    try:
        result = keras.constraints.get(given)
    except (ValueError, TypeError):
        raise unknown("d_constraint", given, (), others) from None
    if result is not None and (isinstance(result, (type, dict)) or not callable(result)):
        raise unknown("d_constraint", given, (), others)
    return result


def distinct(rules: list) -> list:
    """Penalties, if no two have one name, under which they are logged."""
    names = [rule.name for rule in rules]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(
            f"penalties: two are named {twice}, and each is logged by its name; give functions"
            " names of their own by def"
        )
    return rules


def sequence(given: Any, one: Callable) -> list:
    """A list of rules, each by `one`; a single one will do."""
    if given is None:
        return []
    if isinstance(given, (str, Rule, StatefulRule)) or not isinstance(given, Iterable):
        given = [given]
    return [one(item) for item in given]


def instance(argument: str, given: Any, kinds: Any, allowed: str = "") -> Any:
    """`given` if it is None or of one of the classes."""
    if given is None or isinstance(given, kinds):
        return given
    first = kinds[0] if isinstance(kinds, tuple) else kinds
    raise unknown(argument, given, (), allowed or f"a {first.__name__}")


def unknown(argument: str, given: Any, names: Iterable, others: str = "") -> UsageError:
    """The error that lists what is known."""
    allowed = ", ".join([*names, *([others] if others else [])])
    return UsageError(f"{argument}={_name(given)}; allowed: {allowed}")


def _check_arguments(argument: str, function: Callable, *names: str) -> None:
    """Raises a `UsageError` unless a function can be called with as many arguments as `names`."""
    try:
        inspect.signature(function).bind(*names)
    except TypeError:
        raise unknown(argument, function, (), f"a function ({', '.join(names)})") from None
    except ValueError:  # Python does not know its signature
        pass


def _name(given: Any) -> str:
    if isinstance(given, (str, int, float, bool)) or given is None:
        return repr(given)
    return getattr(given, "__name__", None) or f"a {type(given).__name__}"
