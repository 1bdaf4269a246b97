"""The door: `python main.py --flagfile=configs/NAME.flags [--flag=value …]`."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from keras_gan import app
from models import REGISTRY

if __name__ == "__main__":
    sys.exit(app.main(sys.argv, REGISTRY))
