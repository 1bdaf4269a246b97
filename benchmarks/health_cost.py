"""What the health monitor costs of a step: the reference step with and without it, in turn.

Without: a callback that does nothing (a run always has some, and Keras' `fit` waits for them), and
none of the measures on the device that only the monitor needs (distances of fakes and
reals). Prints the median ratio of pairs of equal stretches in one process, each round in another
order, and the same of a second game without it: what that differs from 1 is the machine's noise.

    python -m benchmarks.health_cost --pairs=40
"""

import argparse
import os
import pathlib
import random
import statistics
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
import tqdm
from scipy import stats

from keras_gan import turns
from keras_gan.data import pipeline
from keras_gan.monitoring.callbacks import EveryNSteps
from keras_gan.monitoring.health.monitor import HealthMonitor
from keras_gan.run.build import build_model, open_data
from keras_gan.run.directory import RunDirectory
from keras_gan.settings import flags
from keras_gan.settings.config import Config
from keras_gan.settings.resolve import resolve
from models import REGISTRY


def game(config, source, watched):
    """A game that has made its first steps, so that nothing is left to trace."""
    names = ("distance_in_pairs", "nearest", "magnitude")
    kept = {name: getattr(turns, name) for name in names}
    if not watched:
        for name in names:
            setattr(turns, name, lambda *arguments, **options: tf.zeros(()))
    try:
        gan = build_model(config, REGISTRY[config.model], source)
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
    parser.add_argument("--pairs", type=int, default=40)
    options = parser.parse_args(argv)
    given = flags.parse(Config, ["", "--flagfile=configs/reference_step.flags"])
    config = resolve(given, REGISTRY)
    source = open_data(config)
    games = {
        "with": game(config, source, True),
        "without": game(config, source, False),
        "without, again": game(config, source, False),
    }
    rows = []
    with tempfile.TemporaryDirectory() as folder, RunDirectory(pathlib.Path(folder)) as run:
        health = HealthMonitor(config, run)
        for _ in tqdm.trange(options.pairs, unit="round"):
            row = {}
            for name in random.sample(list(games), len(games)):
                watcher = health if name == "with" else EveryNSteps(0)
                # As many steps as between two readings, so that each stretch has one.
                row[name] = stretch(games[name], config, source, config.log_every, [watcher])
            rows.append(row)
    for title, index in (("by the clock", 0), ("of the process's time", 1)):
        for name in ("with", "without, again"):
            ratios = [row[name][index] / row["without"][index] for row in rows]
            found = stats.bootstrap((ratios,), np.median, random_state=0).confidence_interval
            print(
                f"{name} / without, {title}: {statistics.median(ratios):.4f}, 95 % interval"
                f" {found.low:.4f} to {found.high:.4f}, {len(ratios)} pairs"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
