"""Packages that only some features need, each an extra of this one."""

import importlib.util

from keras_gan.errors import UsageError

# Extra of this package → what it installs, as it is imported.
EXTRAS = {
    "explore": ("gradio",),
    "film": ("av",),
    "hub": ("huggingface_hub", "safetensors", "yaml"),
    "web": ("tf2onnx", "onnxruntime"),
}


def require(extra: str, flag: str | None, value: object) -> None:
    """Raises a `UsageError` that says what to install, unless an extra's packages are there.

    Args:
        extra: a name in `EXTRAS`.
        flag, value: what asked for it; without a flag, the value is a file's or folder's name.
    """
    missing = [name for name in EXTRAS[extra] if importlib.util.find_spec(name) is None]
    if missing:
        text = f"needs the package {', '.join(missing)}; pip install 'keras-gan[{extra}]'"
        raise UsageError(text if flag else f"{value}: {text}", flag=flag, value=value)
