"""How much memory a training needs at the least, before anything is allocated."""

import math
import os

from keras_gan.errors import refuse
from keras_gan.step import keras_private

NUMBER = 4  # bytes of a float32
# Settings up to these never exceed a machine that runs TensorFlow; their models aren't built twice.
ORDINARY = {"width": 128, "latent_dim": 1024, "batch_size": 256, "replay_size": 10_000}
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


def available() -> int | None:
    """The bytes of memory of this machine or of its container, or None if they are unknown."""
    try:
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return None
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            with open(path) as file:
                found = min(found, int(file.read()))
        except (OSError, ValueError):  # no container, or "max"
            continue
    return found


def _outputs(layer):
    """How many numbers a layer gives for each image."""
    shape = keras_private.output_shape(layer)
    return math.prod(side or 1 for side in shape[1:]) if shape else 0
