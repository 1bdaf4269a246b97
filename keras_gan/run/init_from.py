"""Fine-tuning: a new model's weights from those of a trained one, as far as they fit."""

import dataclasses
import os
import pathlib

import numpy as np

from keras_gan.errors import UsageError
from keras_gan.gan import GAN
from keras_gan.layers.spectral import SpectralConv2D, SpectralDense
from keras_gan.run import stored_weights
from keras_gan.run.stored_weights import StoredWeights
from keras_gan.step import keras_private, network_state

NAMED = 6  # differences that the message names


def init_from(gan: GAN, path: str | os.PathLike) -> "Taken":
    """Gives a new model the weights of a trained one, to fine-tune it.

    Weights are taken where shapes agree: those of the generator and its average, of the
    discriminator and of any further network, batch statistics included. What depends on the number
    of classes keeps its new values if that number differs. Between one channel and three, the
    layers at the images are converted so that a grey image looks the same to both: G repeats its
    channel (or averages three), D weighs each by a third (or adds up the weights of three).
    Optimizers and the step are new.

    Args:
        gan: a model that is not compiled yet.
        path: what `stored_weights.read` reads: a run directory, an export, a hub folder, a
            `.keras` file.

    Returns:
        What was taken and what was not; `str` of it is the line that a run logs.

    Raises:
        UsageError: the model is compiled, the source is none, or its networks differ too much.
        StorageError: the source is damaged.

    Example:

    ```python
    gan = keras_gan.zoo.DCGAN()
    keras_gan.init_from(gan, "runs/pretrained")
    gan.compile()
    ```
    """
    if gan.compiled:
        raise UsageError(
            "init_from comes before compile, which makes optimizers and rules for the weights"
        )
    return take(gan, stored_weights.read(path))


@dataclasses.dataclass(frozen=True)
class Taken:
    """What a model has taken from stored weights.

    Attributes:
        source: str, where they are, and of which model.
        taken: names of the variables that were taken as they are.
        converted: names of those that were converted to another number of channels.
        missing: name → why it was not taken.
    """

    source: str
    taken: tuple[str, ...]
    converted: tuple[str, ...]
    missing: dict[str, str]

    def __str__(self):
        count = len(self.taken) + len(self.converted) + len(self.missing)
        text = f"starts from {self.source}: {len(self.taken)} of {count} variables taken"
        if self.converted:
            text += f", {len(self.converted)} converted ({_some(self.converted)})"
        if self.missing:
            listed = _some([f"{name} {why}" for name, why in self.missing.items()])
            text += f", {len(self.missing)} not taken: {listed}"
        return f"{text}; optimizers and step start anew"


def take(gan: GAN, stored: StoredWeights) -> Taken:
    """As `init_from`, from weights that have been read.

    Raises:
        UsageError: the networks differ in more than single shapes.
    """
    arrays = dict(stored.networks)
    arrays.setdefault("average_generator", arrays.get("generator", []))
    channels = (stored.image_shape[-1], gan.image_shape[-1])
    values, taken, converted, missing = [], [], [], {}
    for owner, network in stored_weights.named_networks(gan).items():
        variables = network_state.variables(network)
        _check_structure(gan, stored, owner, variables, arrays.get(owner, []))
        for variable, array in zip(variables, arrays[owner]):
            name, shape = f"{owner}/{_layer_and_weight(variable)}", tuple(variable.shape)
            new = array if array.shape == shape else convert(array, shape, channels, owner)
            if new is None:
                missing[name] = f"{list(array.shape)} (here {list(shape)})"
                continue
            (taken if new is array else converted).append(name)
            values.append((variable, new))
    for variable, value in values:
        variable.assign(value)
    _renew_singular_vectors(gan, {id(variable) for variable, _ in values})
    source = f"{stored.source} ({stored.model})"
    return Taken(source, tuple(taken), tuple(converted), missing)


def convert(
    array: np.ndarray, shape: tuple, channels: tuple[int, int], owner: str
) -> np.ndarray | None:
    """A weight of a layer at the images, for another number of channels.

    Args:
        array: the stored weight.
        shape: the shape that is needed.
        channels: numbers of channels, stored and needed.
        owner: name of the network.

    Returns:
        The weight, so that a grey image has equal channels; None where shapes differ otherwise.
    """
    differing = [axis for axis, sizes in enumerate(zip(array.shape, shape)) if sizes[0] != sizes[1]]
    if array.ndim != len(shape) or len(differing) != 1 or sorted(channels) != [1, 3]:
        return None
    axis = differing[0]
    if (array.shape[axis], shape[axis]) != channels:
        return None
    makes_images = owner.endswith("generator")
    if channels == (1, 3):
        return np.repeat(array, 3, axis) / (1 if makes_images else 3)
    return array.mean(axis, keepdims=True) * (1 if makes_images else 3)


def _renew_singular_vectors(gan, assigned):
    """Finds the singular vectors of kernels that were taken without theirs."""
    for network in gan.networks.values():
        for layer in keras_private.all_layers(network):
            if isinstance(layer, (SpectralConv2D, SpectralDense)):
                if not {id(layer.left), id(layer.right)} <= assigned:
                    layer.find_singular_vectors()


def _check_structure(gan, stored, owner, variables, arrays):
    """Refuses a source whose networks have other layers, or no shape in common."""
    ranks = [len(v.shape) for v in variables], [a.ndim for a in arrays]
    if not arrays:
        _refuse(gan, stored, f"it holds no {owner}")
    if ranks[0] != ranks[1]:
        counts = f"{len(arrays)} variables, here {len(variables)}"
        _refuse(gan, stored, f"its {owner} has other layers ({counts})")
    fits = sum(tuple(v.shape) == a.shape for v, a in zip(variables, arrays))
    if 2 * fits < len(variables):
        _refuse(gan, stored, f"only {fits} of the {len(variables)} variables of its {owner} fit")


def _refuse(gan, stored, what):
    before = f"a {stored.model} of {_x(stored.image_shape)} images"
    now = f"a {type(gan).__name__} of {_x(gan.image_shape)}"
    raise UsageError(
        f"{what}; it is {before}, and this is {now}",
        flag="init_from",
        value=stored.source,
        allowed="the same model with the same --width, --image_size, normalisation and the like;"
        " the numbers of classes and channels may differ",
    )


def _x(shape):
    return "x".join(map(str, shape))


def _layer_and_weight(variable):
    return "/".join(variable.path.split("/")[-2:])


def _some(names):
    more = f", … {len(names)} in all" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def check_source(path: str, run_dir: str | os.PathLike) -> None:
    """Refuses a run's own directory as the source of its weights.

    Raises:
        UsageError: the source is in the run's directory.
    """
    source, run = (pathlib.Path(p).expanduser().resolve() for p in (path, run_dir))
    if run == source or run in source.parents:
        raise UsageError(
            f"is this run's own --run_dir={run_dir}",
            flag="init_from",
            value=path,
            allowed="another run, or another --run_dir; starting a run again continues it anyway",
        )
