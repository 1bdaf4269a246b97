"""How much memory a training needs: at the least, before anything is allocated, and as expected."""

import dataclasses
import math
import os

from keras_gan.errors import refuse
from keras_gan.step import keras_private

NUMBER = 4  # bytes of a float32
# Settings up to these never exceed a machine that runs TensorFlow; their models aren't built twice.
ORDINARY = {"width": 128, "latent_dim": 1024, "batch_size": 256, "replay_size": 10_000}
RESHAPE = ("InputLayer", "Reshape", "Flatten", "PerSample")  # layers that copy nothing
# Fitted to what benchmarks/memory.py measures, the twelve models at their default sizes above all:
KEPT_G, KEPT_D = 1.6, 0.52  # of what the layers give: kept in G, and in D per turn
SECOND_ORDER = 2.2  # what penalties on D's gradient keep in addition, as a multiple
UPDATES = 4.0  # copies of trained weights during an update
PASS = 165_000  # bytes of a layer's pass: its traced operations, and what their kernels work with
COPIES = 4  # of a trained weight: itself, its gradient, two slots of the optimizer


def check(config, model_class, options: dict, replicas: int = 1) -> None:
    """Refuses settings that need more memory than this machine has.

    The estimate is a lower bound, for the devices' memory together: weights, gradients, slots,
    copies of the weights, one value for each output of each layer, and the replay buffer.

    Args:
        config: the run's `Config`.
        model_class: class of its model.
        options: the options of the model's networks, by name.
        replicas: int, number of replicas. Defaults to 1.

    Raises:
        UsageError: the message names the setting that weighs most.
    """
    beyond = {name: getattr(config, name) / most for name, most in ORDINARY.items()}
    if max(beyond.values()) <= 1 and not config.past_players:
        return
    needed, there = estimate(config, model_class, options, replicas), available()
    if there is not None and needed > there:
        name = max(beyond, key=beyond.get)
        refuse(
            name,
            getattr(config, name),
            f"training needs {needed:,} bytes of memory at least, and here are {there:,}",
            "a smaller value",
        )


def estimate(config, model_class, options: dict, replicas: int = 1) -> int:
    """A lower bound of the memory of a training in bytes; the arguments are those of `check`."""
    made = model_class.Options(**options)
    weights = outputs = average = 0
    with keras_private.shapes_only():
        for build in (model_class.build_generator, model_class.build_discriminator):
            network = build(made)
            count = sum(math.prod(v.shape) for v in network.variables)
            average = average or count  # of the generator, which comes first
            weights += count
            outputs += sum(map(_outputs, keras_private.all_layers(network)))
    copies = COPIES + config.past_players + (1 if config.target_networks else 0)
    total = replicas * (copies * weights + average) + config.batch_size * outputs
    if config.replay_rate:
        total += replicas * config.replay_size * math.prod(options["image_shape"])
    return NUMBER * total


@dataclasses.dataclass(frozen=True)
class Expected:
    """The memory that a training is expected to need in addition to TensorFlow itself, in bytes.

    Attributes:
        weights: of all networks, and their gradients.
        slots: of the optimizers.
        averages: the averaged generator, and what rules keep: target networks, past players, a
            replay buffer.
        activations: what the passes of one turn keep for its backward pass.
        data: images held in memory.
        updates: what the optimizers' updates hold while old and new weights are both in use.
        functions: the traced step, and what its kernels work with.
    """

    weights: int
    slots: int
    averages: int
    activations: int
    data: int
    updates: int
    functions: int

    @property
    def total(self) -> int:
        return sum(dataclasses.astuple(self))

    def __str__(self):
        parts = dataclasses.asdict(self)
        listed = ", ".join(f"{name} {_mb(size)}" for name, size in parts.items() if size >= 5e5)
        detail = f" ({listed})" if listed else ""
        return f"memory: about {_mb(self.total)} MB in addition to TensorFlow's own{detail}"


def expect(gan, batch_size: int, data: int = 0) -> Expected:
    """The memory that training a model is expected to need; benchmarks/memory.py compares it.

    Args:
        gan: a compiled `GAN`.
        batch_size: int, images per turn, over all replicas.
        data: int, bytes of the images held in memory. Defaults to 0.
    """
    replicas = gan.distribute_strategy.num_replicas_in_sync
    owned = {name: _bytes(variables) for name, variables in gan.state().items()}
    weights = sum(owned[name] for name in gan.networks)
    trained = sum(_bytes(network.trainable_variables) for network in gan.networks.values())
    slots = sum(owned[f"{name}'s optimizer"] for name in gan.players)
    averages = owned["average_generator"] + owned["rules"] + owned["recorder"]
    layers = {
        name: [layer for layer in keras_private.all_layers(network) if _copies(layer)]
        for name, network in gan.networks.items()
    }
    kept_d = KEPT_D * gan.schedule.d_turns * (1.0 + SECOND_ORDER * _second_order(gan))
    per_image = sum(
        sum(map(_outputs, layers[name])) * (kept_d if name in gan.discriminators else KEPT_G)
        for name in layers
    )
    return Expected(
        replicas * (weights + trained),
        replicas * slots,
        replicas * averages,
        round(NUMBER * per_image * batch_size / gan.accumulate),
        data,
        round(replicas * UPDATES * trained),
        PASS * _layer_passes(gan, {name: len(listed) for name, listed in layers.items()}),
    )


def _second_order(gan):
    return any(getattr(penalty, "second_order", False) for penalty in gan.penalties)


def _layer_passes(gan, count):
    """The layers' passes of a step, which is traced as a whole: forward, and back as two."""
    d = sum(count[name] for name in gan.discriminators)
    g = sum(count.values()) - d
    of_d = g + 6 * d + 7 * d * _second_order(gan)
    return gan.schedule.d_turns * of_d + gan.schedule.g_turns * (3 * g + 2 * d)


def _copies(layer):
    """Whether a layer gives new numbers, rather than others of another shape."""
    return type(layer).__name__ not in RESHAPE


def _bytes(variables):
    return sum(math.prod(v.shape) * NUMBER for v in variables)


def _mb(size):
    return f"{size / 1e6:.0f}"


def available() -> int | None:
    """The bytes of memory of this machine or of its container, or None if they are unknown."""
    try:
        results = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return None
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            with open(path) as file:
                results = min(results, int(file.read()))
        except (OSError, ValueError):  # no container, or "max"
            continue
    return results


def _outputs(layer):
    """How many numbers a layer gives for each image."""
    shape = keras_private.output_shape(layer)
    return math.prod(side or 1 for side in shape[1:]) if shape else 0
