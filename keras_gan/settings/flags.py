"""Flags from the fields of a dataclass: one declaration gives the flag, its help and its check.

absl parses, in a parser of our own: a wrong flag is a `UsageError` in one line. What
a value means by itself is settled here; `resolve` sees to what depends on the model and the run.
"""

import dataclasses
import difflib
import textwrap

from absl import flags

from keras_gan.choices import LARGEST_SIDE, SIDE_STEP, SMALLEST_SIDE, nearest_size
from keras_gan.errors import UsageError, refuse


def flag(
    default,
    help,
    *,
    group,
    choices=None,
    low=None,
    high=None,
    read=None,
    may_change=False,
    kind=None,
):
    """A field of the config that is a flag too.

    Args:
        default: its value when neither the command line nor the model sets it. A field whose
            engine-wide default is `None` stays None.
        help: what it does, units included.
        group: heading in `--help`.
        choices: allowed words.
        low, high: allowed range, ends included.
        read: function (text, name of the flag) → its value, which raises a `UsageError`, if the
            text has a form of its own.
        may_change: whether a run that goes on may be given another value.
        kind: type, if it can't be told from the default: int, float, str, bool.
    """
    metadata = dict(
        help=help,
        group=group,
        choices=choices,
        low=low,
        high=high,
        read=read,
        may_change=may_change,
        kind=kind or type(default),
    )
    return dataclasses.field(default=default, metadata={"flag": metadata})


def parse(config_class, argv):
    """Parses a command line.

    Args:
        config_class: a dataclass whose fields are made by `flag`.
        argv: program name, then flags; `--flagfile` may be nested, the last one wins.

    Returns:
        The values that were given, by name; None if help was asked for.

    Raises:
        UsageError: unknown flag, a positional argument, or a value that is not allowed, whatever
            the others are.
    """
    values = flags.FlagValues()
    for field in dataclasses.fields(config_class):
        about = field.metadata["flag"]
        define = {
            bool: flags.DEFINE_boolean,
            int: flags.DEFINE_integer,
            float: flags.DEFINE_float,
            str: flags.DEFINE_string,
            tuple: flags.DEFINE_multi_string,
        }[about["kind"]]
        define(field.name, None, about["help"], flag_values=values)
    for name in ("help", "helpfull"):
        flags.DEFINE_boolean(name, False, "shows this page", flag_values=values)
    try:
        rest = values(list(argv))
    except flags.UnrecognizedFlagError as error:
        known = [field.name for field in dataclasses.fields(config_class)]
        close = difflib.get_close_matches(error.flagname, known, n=3)
        hint = f"did you mean {', '.join('--' + c for c in close)}?" if close else "see --help"
        raise UsageError(f"--{error.flagname}: unknown flag; {hint}") from None
    except flags.CantOpenFlagFileError as error:
        raise UsageError(f"--flagfile: {str(error).rpartition('] ')[2]}") from None
    except flags.IllegalFlagValueError as error:
        raise UsageError(" ".join(str(error).split())) from None
    except flags.Error as error:
        raise UsageError(" ".join(str(error).split())) from None
    if len(rest) > 1:
        raise UsageError(f"{rest[1]}: not a flag; write --name=value")
    if values["help"].value or values["helpfull"].value:
        return None
    given = {
        field.name: tuple(values[field.name].value)
        if field.metadata["flag"]["kind"] is tuple
        else values[field.name].value
        for field in dataclasses.fields(config_class)
        if values[field.name].present
    }
    check(config_class, given)
    return given


def check(config_class, given):
    """Raises a `UsageError` unless each value, by flag name, is allowed."""
    for field in dataclasses.fields(config_class):
        if given.get(field.name) is not None:
            _check_value(field.name, given[field.name], field.metadata["flag"])


def _check_value(name, value, about):
    choices, low, high = about["choices"], about["low"], about["high"]
    if choices is not None and value not in choices:
        refuse(name, value, "unknown value", ", ".join(map(str, choices)))
    if about["read"] is not None:
        about["read"](value, name)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        too_low = low is not None and not value >= low
        too_high = high is not None and not value <= high
        if too_low or too_high or value != value:
            if low is not None and high is not None:
                allowed = f"{low} to {high}"
            else:
                allowed = f"at least {low}" if high is None else f"at most {high}"
            refuse(name, value, "out of range", allowed)


# The forms that texts have --------------------------------------------------------------------


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


def image_size(text, name="image_size"):
    """A size: "64" → (64, 64), "48x32" → (48, 32), height first; "" → None."""
    if not text:
        return None
    try:
        sides = [int(part) for part in text.lower().split("x")]
        if len(sides) > 2:
            raise ValueError
    except ValueError:
        raise UsageError(
            "not a size", flag=name, value=text, allowed="N or HxW, e.g. 48x32"
        ) from None
    size = sides[0], sides[-1]
    nearest = nearest_size(*size)
    if size != nearest:
        refuse(
            name,
            text,
            f"sides must be multiples of {SIDE_STEP}; the nearest is {nearest[0]}x{nearest[1]}",
            f"{SMALLEST_SIDE} to {LARGEST_SIDE}",
        )
    return size


def words(text):
    """The parts of a comma-separated flag."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def words_of(*allowed):
    """What reads a comma-separated flag whose words are these."""

    def read(text, name):
        if not set(words(text)) <= set(allowed):
            refuse(name, text, "unknown word", ", ".join(allowed) + ", separated by commas")
        return words(text)

    return read


def help_text(config_class, usage):
    """The page that `--help` shows: flags by group, with default and what is allowed."""
    lines = [usage, ""]
    groups = {}
    for field in dataclasses.fields(config_class):
        groups.setdefault(field.metadata["flag"]["group"], []).append(field)
    for group, fields in groups.items():
        lines += [f"{group}:"]
        for field in fields:
            about = field.metadata["flag"]
            notes = []
            if about["choices"] is not None:
                notes.append("one of " + ", ".join(str(c) for c in about["choices"]))
            if field.default not in (None, "", ()):
                notes.append(f"default {field.default}")
            text = about["help"] + (f" ({'; '.join(notes)})" if notes else "")
            lines.append(f"  --{field.name}")
            lines += textwrap.wrap(text, 92, initial_indent="      ", subsequent_indent="      ")
        lines.append("")
    return "\n".join(lines)


def as_flags(config):
    """A config as the lines of a flagfile, in the fields' order; None is left out."""
    lines = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if value is None:
            continue
        if isinstance(value, tuple):
            lines += [f"--{field.name}={part}" for part in value]
            continue
        if isinstance(value, bool):
            value = str(value).lower()
        lines.append(f"--{field.name}={value}")
    return "\n".join(lines) + "\n"
