"""The results of a study: one line of JSON per run."""

import json
import os
import pathlib

BASE = "base"  # the variant that all others are compared with
AT = " at "  # between a variant's name and the point of a grid that it is made at


def read(folder: str | os.PathLike) -> list[dict]:
    """The result lines of a study, oldest first; a last line that is cut short is removed."""
    path = pathlib.Path(folder) / "results.jsonl"
    if not path.exists():
        return []
    text = path.read_text()
    complete = text[: text.rfind("\n") + 1]
    if complete != text:
        path.write_text(complete)
    return [json.loads(line) for line in complete.splitlines()]
