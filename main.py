"""The door: `python main.py --flagfile=configs/NAME.flags [--flag=value …]`."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from keras_gan import app  # noqa: E402
from models import REGISTRY  # noqa: E402

if __name__ == "__main__":
    sys.exit(app.main(sys.argv, REGISTRY))
