"""Callbacks that watch the training; as `keras_gan.callbacks` for `fit`.

Every N steps, counted over epochs, each acts on the model's step.
"""

import importlib
from typing import Any

# Public names: the module that each is in.
_PUBLIC = {
    "EveryNSteps": "keras_gan.monitoring.callbacks",
    "Health": "keras_gan.monitoring.health.callback",
    "Progress": "keras_gan.monitoring.progress",
    "Samples": "keras_gan.monitoring.samples",
    "Score": "keras_gan.monitoring.score",
}
__all__ = ["EveryNSteps", "Health", "Progress", "Samples", "Score"]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)
