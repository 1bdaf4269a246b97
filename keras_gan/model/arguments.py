"""Checks of arguments from Python: numbers of the right kind, in their range."""

import math
import operator
from typing import Any

import numpy as np

from keras_gan.errors import UsageError

LARGEST = 2**31 - 1  # of a number of samples, steps or epochs
LARGEST_SEED = 2**32 - 1


def whole(name: str, value: Any, low: int = 0, high: int = LARGEST) -> int:
    """A whole number.

    Args:
        name: of the argument, for the message.
        value: what was given, an int or what stands for one, such as a NumPy integer.
        low, high: int, the range that is allowed.

    Raises:
        UsageError: it is none, or out of range.
    """
    try:
        number = operator.index(value)
    except (TypeError, ValueError):
        number = None
    if number is None or isinstance(value, bool) or not low <= number <= high:
        raise UsageError(f"{name}={shown(value)}; allowed: a whole number, {low} to {high}")
    return number


def number(name: str, value: Any, low: float, high: float) -> float:
    """A finite number in [low, high]; arguments and errors as of `whole`."""
    try:
        result = math.nan if isinstance(value, (bool, str, bytes)) else float(value)
    except (TypeError, ValueError, OverflowError):
        result = math.nan
    if not low <= result <= high:
        raise UsageError(f"{name}={shown(value)}; allowed: a number, {low:g} to {high:g}")
    return result


def one_of(name: str, value: Any, *allowed: Any) -> Any:
    """One of a few values, such as True and False."""
    value = value.item() if isinstance(value, np.generic) else value
    if not any(type(value) is type(item) and value == item for item in allowed):
        words = ", ".join(map(repr, allowed))
        raise UsageError(f"{name}={shown(value)}; allowed: {words}")
    return value


def keras_name(value: Any) -> None:
    """Checks the name of a Keras model: a string without a slash, or None."""
    if value is not None and (not isinstance(value, str) or not value or "/" in value):
        raise UsageError(f"name={shown(value)}; allowed: a name without /, or None")


def shown(value: Any) -> str:
    """A value in a message: short, in one line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"a {type(value).__name__}"
