"""Flags from the fields of a dataclass: one declaration gives the flag, its help and its check.

absl parses, in a parser of our own: a wrong flag is a `UsageError` in one line.
"""

import dataclasses
import difflib
import textwrap

from absl import flags

from keras_gan.errors import UsageError


def parse(config_class, argv):
    """Parses a command line.

    Args:
        config_class: a dataclass whose fields are made by `flag`.
        argv: program name, then flags; `--flagfile` may be nested, the last one wins.

    Returns:
        The values that were given, by name; None if help was asked for.

    Raises:
        UsageError: unknown flag, wrong type or word, a positional argument.
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
    return {
        field.name: tuple(values[field.name].value)
        if field.metadata["flag"]["kind"] is tuple
        else values[field.name].value
        for field in dataclasses.fields(config_class)
        if values[field.name].present
    }


def check(name, value, about):
    """Raises a `UsageError` unless `value` fits a field's choices and range."""
    if value is None:
        return
    choices, low, high = about["choices"], about["low"], about["high"]
    if choices is not None and value not in choices:
        raise UsageError("unknown value", flag=name, value=value, allowed=", ".join(choices))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        too_low = low is not None and not value >= low
        too_high = high is not None and not value <= high
        if too_low or too_high or value != value:
            if low is not None and high is not None:
                allowed = f"{low} to {high}"
            else:
                allowed = f"at least {low}" if high is None else f"at most {high}"
            raise UsageError("out of range", flag=name, value=value, allowed=allowed)


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
