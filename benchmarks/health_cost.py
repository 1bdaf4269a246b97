"""The cost of the health monitor per step: the reference step with and without it, alternating.

Without it, there is a callback that does nothing (a run always has some, and Keras' `fit` waits for
them), and the statistics that only the monitor needs (distances of fakes and reals) are not
computed on the device. Prints the median ratio between pairs of equal segments in one process, each
round in random order, and the same for a second model without it, whose deviation from 1 is noise.

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

import keras
import numpy as np
import tensorflow as tf
import tqdm
from scipy import stats

from keras_gan.data import Source, pipeline
from keras_gan.monitoring.callbacks import EveryNSteps
from keras_gan.monitoring.health.monitor import HealthMonitor
from keras_gan.run.build import build_model, open_data
from keras_gan.run.directory import RunDirectory
from keras_gan.settings import flags
from keras_gan.settings.config import Config
from keras_gan.settings.resolve import resolve
from keras_gan.step import batch_statistics
from models import REGISTRY


def traced_model(config: Config, source: Source, monitored: bool) -> keras.Model:
    """A model that has run its first steps, so that nothing is left to trace."""
    names = ("pairwise_distance", "nearest_distance", "max_abs")
    functions = {name: getattr(batch_statistics, name) for name in names}
    if not monitored:
        for name in names:
            setattr(batch_statistics, name, lambda *arguments, **options: tf.zeros(()))
    try:
        gan = build_model(config, REGISTRY[config.model], source)
        segment(gan, config, source, 2, [])
    finally:
        for name in names:
            setattr(batch_statistics, name, functions[name])
    return gan


def segment(
    gan: keras.Model, config: Config, source: Source, steps: int, callbacks: list
) -> tuple[float, float]:
    """Trains `steps` steps; returns seconds per step: wall-clock time and processor time."""
    batches = pipeline.batches(source, batch_size=config.batch_size, steps=steps)
    started, processor = time.perf_counter(), time.process_time()
    gan.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False, callbacks=callbacks)
    gan.step.numpy()  # waits for the last step
    return (time.perf_counter() - started) / steps, (time.process_time() - processor) / steps


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=40)
    options = parser.parse_args(argv)
    values = flags.parse(Config, ["", "--flagfile=configs/reference_step.flags"])
    config = resolve(values, REGISTRY)
    source = open_data(config)
    models = {
        "with": traced_model(config, source, True),
        "without": traced_model(config, source, False),
        "without, again": traced_model(config, source, False),
    }
    rows = []
    with tempfile.TemporaryDirectory() as folder, RunDirectory(pathlib.Path(folder)) as run:
        health = HealthMonitor(config, run)
        for _ in tqdm.trange(options.pairs, unit="round"):
            row = {}
            for name in random.sample(list(models), len(models)):
                callback = health if name == "with" else EveryNSteps(0)
                # As many steps as between two readings, so that each segment has one.
                row[name] = segment(models[name], config, source, config.log_every, [callback])
            rows.append(row)
    for title, index in (("wall-clock time", 0), ("processor time", 1)):
        for name in ("with", "without, again"):
            ratios = [row[name][index] / row["without"][index] for row in rows]
            interval = stats.bootstrap((ratios,), np.median, random_state=0).confidence_interval
            print(
                f"{name} / without, {title}: {statistics.median(ratios):.4f}, 95 % interval"
                f" {interval.low:.4f} to {interval.high:.4f}, {len(ratios)} pairs"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
