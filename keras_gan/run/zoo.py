"""The zoo by one name, from a checkout and from a wheel: `keras_gan.zoo`."""

import importlib
import pathlib
import types

from keras_gan.errors import UsageError

CHECKOUT, WHEEL = "models", "keras_gan_models"


def zoo() -> types.ModuleType:
    """The package of models: `models` beside this one in a checkout, else `keras_gan_models`.

    Raises:
        UsageError: it is neither.
    """
    root = pathlib.Path(__file__).resolve().parents[2]
    name = CHECKOUT if (root / CHECKOUT / "options.py").exists() else WHEEL
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise UsageError(
            f"the models of the zoo, {name}, can't be imported; install the package, or add the"
            " checkout to PYTHONPATH"
        ) from error
