"""The installed command `keras-gan --flagfile=…`, the same as `python main.py` in a checkout."""

import os
import sys

from keras_gan import cli


def load_zoo() -> dict[str, type]:
    from . import REGISTRY

    return REGISTRY


def main() -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    return cli.main(sys.argv, load_zoo)


if __name__ == "__main__":
    sys.exit(main())
