"""From a config to the arguments of `GAN.compile`."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from keras_gan.errors import refuse
from keras_gan.rules import augment, by_name, penalties, schedules, targets, top_k
from keras_gan.rules.ema import MovingAverage
from keras_gan.rules.input_noise import InputNoise
from keras_gan.rules.opponents import PastPlayers, TargetNetworks
from keras_gan.rules.power_averages import PowerAverages
from keras_gan.rules.priors import OrnsteinUhlenbeck, Prior
from keras_gan.rules.replay import Replay
from keras_gan.rules.weight_clip import WeightClip
from keras_gan.settings.config import Config
from keras_gan.settings.flags import interval, lengths, words
from keras_gan.step import functional

OPTIMIZERS = by_name.OPTIMIZERS

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
        "loss": by_name.loss(config.loss),
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
        "average": average(config),
        "top_k": top_k.TopK(config.top_k) if config.top_k else None,
        "separate_batches": config.separate_batches,
        "clip_norm": config.clip_norm or None,
        "d_constraint": WeightClip(config.clip_weights) if config.clip_weights else None,
        "freeze_d": config.freeze_d,
        "accumulate": config.accumulate,
        "d_learning_rate_schedule": learning_rate_schedule(config, "d"),
        "g_learning_rate_schedule": learning_rate_schedule(config, "g"),
        "d_beta_2_schedule": beta_2_schedule(config, "d"),
        "g_beta_2_schedule": beta_2_schedule(config, "g"),
        "jit_compile": functional.uses_xla(config.xla),
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
    return by_name.optimizer(
        name,
        side,
        getattr(config, f"{side}_learning_rate"),
        beta_1=getattr(config, f"{side}_beta_1"),
        beta_2=getattr(config, f"{side}_beta_2"),
        weight_decay=config.d_weight_decay if side == "d" else 0.0,
    )


def learning_rate_schedule(config: Config, side: str) -> schedules.Schedule | None:
    """The `Schedule` of a factor of "d"'s or "g"'s learning rate; None where it is constant.

    Without a horizon (`schedule_steps` None, as in Python) it is constant too.
    """
    kind = getattr(config, f"{side}_learning_rate_schedule")
    if config.schedule_steps is None or (kind == "constant" and not config.warmup_steps):
        return None
    start, end = (getattr(config, f"{side}_learning_rate{at}") for at in ("", "_end"))
    share = end / start if start else 0.0
    return schedules.Schedule(kind, 1.0, share, config.schedule_steps, config.warmup_steps)


def quantity(settings: Mapping, name: str) -> float | schedules.Schedule:
    """A setting's value, or the `Schedule` to its end value if it has one.

    Args:
        settings: values by flag name; there are the flags `name` and `name` + "_end".
        name: str, name of a flag.
    """
    start, end = settings[name], settings[f"{name}_end"]
    if end is None or settings["schedule_steps"] is None:
        return start
    return schedules.Schedule(settings["schedule"], start, end, settings["schedule_steps"])


def beta_2_schedule(config: Config, side: str) -> schedules.Schedule | None:
    """The `Schedule` of "d"'s or "g"'s β2; None where it is constant, or the optimizer has none."""
    value = quantity(vars(config), f"{side}_beta_2")
    has_one = hasattr(optimizer(config, side), "beta_2")
    return value if has_one and isinstance(value, schedules.Schedule) else None


def average(config: Config) -> MovingAverage | PowerAverages:
    """The moving average of the generator's weights."""
    if config.average_lengths:
        return PowerAverages(lengths(config.average_lengths))
    if not (config.average_half_life or config.average_half_life_end):
        return by_name.average(config.average_decay)
    half_life = quantity(vars(config), "average_half_life") or None
    return MovingAverage(config.average_decay, half_life=half_life, batch_size=config.batch_size)


def prior(config: Config) -> Prior | OrnsteinUhlenbeck:
    """The distribution of the latents."""
    if config.prior == "ornstein_uhlenbeck":
        return OrnsteinUhlenbeck(config.batch_size)
    return by_name.prior(config.prior)


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
            options["weight"] = quantity(settings, name)
            options["finite_difference"] = settings["r1_finite_difference"]
        yield penalty(**options)


def _penalties(config):
    yield from stateless_penalties(vars(config))
    if config.lecam:
        yield penalties.LeCam(config.lecam)


def _d_inputs(config):
    """Augmentation first, so that noise is added to the images that D would see."""
    if config.augment:
        rate = quantity(vars(config), "augment_rate")
        yield augment.DiffAugment(words(config.augment), rate)
    if config.ada:
        yield augment.ADA(config.ada, config.batch_size / 500_000)
    if config.input_noise:
        yield InputNoise(
            schedules.Schedule(
                config.input_noise_decay, config.input_noise, 0.0, config.input_noise_steps
            )
        )
