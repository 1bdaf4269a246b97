"""A model's arguments as configurations that Keras saves, and made objects again."""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
from absl import logging

from keras_gan.errors import UsageError
from keras_gan.layers.minibatch_stddev import MinibatchStddev
from keras_gan.model import arguments
from keras_gan.rules import penalties
from keras_gan.rules.by_name import FunctionInput, FunctionLoss, FunctionPenalty
from keras_gan.step import keras_private

ATTRIBUTES = {"loss": "loss_rule", "jit_compile": "xla"}  # where they have other names
MERGED = ("augment", "unknown")  # arguments that are found in others
KNOWN = (
    "d_optimizer, g_optimizer, loss, targets, penalties, d_inputs, augment, replay, opponent,"
    " schedule, average, top_k, separate_batches, clip_norm, d_constraint, freeze_d, accumulate,"
    " jit_compile, loss_scaling, seed, run_eagerly, steps_per_execution"
)


def check_compile(
    gan: Any,
    unknown: Iterable[str],
    optimizers: Sequence[Any],
    seed: Any,
    clip_norm: Any,
    steps_per_execution: Any,
) -> None:
    """Raises a `UsageError` if simple arguments of `GAN.compile` can't be what they are.

    Args:
        gan: the `GAN`.
        unknown: names of the arguments that `compile` does not have.
        optimizers: D's and G's, as they were given.
        seed, clip_norm, steps_per_execution: as they were given.
    """
    refuse_unknown(unknown)
    check_execution(gan, steps_per_execution)
    arguments.whole("seed", seed, high=arguments.LARGEST_SEED)
    if clip_norm is not None:
        arguments.number("clip_norm", clip_norm, 1e-12, 1e12)
    first, second = optimizers
    if first is second and isinstance(first, keras.optimizers.Optimizer):
        raise UsageError("d_optimizer and g_optimizer are one object; each needs its own")


def check_switches(separate_batches: Any, loss_scaling: Any, jit_compile: Any) -> None:
    """Raises a `UsageError` if a switch of `GAN.compile` is something else."""
    arguments.one_of("separate_batches", separate_batches, True, False)
    arguments.one_of("loss_scaling", loss_scaling, True, False, None)
    arguments.one_of("jit_compile", jit_compile, True, False, None, "auto")


def refuse_unknown(arguments: Iterable[str]) -> None:
    """Raises a `UsageError` if there are arguments that `GAN.compile` does not have."""
    for name in arguments:
        hint = "; two players have d_optimizer and g_optimizer" if name == "optimizer" else ""
        raise UsageError(f"compile has no {name}{hint}; it takes {KNOWN}")


def check_execution(gan: Any, steps_per_execution: int) -> None:
    """Raises a `UsageError` if several steps at once are asked of several replicas."""
    arguments.whole("steps_per_execution", steps_per_execution, 1)
    replicas = gan.distribute_strategy.num_replicas_in_sync
    if replicas > 1 and steps_per_execution != 1:
        raise UsageError(
            f"steps_per_execution={steps_per_execution}: Keras can't do that with {replicas}"
            " replicas; 1 works"
        )


def check_accumulation(gan: Any) -> None:
    """Refuses split batches for rules that use a whole batch; logs what batch norm makes of them.

    Args:
        gan: a `GAN` whose rules are set.

    Raises:
        UsageError: a rule uses statistics of the batch; the message names it.
    """
    if not isinstance(gan.accumulate, int) or gan.accumulate < 1:
        raise UsageError(
            "no number of parts", flag="accumulate", value=gan.accumulate, allowed="1 or more"
        )
    if gan.accumulate == 1:
        return
    layers = [x for n in gan.networks.values() for x in keras_private.all_layers(n)]
    whole = {
        "minibatch standard deviation": any(isinstance(x, MinibatchStddev) for x in layers),
        "DRAGAN": any(isinstance(penalty, penalties.Dragan) for penalty in gan.penalties),
        "top-k": gan.top_k is not None,
    }
    for name, used in whole.items():
        if used:
            raise UsageError(
                f"{name} uses statistics of the whole batch",
                flag="accumulate",
                value=gan.accumulate,
                allowed=f"1, or training without {name}",
            )
    if any(isinstance(layer, keras.layers.BatchNormalization) for layer in layers):
        logging.info(
            "accumulate=%d: batch norm normalises each part by itself, so the updates are not those"
            " of the whole batch",
            gan.accumulate,
        )


def compile_config(gan: Any, parameters: Mapping) -> dict:
    """What `compile` was given, serialised; empty if a function in it can't be saved.

    Args:
        gan: a compiled `GAN`.
        parameters: the parameters of `GAN.compile`, by name.
    """
    if not gan.compiled:
        return {}
    names = [name for name in parameters if name not in ("self", *MERGED)]
    values = {name: getattr(gan, ATTRIBUTES.get(name, name)) for name in names}
    for function in _functions(values):
        if keras.saving.get_registered_name(function) == getattr(function, "__name__", ""):
            logging.warning(
                "%s is saved with the weights only, not with compile's arguments: decorate it"
                " with @keras.saving.register_keras_serializable() to have them too",
                getattr(function, "__name__", function),
            )
            return {}
    return {name: keras.saving.serialize_keras_object(value) for name, value in values.items()}


def _functions(values: Mapping) -> list:
    rules = [values["loss"], *values["penalties"], *values["d_inputs"]]
    kinds = (FunctionLoss, FunctionPenalty, FunctionInput)
    return [rule.function for rule in rules if isinstance(rule, kinds)]


def restored(config: Mapping) -> dict:
    """The arguments of a configuration as objects."""
    return {n: keras.saving.deserialize_keras_object(value) for n, value in config.items()}


def model_config(gan: Any, parameters: Mapping) -> dict:
    """The constructor's arguments, serialised.

    A subclass that builds its own networks has no argument for them. Its other arguments are taken
    from attributes of their names, or as Keras has kept them; one that is neither is an error.

    Args:
        gan: a `GenerativeModel`.
        parameters: the parameters of `GenerativeModel.__init__`, by name.
    """
    named = ("self", "name", "args", "kwargs")
    own = inspect.signature(type(gan).__init__).parameters
    remaining = keras_private.constructor_arguments(gan)
    config = {"name": gan.name}
    if "generator" in own:
        sizes = dict(zip(("latent_dim", "image_shape"), gan._sizes))
        values = {name: getattr(gan, name) for name in ("generator", "discriminator", "prior")}
        values |= {name: value for name, value in sizes.items() if value is not None}
        if gan.num_classes is not None and not isinstance(
            getattr(type(gan), "num_classes", None), property
        ):
            values["num_classes"] = gan.num_classes
        takes_all = any(p.kind is p.VAR_KEYWORD for p in own.values())
        values = {n: v for n, v in values.items() if takes_all or n in own}
        config |= {n: keras.saving.serialize_keras_object(value) for n, value in values.items()}
    for name, parameter in own.items():
        variable = parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
        if name in (*named, *parameters) or variable:
            continue
        if not hasattr(gan, name) and name not in remaining:
            raise UsageError(
                f"{type(gan).__name__} can't be saved: its argument {name} is no attribute; keep it"
                f" as self.{name}, or write a get_config"
            )
        value = getattr(gan, name, remaining.get(name))
        config[name] = keras.saving.serialize_keras_object(value)
    return config
