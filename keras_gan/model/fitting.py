"""From the arguments of `fit` and `evaluate` to Keras' own, data adapted and checked."""

import contextlib
import functools
import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from keras_gan.data.adapters import DEFAULT_BATCH_SIZE, Adapter, Needs, Order
from keras_gan.data.source import Source
from keras_gan.data.user_batches import is_array, to_numpy
from keras_gan.errors import UsageError
from keras_gan.model import arguments as arguments_of
from keras_gan.model import callbacks as keras_callbacks
from keras_gan.model import networks


def parts(data: Any) -> tuple:
    """(images, labels) of what a step is given; labels are None where there are none."""
    return tuple(data) if isinstance(data, (tuple, list)) else (data, None)


def _of_known(method: str) -> Callable:
    """Makes an argument that a function does not have a `UsageError` that names the method."""

    def decorated(function: Callable) -> Callable:
        parameters = inspect.signature(function).parameters
        known = [name for name in parameters if name != "gan" and name[0] != "_"]

        @functools.wraps(function)
        def called(*args: Any, **options: Any) -> Any:
            for name in options.keys() - parameters.keys():
                raise UsageError(f"{method} has no {name}; it takes {', '.join(known)}")
            return function(*args, **options)

        return called

    return decorated


@_of_known("fit")
def of_fit(
    gan: Any,
    x: Any,
    y: Any = None,
    batch_size: int | None = None,
    epochs: int = 1,
    verbose: Any = "auto",
    callbacks: Any = None,
    validation_split: float = 0.0,
    validation_data: Any = None,
    shuffle: bool = True,
    class_weight: Any = None,
    sample_weight: Any = None,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    validation_batch_size: int | None = None,
    validation_freq: Any = 1,
    pixel_range: Any = None,
) -> tuple[dict, Any]:
    """The arguments of `keras.Model.fit`, and the context it has to run in.

    Args:
        gan: a `GAN`.
        x, y, …: as `GAN.fit` documents them.

    Raises:
        UsageError: something does not fit.
    """
    _check(gan, "fit", x)
    _check_counts(
        {
            "batch_size": batch_size,
            "epochs": epochs,
            "steps_per_epoch": steps_per_epoch,
            "validation_steps": validation_steps,
            "validation_batch_size": validation_batch_size,
        }
    )
    _check_verbose(verbose)
    arguments_of.one_of("shuffle", shuffle, True, False)
    arguments_of.whole("initial_epoch", initial_epoch)
    validation_split = arguments_of.number("validation_split", validation_split, 0.0, 1.0)
    if isinstance(validation_freq, (int, float, str)):
        arguments_of.whole("validation_freq", validation_freq, 1)
    if class_weight is not None or sample_weight is not None:
        raise UsageError("class_weight and sample_weight have no meaning for a GAN; leave them out")
    if validation_split:
        (x, y), validation_data = _split(x, y, validation_split, validation_data)
    strategy, show = gan.distribute_strategy, verbose not in (0, None)
    adapter = Adapter(_training_needs(gan), strategy, pixel_range, show)
    adapter.adapt(x, y, batch_size, _order(gan, shuffle), steps_per_epoch)
    arguments = {
        "x": adapter.data,
        "epochs": epochs,
        "verbose": verbose,
        "callbacks": keras_callbacks.checked(gan, callbacks),
        "shuffle": False,  # the data come in their order
        "initial_epoch": initial_epoch,
        "steps_per_epoch": adapter.steps,
    }
    _trace_anew(gan, "train_function", adapter.data)
    reading = contextlib.ExitStack()
    reading.enter_context(_reading_to_the_end(steps_per_epoch))
    reading.enter_context(adapter.reading())
    if validation_data is not None:
        val_x, val_y = _unpacked(validation_data)
        size = validation_batch_size or batch_size
        held_out = Adapter(_needs(gan), strategy, pixel_range, show, like=adapter.pixel_range)
        _adapt_held_out(held_out, val_x, val_y, size, validation_steps)
        _trace_anew(gan, "test_function", held_out.data)
        reading.enter_context(held_out.reading())
        arguments |= {
            "validation_data": held_out.data,
            "validation_steps": held_out.steps,
            "validation_freq": validation_freq,
        }
    return arguments, reading


