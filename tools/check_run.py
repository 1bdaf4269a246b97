"""Checks the output of a finished image run: `python tools/check_run.py RUN_DIR`.

Its files, a last FD (CNN) below a tenth of the untrained generator's, and 10,000 samples of the
export. Nothing of the project is imported: the export must work with only TensorFlow.
"""

import csv
import pathlib
import sys
import time

FILES = (
    "operative.flags",
    "checkpoints/*",
    "scores.csv",
    "samples/*.png",
    "tensorboard/**/events.out.tfevents.*",
    "export/saved_model.pb",
    "export/model.json",
)
IMAGES = 10_000


def main(argv):
    run = pathlib.Path(argv[1])
    missing = [pattern for pattern in FILES if not any(run.glob(pattern))]
    if missing:
        print(f"{run} lacks {', '.join(missing)}")
        return 1
    with open(run / "scores.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("fd_cnn")]
    first, last = rows[0], rows[-1]
    before, after = float(first["fd_cnn"]), float(last["fd_cnn"])
    print(f"FD (CNN) {before:.4g} at step {first['step']}, {after:.4g} at step {last['step']}")
    if int(first["step"]) != 0 or not after < before / 10:
        print("the last FD (CNN) is not below a tenth of the untrained generator's")
        return 1

    import tensorflow as tf

    model = tf.saved_model.load(str(run / "export"))
    began, made = time.monotonic(), 0
    while made < IMAGES:
        images = model.sample(tf.constant(1000), tf.constant(made))
        if isinstance(images, dict):
            (images,) = images.values()
        made += len(images)
    print(f"the export made {made} images, {images.dtype.name} {images.shape[1:]}, in", end=" ")
    print(f"{time.monotonic() - began:.1f} s")
    return 0 if images.dtype == tf.uint8 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
