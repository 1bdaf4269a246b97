"""Which command and which commit made each picture and generated section of the docs.

    python -m benchmarks.made            # what lacks a stamp, or is not what its command wrote
    python -m benchmarks.made --write    # the page docs/made.md, from docs/made.json
    python -m benchmarks.made --stamp=quickstart.png --command="make quickstart" --write

The commands stamp what they write. Studies need no stamp: each of their lines names its commit.
"""

import argparse
import datetime
import hashlib
import json
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator

DOCS = pathlib.Path("docs")
STAMPS = "made.json"
PICTURES = ("*.png", "images/**/*.png")
MARKS = re.compile(r"<!-- ([\w -]+): begin -->\n(.*?)\n<!-- \1: end -->", re.DOTALL)


def generated(docs: pathlib.Path = DOCS) -> Iterator[tuple[str, bytes]]:
    """Yields (name, content) of all pictures and marked sections: `PATH` or `PAGE#SECTION`."""
    for pattern in PICTURES:
        for path in sorted(docs.glob(pattern)):
            yield path.relative_to(docs).as_posix(), path.read_bytes()
    for page in sorted(docs.glob("*.md")):
        for name, text in MARKS.findall(page.read_text()):
            yield f"{page.name}#{name}", text.encode()


def stamps(docs: pathlib.Path = DOCS) -> dict[str, dict[str, str]]:
    """The stamps by name: command, commit, date and hash of each."""
    return json.loads((docs / STAMPS).read_text())


def stamp(name: str, command: str | None = None, docs: pathlib.Path = DOCS) -> None:
    """Stamps what was just written.

    Args:
        name: as `generated` yields it.
        command: what made it. Defaults to None, this process' own command.
        docs: folder of the docs.
    """
    content = dict(generated(docs))[name]
    known = stamps(docs)
    known[name] = {
        "command": command or this_command(),
        "commit": commit(),
        "date": datetime.date.today().isoformat(),
        "sha256": _hash(content),
    }
    text = json.dumps(dict(sorted(known.items())), indent=1)
    (docs / STAMPS).write_text(text + "\n")


def this_command() -> str:
    """The command line of this process, as a reader would type it."""
    module = getattr(sys.modules["__main__"], "__spec__", None)
    program = f"-m {module.name.removesuffix('.__main__')}" if module else sys.argv[0]
    return " ".join(["python", program, *sys.argv[1:]])


def commit() -> str:
    """The short hash of the commit, "-dirty" if there were changes."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def problems(docs: pathlib.Path = DOCS) -> list[str]:
    """What lacks a stamp, differs from what its command wrote, or is gone; a line for each."""
    known, there = stamps(docs), dict(generated(docs))
    lines = [f"{name}: has no stamp" for name in there if name not in known]
    lines += [f"{name}: is stamped, but gone" for name in known if name not in there]
    lines += [
        f"{name}: is not what `{known[name]['command']}` wrote"
        for name, content in there.items()
        if name in known and known[name]["sha256"] != _hash(content)
    ]
    return lines


def page(docs: pathlib.Path = DOCS) -> str:
    """The page: a row for each command and commit."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for name, of in stamps(docs).items():
        groups.setdefault((of["command"], of["commit"], of["date"]), []).append(name)
    lines = [
        "# Where the figures come from",
        "",
        "Which command made each picture and table of these pages, at which commit. A table in a",
        "page is named as `PAGE#TABLE`. The results of [studies](studies.md) name their commit in",
        "each line. A test holds that nothing here was changed by hand since.",
        "",
        "| command | commit | date | made |",
        "|---|---|---|---|",
    ]
    for (command, at, date), names in sorted(groups.items(), key=lambda item: item[1]):
        lines.append(f"| `{command}` | {at} | {date} | {', '.join(f'`{n}`' for n in names)} |")
    return "\n".join(lines) + "\n"


def _hash(content):
    return hashlib.sha256(content).hexdigest()[:16]


def main(argv: list[str] | None = None) -> int:
    """Prints the problems or writes the page; returns 1 if there are problems."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="the page")
    parser.add_argument("--stamp", default="", metavar="PICTURE", help="one that was copied here")
    parser.add_argument("--command", default="", help="what made it")
    given = parser.parse_args(argv)
    if given.stamp:
        stamp(given.stamp, given.command or parser.error("--stamp needs --command"))
    if given.write:
        (DOCS / "made.md").write_text(page())
    lines = problems()
    print("\n".join(lines) or "everything is stamped")
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main())
