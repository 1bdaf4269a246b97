"""From a config to the arguments of `GAN.compile`."""

import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from keras_gan.errors import refuse
from keras_gan.rules import augment, losses, penalties, priors, schedules, targets, top_k
from keras_gan.rules.ema import MovingAverage
from keras_gan.rules.input_noise import InputNoise
from keras_gan.rules.opponents import PastPlayers, TargetNetworks
from keras_gan.rules.priors import OrnsteinUhlenbeck
from keras_gan.rules.replay import Replay
from keras_gan.rules.weight_clip import WeightClip
from keras_gan.settings.config import Config
from keras_gan.settings.flags import interval, words
from keras_gan.step import functional

NO_OPTIMIZERS = ("Optimizer", "LossScaleOptimizer", "MultiOptimizer")  # base class and wrappers
OPTIMIZERS = {
    name.lower(): value
    for name, value in sorted(vars(keras.optimizers).items())
    if inspect.isclass(value)
    and issubclass(value, keras.optimizers.Optimizer)
    and name not in NO_OPTIMIZERS
}

FLAG_DEFAULTS = {field.name: field.default for field in dataclasses.fields(Config)}


def compile_arguments(settings: Config | Mapping[str, Any]) -> dict[str, Any]:
    """The keyword arguments of `GAN.compile`.

    Args:
        settings: `Config`, or a mapping by flag name; missing flags have their defaults.

    Raises:
        UsageError: unknown optimizer; the message lists all.
    """
    config = settings if isinstance(settings, Config) else Config(**settings)
    return {
        "d_optimizer": optimizer(config, "d"),
        "g_optimizer": optimizer(config, "g"),
        "loss": losses.LOSSES[config.loss](),
        "targets": targets.Targets(
            interval(config.real_target, "real_target"),
            interval(config.fake_target, "fake_target"),
            config.label_flip,
        ),
        "penalties": list(_penalties(config)),
        "d_inputs": list(_d_inputs(config)),
        "replay": Replay(config.replay_size, config.replay_rate) if config.replay_rate else None,
        "opponent": opponent(config),
        "schedule": schedule(config),
        "average": MovingAverage(config.average_decay),
        "top_k": top_k.TopK(config.top_k) if config.top_k else None,
        "separate_batches": config.separate_batches,
        "clip_norm": config.clip_norm or None,
        "d_constraint": WeightClip(config.clip_weights) if config.clip_weights else None,
        "xla": functional.uses_xla(config.xla),
        "loss_scaling": config.precision == "mixed_float16",
        "seed": config.seed,
    }


def optimizer(config: Config, side: str) -> keras.optimizers.Optimizer:
    """The optimizer of one player.

    Args:
        config: `Config`.
        side: "d" or "g".

    Raises:
        UsageError: unknown name; the message lists all.
    """
    name = getattr(config, f"{side}_optimizer")
    if name.lower() not in OPTIMIZERS:
        refuse(f"{side}_optimizer", name, "unknown optimizer", ", ".join(OPTIMIZERS))
    optimizer_class = OPTIMIZERS[name.lower()]
    parameters = inspect.signature(optimizer_class.__init__).parameters
    options = {"learning_rate": getattr(config, f"{side}_learning_rate")}
    for beta in ("beta_1", "beta_2"):
        if beta in parameters:
            options[beta] = getattr(config, f"{side}_{beta}")
    if side == "d" and config.d_weight_decay:
        # Muon has two: one for matrices, one for other weights.
        decays = [n for n in ("weight_decay", "adam_weight_decay") if n in parameters]
        options |= dict.fromkeys(decays, config.d_weight_decay)
    return optimizer_class(**options)


def prior(config: Config) -> priors.Prior:
    """The distribution of the latents."""
    if config.prior == "ornstein_uhlenbeck":
        return OrnsteinUhlenbeck(config.batch_size)
    return priors.PRIORS[config.prior]()


def schedule(config: Config):
    """The schedule: how many turns each player takes per step."""
    if config.threshold_loop:
        return schedules.ThresholdLoop(config.d_threshold, config.g_threshold, config.turn_bound)
    return schedules.FixedSchedule(config.d_turns, config.g_turns)


def opponent(config: Config) -> TargetNetworks | PastPlayers | None:
    """The opponent that a player trains against; None is the current other player."""
    if config.target_networks:
        return TargetNetworks(config.target_networks)
    if config.past_players:
        return PastPlayers(config.past_players, config.past_players_every, config.past_players_rate)
    return None


def stateless_penalties(settings: Mapping[str, Any]) -> Iterator[penalties.Penalty]:
    """The penalties without state that are on.

    Args:
        settings: mapping of all settings by flag name.
    """
    for name, penalty in penalties.PENALTIES.items():
        if not settings[name]:
            continue
        options = {"weight": settings[name], "interval": settings["penalty_interval"]}
        if issubclass(penalty, penalties.R1):
            options["finite_difference"] = settings["r1_finite_difference"]
        yield penalty(**options)


def _penalties(config):
    yield from stateless_penalties(vars(config))
    if config.lecam:
        yield penalties.LeCam(config.lecam)


def _d_inputs(config):
    """Augmentation first, so that noise is added to the images that D would see."""
    if config.augment:
        yield augment.DiffAugment(words(config.augment))
    if config.ada:
        yield augment.ADA(config.ada, config.batch_size / 500_000)
    if config.input_noise:
        yield InputNoise(
            schedules.Decay(
                config.input_noise_decay, config.input_noise, 0.0, config.input_noise_steps
            )
        )
