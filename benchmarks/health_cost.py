"""What the health monitor costs of a step: the reference step with and without it, in turn.

Without: a callback that does nothing (a run always has some, and Keras' `fit` waits for them), and
none of the measures on the device that only the monitor needs (distances of fakes and
reals). Prints the ratio of pairs of equal stretches, A B A B …, in one process.

    python -m benchmarks.health_cost --pairs=9
"""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

from keras_gan import experiment, flags, settings, turns
from keras_gan.data import pipeline
from keras_gan.monitoring.callbacks import Every
from keras_gan.monitoring.health import Health
from keras_gan.rundir import RunDirectory
from models import REGISTRY


def game(config, source, watched):
    """A game that has made its first steps, so that nothing is left to trace."""
    names = ("distance_in_pairs", "nearest", "magnitude")
    kept = {name: getattr(turns, name) for name in names}
    if not watched:
        for name in names:
            setattr(turns, name, lambda *arguments, **options: tf.zeros(()))
    try:
        gan = experiment.build(config, REGISTRY[config.model], source)
        stretch(gan, config, source, 2, [])
    finally:
        for name in names:
            setattr(turns, name, kept[name])
    return gan


def stretch(gan, config, source, steps, callbacks):
    """Trains `steps` steps; returns seconds a step, by the clock and of this process."""
    batches = pipeline.batches(source, batch_size=config.batch_size, steps=steps)
    began, worked = time.perf_counter(), time.process_time()
    gan.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False, callbacks=callbacks)
    gan.step.numpy()  # waits for the last step
    return (time.perf_counter() - began) / steps, (time.process_time() - worked) / steps


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--steps", type=int, default=100)
    options = parser.parse_args(argv)
    given = flags.parse(settings.Config, ["", "--flagfile=configs/reference_step.flags"])
    config = experiment.settle(given, REGISTRY)
    source = experiment.data(config)
    on, off = (game(config, source, watched) for watched in (True, False))
    rows = []
    with tempfile.TemporaryDirectory() as folder, RunDirectory(pathlib.Path(folder)) as run:
        health = Health(config, run)
        for number in range(options.pairs):
            with_it = stretch(on, config, source, options.steps, [health.since(int(on.step))])
            without = stretch(off, config, source, options.steps, [Every(0)])
            rows.append((*with_it, *without))
            print(
                f"pair {number + 1}: {1000 * with_it[0]:.1f} ms with, {1000 * without[0]:.1f}"
                f" without; of the process {1000 * with_it[1]:.1f} and {1000 * without[1]:.1f}",
                flush=True,
            )
    for title, a, b in (("by the clock", 0, 2), ("of the process's time", 1, 3)):
        ratios = sorted(row[a] / row[b] for row in rows)
        print(
            f"with / without, {title}: {statistics.median(ratios):.4f}"
            f" ({ratios[0]:.4f} to {ratios[-1]:.4f}), {len(ratios)} pairs"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
