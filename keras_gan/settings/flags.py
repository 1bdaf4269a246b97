"""Flags from the fields of a dataclass: one declaration gives the flag, its help and its check.

Uses absl's flag syntax (flagfiles included) in a private `FlagValues`, so that errors become
one-line `UsageError`s. Each value is checked by itself here; `resolve` checks what depends on the
model and the run.
"""

import dataclasses
import difflib
import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from absl import flags

from keras_gan.choices import (
    LARGEST_SIDE,
    LONGEST_AVERAGE,
    SIDE_STEP,
    SMALLEST_SIDE,
    nearest_size,
)
from keras_gan.errors import UsageError, refuse
from keras_gan.settings import flagfiles

LARGEST_WHOLE = 10**9  # of a whole number without another bound
LARGEST_NUMBER = 1e6  # of any other: no weight or bound of a method is near it
USUAL = {  # what flags are called elsewhere
    "lr": ("d_learning_rate", "g_learning_rate"),
    "learning_rate": ("d_learning_rate", "g_learning_rate"),
    "optimizer": ("d_optimizer", "g_optimizer"),
    "epochs": ("steps",),
    "output": ("run_dir",),
    "data": ("dataset",),
}
KINDS = {
    int: ("a whole number", "digits, such as 64"),
    float: ("a number", "such as 0.5 or 2e-4"),
    bool: ("true or false", "true, false"),
}


class HelpRequested(Exception):
    """The command line asks for help.

    Attributes:
        full: whether all flags are asked for (`--helpfull`), not only the common ones.
    """

    def __init__(self, full: bool):
        super().__init__("--helpfull" if full else "--help")
        self.full = full


class RecipesRequested(Exception):
    """The command line asks for the list of recipes, by `--recipes`."""


class _Flags(flags.FlagValues):
    """Flags whose flagfiles may be named as recipes, nested ones too."""

    def _get_flag_file_lines(self, filename, parsed_file_stack=None):
        return super()._get_flag_file_lines(flagfiles.find(filename), parsed_file_stack)


def flag(
    default: Any,
    help: str,
    *,
    group: str,
    choices: Sequence | None = None,
    low: float | None = None,
    high: float | None = None,
    read: Callable[[str, str], Any] | None = None,
    may_change: bool = False,
    kind: type | None = None,
    common: bool = False,
) -> Any:
    """A field of the config that is also a flag.

    Args:
        default: value when neither the command line nor the model sets it; None if the flag has
            no default.
        help: str, what it does, units included.
        group: str, its heading in the help.
        choices: allowed values. Defaults to any.
        low: smallest allowed number. Defaults to no bound.
        high: largest allowed number. Defaults to no bound.
        read: function (text, flag name) → value that raises a `UsageError`, for texts in a format
            of their own.
        may_change: bool, whether a run that is continued accepts another value. Defaults to False.
        kind: int, float, str or bool. Defaults to the default's type.
        common: bool, whether `--help` shows it; `--helpfull` shows every flag. Defaults to False.

    Returns:
        A dataclass field.
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
        common=common,
    )
    return dataclasses.field(default=default, metadata={"flag": metadata})


common_flag = functools.partial(flag, common=True)  # one that most runs need


def parse(config_class: type, argv: Sequence[str]) -> dict[str, Any]:
    """Parses a command line.

    Args:
        config_class: a dataclass whose fields are made by `flag`.
        argv: sequence of str, the program name, then flags. Flagfiles may be nested; the last
            value of a flag wins.

    Returns:
        A dict by flag name of the values on the command line, without defaults.

    Raises:
        RecipesRequested: `--recipes` is among the flags.
        HelpRequested: `-h`, `--help` or `--helpfull` is among the flags.
        UsageError: an unknown flag, a positional argument, or a value that is never allowed.
    """
    values = _Flags()
    for field in dataclasses.fields(config_class):
        declaration = field.metadata["flag"]
        define = {
            bool: flags.DEFINE_boolean,
            int: flags.DEFINE_integer,
            float: flags.DEFINE_float,
            str: flags.DEFINE_string,
            tuple: flags.DEFINE_multi_string,
        }[declaration["kind"]]
        define(field.name, None, declaration["help"], flag_values=values)
    flags.DEFINE_boolean(
        "help", False, "shows the common flags", flag_values=values, short_name="h"
    )
    flags.DEFINE_boolean("helpfull", False, "shows all flags", flag_values=values)
    flags.DEFINE_boolean("recipes", False, "lists the recipes", flag_values=values)
    try:
        rest = values(list(argv))
    except UsageError:  # of a flagfile
        raise
    except flags.UnrecognizedFlagError as error:
        known = [field.name for field in dataclasses.fields(config_class)]
        close = USUAL.get(error.flagname) or difflib.get_close_matches(error.flagname, known, n=3)
        hint = f"did you mean {', '.join('--' + c for c in close)}?" if close else "see --helpfull"
        raise UsageError(f"--{error.flagname}: unknown flag; {hint}") from None
    except flags.CantOpenFlagFileError as error:
        raise UsageError(f"--flagfile: {str(error).rpartition('] ')[2]}") from None
    except flags.IllegalFlagValueError as error:
        _refuse_kind(config_class, str(error))
    except (flags.Error, ValueError) as error:
        raise UsageError(_plain_reason(str(error))) from None
    except OSError as error:
        raise UsageError(f"--flagfile: {error.filename}: {error.strerror}") from None
    if len(rest) > 1:
        raise UsageError(f"{rest[1]}: not a flag; write --name=value")
    if values["help"].value or values["helpfull"].value:
        raise HelpRequested(full=bool(values["helpfull"].value))
    if values["recipes"].value:
        raise RecipesRequested
    given = {
        field.name: tuple(values[field.name].value)
        if field.metadata["flag"]["kind"] is tuple
        else values[field.name].value
        for field in dataclasses.fields(config_class)
        if values[field.name].present
    }
    check(config_class, given)
    return given


def _refuse_kind(config_class, text):
    """Refuses a value that is not of its flag's kind.

    Args:
        config_class: as for `parse`.
        text: what absl says, "flag --NAME=VALUE: reason".
    """
    name, _, rest = text.removeprefix("flag --").partition("=")
    kinds = {
        field.name: field.metadata["flag"]["kind"] for field in dataclasses.fields(config_class)
    }
    if name not in kinds:
        raise UsageError(_plain_reason(text))
    value = re.split(r": (?:invalid|could|Exceeds|\('Non)", rest)[0]
    refuse(name, value, f"is not {KINDS[kinds[name]][0]}", KINDS[kinds[name]][1])


def _plain_reason(text):
    """What absl says, in one line, without its words for the program."""
    text = " ".join(text.split())
    missing = re.match(r"Missing value for flag (\S+)", text)
    if missing:
        return f"{missing[1]}: has no value; write {missing[1]}=VALUE"
    switch = re.match(r"(--no(\w+))=.* does not take an argument", text)
    if switch:
        return f"{switch[1]}: takes no value; write {switch[1]} or --{switch[2]}=false"
    return text.removeprefix("flag ")


def check(config_class: type, given: Mapping[str, Any]) -> None:
    """Checks each value by itself.

    Args:
        config_class: a dataclass whose fields are made by `flag`.
        given: values by flag name.

    Raises:
        UsageError: a value is not allowed.
    """
    for field in dataclasses.fields(config_class):
        if given.get(field.name) is not None:
            _check_value(field.name, given[field.name], field.metadata["flag"])


def _check_value(name, value, declaration):
    choices, low, high = (declaration[key] for key in ("choices", "low", "high"))
    if isinstance(value, str):
        _check_text(name, value)
    if choices is not None and value not in choices:
        refuse(name, value, "unknown value", ", ".join(map(str, choices)))
    if declaration["read"] is not None:
        declaration["read"](value, name)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and choices is None:
        largest = LARGEST_WHOLE if isinstance(value, int) else LARGEST_NUMBER
        bottom, top = -largest if low is None else low, largest if high is None else high
        if not bottom <= value <= top:
            allowed = f"{bottom} to {top}"
            if (high is None and value < bottom) or (low is None and high and value > top):
                allowed = allowed_range(declaration) or allowed
            refuse(name, value, "out of range", allowed)


def _check_text(name, value):
    """Refuses what can't be kept in a flagfile, where a value ends with its line."""
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
        refuse(name, ascii(value)[1:-1], "holds a line break or a control character", "plain text")
    if value != value.strip():
        refuse(name, f"“{value}”", "begins or ends with a space", value.strip() or "a value")
    try:
        value.encode()
    except UnicodeEncodeError:
        refuse(name, ascii(value)[1:-1], "is not UTF-8", "a name in UTF-8")


