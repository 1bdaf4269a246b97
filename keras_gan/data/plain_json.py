"""JSON that every reader takes: NaN and infinity, which JSON lacks, are written as null."""

import json
import math
from typing import Any


def dumps(value: Any, indent: int | None = None) -> str:
    """The JSON text of a value.

    Args:
        value: dictionaries, lists, texts and numbers.
        indent: spaces per level, or None for a single line.
    """
    return json.dumps(_finite(value), indent=indent, allow_nan=False)


def _finite(value):
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
