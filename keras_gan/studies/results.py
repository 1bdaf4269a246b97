"""The results of a study: a line of JSON a run."""

import json
import pathlib

BASE = "base"  # the variant that all others are compared with


def read(folder):
    """The result lines of a study, oldest first; one that a kill cut short does not count."""
    path = pathlib.Path(folder) / "results.jsonl"
    if not path.exists():
        return []
    text = path.read_text()
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole)
    return [json.loads(line) for line in whole.splitlines()]