@_of_known("evaluate")
def of_evaluate(
    gan: Any,
    x: Any,
    y: Any = None,
    batch_size: int | None = None,
    verbose: Any = "auto",
    sample_weight: Any = None,
    steps: int | None = None,
    callbacks: Any = None,
    return_dict: bool = False,
    pixel_range: Any = None,
    _use_cached_eval_dataset: bool = False,
) -> tuple[dict, Any]:
    """The arguments of `keras.Model.evaluate`, and the context it has to run in.

    Args:
        gan: a `GAN`.
        x, y, …: as `GAN.evaluate` documents them.

    Raises:
        UsageError: something does not fit.
    """
    options = {"verbose": verbose, "callbacks": callbacks, "return_dict": return_dict}
    if _use_cached_eval_dataset:  # from Keras' own `fit`, with data that are adapted already
        options |= {"x": x, "steps": steps, "_use_cached_eval_dataset": True}
        return options, contextlib.nullcontext()
    _check(gan, "evaluate", x)
    _check_counts({"batch_size": batch_size, "steps": steps})
    _check_verbose(verbose)
    if sample_weight is not None:
        raise UsageError("sample_weight has no meaning for a GAN; leave it out")
    adapter = Adapter(_needs(gan), gan.distribute_strategy, pixel_range, verbose not in (0, None))
    _check_counts({"batch_size": batch_size, "steps": steps})
    _adapt_held_out(adapter, x, y, batch_size, steps)
    _trace_anew(gan, "test_function", adapter.data)
    reading = contextlib.ExitStack()
    reading.enter_context(_reading_to_the_end(steps))
    reading.enter_context(adapter.reading())
    return {**options, "x": adapter.data, "steps": adapter.steps}, reading


@contextlib.contextmanager
def _reading_to_the_end(steps: Any) -> Iterator[None]:
    """Inside, Keras does not warn of the end of a data set that nobody has said to be longer."""
    with warnings.catch_warnings():
        if steps is None:
            warnings.filterwarnings("ignore", message="Your input ran out of data")
        yield


def _check(gan: Any, method: str, x: Any) -> None:
    if not gan.compiled:
        raise UsageError(f"the model is not compiled: call compile() before {method}()")
    if x is None:
        raise UsageError(f"{method} needs images: {method}(x)")
    networks.check_scope(gan.variables, gan.distribute_strategy)


def _check_verbose(verbose: Any) -> None:
    if not isinstance(verbose, (int, str, type(None))) or verbose not in ("auto", 0, 1, 2, None):
        arguments_of.one_of("verbose", verbose, "auto", 0, 1, 2)


def _check_counts(counts: Mapping[str, Any]) -> None:
    for name, value in counts.items():
        if value is not None:
            arguments_of.whole(name, value, 1)


def _trace_anew(gan: Any, function: str, data: Any) -> None:
    """Drops Keras' function of a step if it was traced for other shapes.

    It would be traced for any shape then, and a step has to know its number of images.
    """
    traced, spec = gan.traced_for, str(data.element_spec)
    if traced.get(function) not in (None, spec):
        setattr(gan, function, None)
    traced[function] = spec


def _needs(gan: Any) -> Needs:
    labels = gan.conditional or gan.discriminator_takes_labels or gan.num_classes is not None
    return Needs(gan.image_shape, labels, gan.num_classes)


def _training_needs(gan: Any) -> Needs:
    return _needs(gan)._replace(turns=gan.schedule.d_turns, accumulate=gan.accumulate)


def _order(gan: Any, shuffle: Any) -> Order:
    def counter(name: str) -> Callable[[], int]:
        return lambda: int(getattr(gan, name).numpy())

    return Order(gan.seed, counter("attempt"), counter("step"), bool(shuffle))


def _unpacked(validation_data: Any) -> tuple:
    """(x, y) of validation data."""
    if isinstance(validation_data, (tuple, list)):
        if len(validation_data) not in (1, 2):
            raise UsageError(
                f"validation_data has {len(validation_data)} parts; x or (x, y) is needed"
            )
        return (*validation_data, None)[:2]
    return validation_data, None


def _adapt_held_out(
    adapter: Adapter, x: Any, y: Any, batch_size: int | None, steps: int | None
) -> None:
    """Adapts images to be evaluated on, of which as many as possible are used."""
    if isinstance(x, Source) or (is_array(x) and np.ndim(x)):
        count, size = len(x), batch_size or DEFAULT_BATCH_SIZE
        batch_size = _even_batch_size(count, size, adapter.replicas)
    # Each evaluation is of the same images, in their order.
    adapter.adapt(x, y, batch_size, Order(shuffle=False), steps)


def _even_batch_size(count: int, largest: int, replicas: int) -> int:
    """The batch size, at most `largest`, that leaves the fewest of `count` images out."""
    multiples = range(replicas * 2, max(largest, 2 * replicas) + 1, replicas)
    fitting = [size for size in multiples if size <= count and size >= largest // 2]
    return min(reversed(fitting), key=lambda size: count % size, default=2 * replicas)


def _split(x: Any, y: Any, share: float, validation_data: Any) -> tuple[tuple, tuple]:
    """Arrays as those to train on and those to validate on, the last ones, as Keras does."""
    if validation_data is not None:
        raise UsageError("validation_split and validation_data are both given; one is needed")
    if not is_array(x):
        raise UsageError(
            f"validation_split={share} needs an array; give validation_data with a"
            f" {type(x).__name__}"
        )
    if not 0.0 < share < 1.0:
        raise UsageError(f"validation_split={share}: a share between 0 and 1 is needed")
    x, y = np.atleast_1d(to_numpy(x)), None if y is None else np.atleast_1d(to_numpy(y))
    first = len(x) - int(len(x) * share)
    if y is None:
        return (x[:first], None), (x[first:],)
    return (x[:first], y[:first]), (x[first:], y[first:])
