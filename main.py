"""The command line: `python main.py --flagfile=configs/NAME.flags [--flag=value …]`."""

import os
import sys


def load_zoo() -> dict[str, type]:
    """The zoo: model name → class. Imports TensorFlow."""
    import models

    return models.REGISTRY


def main():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        from keras_gan import cli

        return cli.main(sys.argv, load_zoo)
    except KeyboardInterrupt:  # before anything has begun
        return 130
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in ("keras_gan", "models"):
            raise
        print(
            f"the package {error.name} is not installed in {sys.executable}; run `make quickstart`"
            " once, then `.venv/bin/python main.py`, or install requirements.txt",
            file=sys.stderr,
        )
        return 2


if __name__ == "__main__":
    sys.exit(main())
