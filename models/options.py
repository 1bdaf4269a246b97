"""The options of the models' networks: one field per option, named like its flag."""

import dataclasses
import difflib
import inspect
from collections.abc import Iterable
from typing import ClassVar

from keras_gan.errors import UsageError
from keras_gan.model import arguments
from keras_gan.settings.config import Config


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

    # Constants, which the networks read, and no options here.
    num_classes: ClassVar[None] = None
    packing: ClassVar[int] = 1
    slicing: ClassVar[bool] = False
    normalization: ClassVar[str] = "none"
    self_modulation: ClassVar[bool] = False
    last_layer_init: ClassVar[float] = 0.0
    image_shape: tuple[int, ...] = (28, 28, 1)
    latent_dim: int = 128
    width: int = 64
    layer_noise: float = 0.0
    minibatch_stddev: bool = False

    def __post_init__(self):
        if isinstance(self.image_shape, Iterable) and not isinstance(self.image_shape, str):
            object.__setattr__(self, "image_shape", tuple(self.image_shape))
        check_values(self)


@dataclasses.dataclass(frozen=True, kw_only=True)
class NormalizedOptions(Options):
    """The options of networks with normalisation in G.

    Attributes:
        normalization: "batch", "instance", "layer" or "none", in G.
        self_modulation: whether z scales and shifts G's normalised maps (Chen et al., 2019).
        activation: "leaky_relu" or "relu", in G and D.
        dropout: rate in G, in training and in sampling; 0 is none.
        last_layer_init: bound of a uniform initialisation of both last layers; 0 is off (tip 8).
        sync_batch_norm: batch norm over all replicas.
    """

    normalization: str = "batch"
    self_modulation: bool = False
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


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClassOptions:
    """Those of models that may be conditional (`--conditional`), to be mixed in.

    It does not derive from `Options`, whose constants would hide the fields of other bases.

    Attributes:
        num_classes: number of classes of a conditional model; None is an unconditional one.
    """

    num_classes: int | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlainDiscriminator(ClassOptions):
    """Those of models whose D gives one answer per image and nothing else, to be mixed in.

    Attributes:
        packing: number of images that D sees as one input (PacGAN); 1 is off.
        slicing: the direction of D's last layer is trained apart (SAN).
    """

    packing: int = 1
    slicing: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlainDCGANOptions(PlainDiscriminator, DCGANOptions):
    """Those of DCGAN itself."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlainConvOptions(PlainDiscriminator, ConvOptions):
    """Those of DCGAN's networks without spectral norm."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlainNormalizedOptions(PlainDiscriminator, NormalizedOptions):
    """Those of networks with a normalisation in G."""


def names(options_class: type[Options]) -> list[str]:
    """Names of the options, in order."""
    return [field.name for field in dataclasses.fields(options_class)]


class UnknownOption(UsageError, TypeError):
    """An option that a model does not have; a `TypeError` as of any unknown argument."""


def check_values(options: Options) -> None:
    """Checks the values of a model's options: those that are flags as the command line does.

    Raises:
        UsageError: one is of a wrong kind or out of range.
    """
    declared = {f.name: f.metadata["flag"] for f in dataclasses.fields(Config)}
    for name, value in vars(options).items():
        if name == "image_shape":
            _check_shape(value)
        elif name == "num_classes" and value is not None:
            arguments.whole(name, value, 1, 10**6)
        elif name in declared:
            kind = declared[name]["kind"]
            if kind is int:
                arguments.whole(name, value, *_range(declared[name]))
            elif kind is float:
                arguments.number(name, value, *_range(declared[name]))
            elif kind is bool:
                arguments.one_of(name, value, True, False)
            else:
                arguments.one_of(name, value, *declared[name]["choices"])


def _range(declaration):
    low, high = declaration["low"], declaration["high"]
    return (-(10**6) if low is None else low, 10**9 if high is None else high)


def _check_shape(shape):
    allowed = "(height, width, channels), or (2,) for points"
    if not isinstance(shape, tuple) or len(shape) not in (1, 3):
        raise UsageError(f"image_shape={arguments.shown(shape)}; allowed: {allowed}")
    for side in shape:
        arguments.whole("image_shape", side, 1, 2**16)


def check_names(model: str, options_class: type[Options], options: dict) -> None:
    """Checks that a model has all options that are passed to it.

    Args:
        model: str, the model's name, for the message.
        options_class: the model's `Options`.
        options: dict, name → value.

    Raises:
        UnknownOption: the model has no such option; the message names the closest one.
    """
    allowed = [*names(options_class), "prior", "name"]
    for name, value in options.items():
        if name not in allowed:
            close = difflib.get_close_matches(name, allowed, n=1)
            hint = f", did you mean {close[0]}?" if close else ";"
            raise UnknownOption(
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
