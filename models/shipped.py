"""The trained models that ship with the zoo."""

import pathlib

# Name → folder, for `keras_gan.load` and `--weights`; made by `python -m tools.ship RUN NAME`.
WEIGHTS = {
    config.parent.name: config.parent
    for config in sorted((pathlib.Path(__file__).parent / "weights").glob("*/config.json"))
}
