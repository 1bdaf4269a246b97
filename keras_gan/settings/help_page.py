"""The page of `--help`, from the flags' declarations."""

import dataclasses
import textwrap


def by_group(config_class: type, full: bool = True) -> dict[str, list[dataclasses.Field]]:
    """The fields that are flags by heading, in declaration order or in that of `groups`.

    Args:
        config_class: a dataclass whose fields are made by `flag`.
        full: bool, all flags or only the common ones. Defaults to True.
    """
    groups = {name: [] for name in getattr(config_class, "groups", ())}
    for field in dataclasses.fields(config_class):
        if full or field.metadata["flag"]["common"]:
            groups.setdefault(field.metadata["flag"]["group"], []).append(field)
    return {name: fields for name, fields in groups.items() if fields}


def help_text(config_class: type, usage: str, full: bool = True) -> str:
    """The page that `--help` or `--helpfull` prints: flags by group, with defaults and choices.

    Args:
        config_class: a dataclass whose fields are made by `flag`.
        usage: str, text above the flags.
        full: bool, all flags or only the common ones. Defaults to True.
    """
    lines = [usage, ""]
    for group, fields in by_group(config_class, full).items():
        lines += [f"{group}:"]
        for field in fields:
            declaration = field.metadata["flag"]
            notes = []
            if declaration["choices"] is not None:
                notes.append("one of " + ", ".join(str(c) for c in declaration["choices"]))
            if field.default not in (None, "", ()):
                notes.append(f"default {field.default}")
            text = declaration["help"] + (f" ({'; '.join(notes)})" if notes else "")
            lines.append(f"  --{field.name}")
            lines += textwrap.wrap(text, 92, initial_indent="      ", subsequent_indent="      ")
        lines.append("")
    return "\n".join(lines)