def run_folder(text, name):
    """A folder on this machine; `~` may begin it."""
    if not text:
        refuse(name, text, "is empty", "a folder, such as runs/mine")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text):
        refuse(name, text, "is an address, and runs are kept on this machine", "a folder")
    return text


def allowed_range(declaration: Mapping[str, Any]) -> str:
    """The range of a flag's declaration in words, or "" if it has none."""
    low, high = declaration["low"], declaration["high"]
    if low is not None and high is not None:
        return f"{low} to {high}"
    if low is None and high is None:
        return ""
    return f"at least {low}" if high is None else f"at most {high}"


# Text formats -----------------------------------------------------------------------------------


def interval(text: str, name: str) -> tuple[float, float]:
    """Reads a target: "0.9" → (0.9, 0.9), "0.7,1.2" → (0.7, 1.2).

    Raises:
        UsageError: it is no number or range; the message names the flag `name`.
    """
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


def lengths(text: str, name: str = "average_lengths") -> tuple[float, ...]:
    """Reads relative lengths of averages: "0.05,0.10" → (0.05, 0.1), "" → ().

    Raises:
        UsageError: a part is no number, or out of range; the message names the flag `name`.
    """
    try:
        numbers = tuple(float(part) for part in words(text))
        if not all(0.0 < number <= LONGEST_AVERAGE for number in numbers):
            raise ValueError
    except ValueError:
        allowed = f"numbers above 0, at most {LONGEST_AVERAGE}, separated by commas"
        raise UsageError("not lengths", flag=name, value=text, allowed=allowed) from None
    return numbers


def image_size(text: str, name: str = "image_size") -> tuple[int, int] | None:
    """Reads a size, height first: "64" → (64, 64), "48x32" → (48, 32), "" → None.

    Raises:
        UsageError: it is no size, or one that the networks can't make; the message names the flag
            `name`.
    """
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
            f"sides are {SMALLEST_SIDE} to {LARGEST_SIDE}, in multiples of {SIDE_STEP}",
            f"the nearest is {nearest[0]}x{nearest[1]}",
        )
    return size


def words(text: str) -> tuple[str, ...]:
    """The words of a comma-separated flag."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def words_of(*allowed: str) -> Callable[[str, str], tuple[str, ...]]:
    """The `read` function of a comma-separated flag whose allowed words are these."""

    def read(text, name):
        if not set(words(text)) <= set(allowed):
            refuse(name, text, "unknown word", ", ".join(allowed) + ", separated by commas")
        return words(text)

    return read


def as_flags(config: Any) -> str:
    """The text of a flagfile with all values of a config; flags that are None are left out."""
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
