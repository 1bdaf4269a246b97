"""The options of the models' networks: one field per option, named like its flag."""

import dataclasses
import difflib
import inspect
from typing import ClassVar


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """The options of every model.

    Attributes:
        image_shape: (height, width, channels); sides multiples of 4, 28 to 256.
        latent_dim: dimensions of z.
        width: channels (or units) of the first hidden layer.
        layer_noise: σ of the Gaussian noise before each hidden activation of G; 0 is none.
        minibatch_stddev: whether D has minibatch standard deviation.
    """

    image_shape: tuple[int, ...] = (28, 28, 1)
    latent_dim: int = 128
    width: int = 64
    layer_noise: float = 0.0
    minibatch_stddev: bool = False

    def __post_init__(self):
        object.__setattr__(self, "image_shape", tuple(self.image_shape))


@dataclasses.dataclass(frozen=True, kw_only=True)
class NormalizedOptions(Options):
    """The options of networks with normalisation in G.

    Attributes:
        normalization: "batch", "instance", "layer" or "none", in G.
        activation: "leaky_relu" or "relu", in G and D.
        dropout: rate in G, in training and in sampling; 0 is none.
        last_layer_init: bound of a uniform initialisation of both last layers; 0 is off (tip 8).
        sync_batch_norm: batch norm over all replicas.
    """

    normalization: str = "batch"
    activation: str = "leaky_relu"
    dropout: float = 0.0
    last_layer_init: float = 0.0
    sync_batch_norm: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class ConvOptions(NormalizedOptions):
    """The options of DCGAN's networks without spectral norm in D.

    Attributes:
        d_normalization: as `normalization`, in D.
        upsampling: "transposed", "pixel_shuffle" or "nearest", in G.
        downsampling: "strided", "average" or "max", in D.
    """

    d_normalization: str = "batch"
    upsampling: str = "transposed"
    downsampling: str = "strided"
    spectral_norm: ClassVar[bool] = False  # not an option, but the networks read it


@dataclasses.dataclass(frozen=True, kw_only=True)
class DCGANOptions(ConvOptions):
    """The options of DCGAN's networks.

    Attributes:
        spectral_norm: whether D has spectral norm.
    """

    spectral_norm: bool = False


def names(options_class: type[Options]) -> list[str]:
    """Names of the options, in order."""
    return [field.name for field in dataclasses.fields(options_class)]


def check_names(model: str, options_class: type[Options], options: dict) -> None:
    """Checks that a model has all options that are passed to it.

    Args:
        model: str, the model's name, for the message.
        options_class: the model's `Options`.
        options: dict, name → value.

    Raises:
        TypeError: the model has no such option; the message names the closest one.
    """
    allowed = [*names(options_class), "prior", "name"]
    for name, value in options.items():
        if name not in allowed:
            close = difflib.get_close_matches(name, allowed, n=1)
            hint = f", did you mean {close[0]}?" if close else ";"
            raise TypeError(
                f"{name}={value!r}: {model} has no such option{hint} allowed: {', '.join(allowed)}"
            )


def signature(options_class: type[Options]) -> inspect.Signature:
    """The `inspect.Signature` of a model's constructor: its options, then `prior` and `name`."""
    parameters = inspect.signature(options_class).parameters.values()
    further = (
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None)
        for name in ("prior", "name")
    )
    return inspect.Signature([*parameters, *further])
