"""Writes docs/flags.md, the table of all flags, from the settings.

python -m tools.flags_page            # reports whether the page differs, exit status 1 if so
python -m tools.flags_page --write
"""

import argparse
import dataclasses
import pathlib
import sys

from keras_gan.settings import flags, help_page
from keras_gan.settings.config import Config

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "flags.md"
INTRODUCTION = """# Flags

Written by `tools/flags_page.py` from the settings; `make flags-page` writes it again.

`python main.py --help` shows the flags that most runs need (**bold** here), `--helpfull` shows all
of them. Flags are written `--name=value`; `--flagfile=FILE` reads them from a file: one per line,
`#` comments, nestable; the last value of a flag wins. FILE may be a recipe's name, such as
`dcgan_fashion_mnist`; `--recipes` lists them. Booleans are also written `--name` and `--noname`.

The defaults are those of a run whose model does not set its own: `defaults` of the models says
which do. A run that is continued accepts another value only for the flags marked *may change*."""


def row(field: dataclasses.Field) -> str:
    """The line of the table for one flag."""
    declaration = field.metadata["flag"]
    name = f"`--{field.name}`"
    if declaration["common"]:
        name = f"**{name}**"
    default = "" if field.default in (None, "", ()) else f"`{_text(field.default)}`"
    allowed = flags.allowed_range(declaration)
    if declaration["choices"] is not None:
        allowed = ", ".join(f"`{choice}`" for choice in declaration["choices"])
    help_text = declaration["help"].replace("|", "\\|")
    note = "may change" if declaration["may_change"] else ""
    return f"| {name} | {default} | {allowed} | {help_text} | {note} |"


def page() -> str:
    """The text of the page."""
    parts = [INTRODUCTION]
    for group, fields in help_page.by_group(Config).items():
        parts.append(f"\n## {group}\n\n| flag | default | allowed | what it does | |")
        parts.append("|---|---|---|---|---|")
        parts += [row(field) for field in fields]
    return "\n".join(parts) + "\n"


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the page if it differs")
    options = parser.parse_args(argv)
    text = page()
    if PAGE.exists() and PAGE.read_text() == text:
        return 0
    print(PAGE.relative_to(ROOT), "differs")
    if options.write:
        PAGE.write_text(text)
    return int(not options.write)


def _text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    sys.exit(main())
