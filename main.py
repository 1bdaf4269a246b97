"""The command line: `python main.py --flagfile=configs/NAME.flags [--flag=value …]`."""

import os
import sys

from keras_gan import cli


def load_zoo() -> dict[str, type]:
    """The zoo: model name → class. Imports TensorFlow."""
    import models

    return models.REGISTRY


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.exit(cli.main(sys.argv, load_zoo))
