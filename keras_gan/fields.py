"""How a setting is declared, and what its text means; no parser is needed for either."""

import dataclasses

from keras_gan.errors import UsageError


def flag(default, help, *, group, choices=None, low=None, high=None, may_change=False, kind=None):
    """A field of the config that is a flag too.

    Args:
        default: its value when neither the command line nor the model sets it. A field whose
            engine-wide default is `None` stays None.
        help: what it does, units included.
        group: heading in `--help`.
        choices: allowed words.
        low, high: allowed range, ends included.
        may_change: whether a run that goes on may be given another value.
        kind: type, if it can't be told from the default: int, float, str, bool.
    """
    metadata = dict(
        help=help,
        group=group,
        choices=choices,
        low=low,
        high=high,
        may_change=may_change,
        kind=kind or type(default),
    )
    return dataclasses.field(default=default, metadata={"flag": metadata})


def interval(text, name):
    """A target: "0.9" → (0.9, 0.9), "0.7,1.2" → (0.7, 1.2)."""
    try:
        numbers = [float(part) for part in str(text).split(",")]
        low, high = numbers[0], numbers[-1]
        if len(numbers) > 2 or not -10 <= low <= high <= 10:
            raise ValueError
    except ValueError:
        raise UsageError(
            "not a target", flag=name, value=text, allowed="a number or LOW,HIGH, -10 to 10"
        ) from None
    return low, high


def words(text):
    """The parts of a comma-separated flag."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
