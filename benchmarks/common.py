"""What benchmarks share: measuring in a process of its own, tables, sections of a page."""

import json
import pathlib
import subprocess
import sys
from collections.abc import Iterable, Sequence

from benchmarks import made


def measure_apart(module: str, *arguments: str) -> dict:
    """Runs `python -m benchmarks.MODULE …`, which prints its result as JSON on the last line.

    Each measurement has a process of its own, so that none finds memory, threads or compiled
    functions of another.

    Args:
        module: str, a module of `benchmarks`.
        *arguments: str, its arguments.

    Returns:
        The result.

    Raises:
        RuntimeError: the process failed; with the end of what it said.
    """
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join([module, *arguments])}: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """The lines of a Markdown table."""
    cells = [titles, ["---"] * len(titles), *rows]
    return ["| " + " | ".join(map(str, row)) + " |" for row in cells]


def replace_section(page: pathlib.Path, name: str, lines: Sequence[str]) -> None:
    """Replaces what is between the marks `<!-- NAME: begin -->` and `<!-- NAME: end -->`.

    In the docs the section is stamped (`made`).
    """
    begin, end = (f"<!-- {name}: {where} -->" for where in ("begin", "end"))
    before, rest = page.read_text().split(begin)
    text = "\n".join(lines)
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{rest.split(end)[1]}")
    if (page.parent / made.STAMPS).exists():
        made.stamp(f"{page.name}#{name}", docs=page.parent)
