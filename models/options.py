"""The options of the models' networks: one field per option, named like its flag."""

import dataclasses
import difflib
import inspect
import numbers
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
        object.__setattr__(self, "image_shape", tuple(self.image_shape))
        classes = self.num_classes
        if classes is not None and not (isinstance(classes, numbers.Integral) and classes > 0):
            raise ValueError(f"num_classes={classes!r}; allowed: whole numbers from 1 on, or None")


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
