"""Generative adversarial networks as Keras models.

Names are imported on first use, so that a wrong flag is reported, and help given, before TensorFlow
is loaded.
"""

import importlib
import os
import sys
from typing import Any

__version__ = "0.1.0"

# Public names: (module, name in it), or (module, None) for the module itself.
_PUBLIC = {
    "GAN": ("keras_gan.gan", "GAN"),
    "augment": ("keras_gan.rules.augment", None),
    "callbacks": ("keras_gan.monitoring", None),
    "ema": ("keras_gan.rules.ema", None),
    "init_from": ("keras_gan.run.init_from", "init_from"),
    "load": ("keras_gan.run.load", "load"),
    "losses": ("keras_gan.rules.losses", None),
    "open_source": ("keras_gan.data.opening", "open_source"),
    "opponents": ("keras_gan.rules.opponents", None),
    "penalties": ("keras_gan.rules.penalties", None),
    "power_averages": ("keras_gan.rules.power_averages", None),
    "priors": ("keras_gan.rules.priors", None),
    "recipes": ("keras_gan.settings.flagfiles", "recipes"),
    "replay": ("keras_gan.rules.replay", None),
    "schedules": ("keras_gan.rules.schedules", None),
    "targets": ("keras_gan.rules.targets", None),
    "top_k": ("keras_gan.rules.top_k", None),
    "zoo": ("keras_gan.run.zoo", "zoo"),
}
__all__ = ["__version__", *_PUBLIC]


def _require_tensorflow() -> None:
    """Raises an ImportError if Keras is set to another backend, as far as that is known."""
    keras: Any = sys.modules.get("keras")
    backend = (
        keras.config.backend() if hasattr(keras, "config") else os.environ.get("KERAS_BACKEND")
    )
    if backend not in (None, "", "tensorflow"):
        raise ImportError(
            f"keras_gan needs Keras on TensorFlow, and the backend is {backend}: set"
            " KERAS_BACKEND=tensorflow before Keras is imported"
        )


_require_tensorflow()


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _PUBLIC[name]
    value = importlib.import_module(module)
    if attribute == "zoo":
        value = value.zoo()
    elif attribute is not None:
        value = getattr(value, attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
