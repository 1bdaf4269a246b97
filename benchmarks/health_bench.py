"""How reliably and how early the health monitor detects a failure: `make health-bench`.

Trains healthy runs and runs that are made to fail (`benchmarks/health_runs.py`), all of them short,
records every step's metrics, applies the monitor to the record, and writes docs/health_bench.md.

Each run adds one line to FOLDER/SET.jsonl and its record to FOLDER/SET/; finished runs are not
repeated. Whether a run failed depends on its final score alone, compared with healthy runs of the
same family. The thresholds were chosen on the development set; the page shows the held-out set.

    python -m benchmarks.health_bench                       # missing runs, then the page
    python -m benchmarks.health_bench --set=development     # the other set, no page
    python -m benchmarks.health_bench --judge               # old records, current thresholds
    python -m benchmarks.health_bench --page                # the page alone, from docs/*.jsonl
"""

import argparse
import dataclasses
import json
import os
import pathlib
import shlex
import statistics
import sys
import time
import types

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np

from benchmarks import health_faults, health_page, health_runs
from keras_gan.data import Source, pipeline
from keras_gan.evaluation.evaluator import Evaluator
from keras_gan.monitoring.health import signals
from keras_gan.monitoring.health.monitor import MEMORY, HealthMonitor
from keras_gan.monitoring.health.reading import Reading
from keras_gan.run.build import build_model, open_data
from keras_gan.run.checkpoints import named_state
from keras_gan.settings import flags
from keras_gan.settings.config import Config
from keras_gan.settings.resolve import resolve
from models import REGISTRY

FAKES = 1000  # per score
FIRST_ATTEMPT = types.SimpleNamespace(numpy=lambda: 0)  # the attempt of a model not rolled back
WORSE = 2.0  # a run failed if its score exceeds so many times the healthy median
CURVES = (
    "discriminator/loss",
    "generator/loss",
    "discriminator/logits_real",
    "discriminator/logits_fake",
    "discriminator/accuracy_real",
    "discriminator/accuracy_fake",
    "discriminator/gradient_norm",
    "generator/gradient_norm",
    "fakes/distance",
    "reals/distance",
    "fakes/feature_distance",
    "reals/feature_distance",
    "reals/nearest_fake",
    "reals/nearest_real",
    "finite",
)


class Bench:
    """Runs in one process; those that differ only in learning rates and seed share their traces."""

    def __init__(self):
        self.models, self.sources = {}, {}

    def run(self, spec: health_runs.Spec) -> tuple[dict, list]:
        """Trains a `Spec`; returns its result line, without events, and its record."""
        config = self.config(spec)
        source = self.source(config)
        keras.utils.clear_session(free_memory=False)
        fresh = build_model(config, REGISTRY[config.model], source)
        traced = dataclasses.replace(config, seed=0, d_learning_rate=0.0, g_learning_rate=0.0)
        gan = self.models.setdefault(traced, fresh)
        if gan is not fresh:
            new = named_state(fresh)
            for name, variable in named_state(gan).items():
                variable.assign(new[name])
        batches = pipeline.batches(
            source,
            batch_size=config.batch_size,
            turns=gan.schedule.d_turns,
            seed=config.seed,
            steps=config.steps,
        )
        record, started = Record(config.log_every), time.monotonic()
        gan.fit(
            batches,
            steps_per_epoch=config.steps,
            verbose=0,
            shuffle=False,
            callbacks=[health_faults.Fault(spec.fault, spec.at), record],
        )
        seconds = time.monotonic() - started
        line = {
            "name": spec.name,
            "family": spec.family,
            "kind": spec.kind,
            "seed": spec.seed,
            "fault": spec.fault,
            "onset": spec.at,
            "steps": config.steps,
            "log_every": config.log_every,
            "loss": config.loss,
            "flags": f"{health_runs.FAMILIES[spec.family]} {spec.flags}".strip(),
            "seconds": round(seconds, 1),
            **self.score(gan, source),
        }
        return line, record.rows

    def config(self, spec: health_runs.Spec) -> Config:
        """The settings of a `Spec`."""
        text = f"{health_runs.FAMILIES[spec.family]} {spec.flags} --seed={spec.seed} --xla=false"
        return resolve(flags.parse(Config, ["", *shlex.split(text)]), REGISTRY)

    def source(self, config: Config) -> Source:
        """The data set of a run, opened once."""
        if config.dataset not in self.sources:
            source = open_data(config)
            evaluator = Evaluator(source, extractor="fashion_mnist_cnn", count=FAKES)
            self.sources[config.dataset] = source, evaluator
        return self.sources[config.dataset][0]

    def score(self, gan: keras.Model, source: Source) -> dict[str, object]:
        """Fréchet distance of images, energy distance of points; None if weights are not finite."""
        finite = all(
            np.isfinite(np.asarray(v)).all() for n in gan.networks.values() for v in n.variables
        )
        result = {"finite": finite}
        if len(source.image_shape) == 1:
            points = gan.sample(FAKES)
            result["score"] = energy_distance(points, source.images[:FAKES]) if finite else None
            evaluator = self.sources[source.name][1]
            result["modes"] = evaluator.score(gan.sample)["modes"] if finite else 0
        else:
            scores = self.sources[source.name][1].score(gan.sample) if finite else {}
            result["score"] = next((v for k, v in scores.items() if k.startswith("fd_")), None)
        if result["score"] is not None and not np.isfinite(result["score"]):
            result["score"] = None
        return result


class Record(keras.callbacks.Callback):
    """Records every step's metrics: a list of (step, arrays by name), one per reading."""

    def __init__(self, every):
        super().__init__()
        self.every, self.rows = every, []

    def on_train_batch_end(self, batch, logs=None):
        if (batch + 1) % self.every == 0:
            self.rows.append((batch + 1, self.model.recorder.read(batch + 1, self.every)[1]))


def energy_distance(a: np.ndarray, b: np.ndarray) -> float:
    """2E‖A-B‖ - E‖A-A'‖ - E‖B-B'‖ of points [n, d] (Székely & Rizzo, 2013)."""

    def mean(x, y):
        return np.sqrt(((x[:, None] - y[None]) ** 2).sum(-1)).mean()

    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return float(2 * mean(a, b) - mean(a, a) - mean(b, b))


def monitor(line: dict, rows: list) -> dict:
    """The result line with the events that the monitor finds in its record, and its curves."""
    events, readings = [], []
    rules = types.SimpleNamespace(loss=line["loss"], log_every=line["log_every"], on_failure="warn")
    run = types.SimpleNamespace(
        append_event=events.append, append_reading=lambda step, means: readings.append(means)
    )
    health = HealthMonitor(rules, run)
    for step, metrics in rows:
        recorder = types.SimpleNamespace(read=lambda *_, m=metrics: (None, m))
        health.set_model(types.SimpleNamespace(recorder=recorder, attempt=FIRST_ATTEMPT))
        health.on_nth_step(step)
    columns = ("step", "signal", "value", "threshold", "failure")
    return {
        **line,
        "reach": reach(line, rows),
        "events": [
            {k: float(f"{e[k]:.4g}") if k == "value" else e[k] for k in columns} for e in events
        ],
        "curves": {
            name: [float(f"{reading[name]:.3g}") for reading in readings]
            for name in CURVES
            if name in readings[0]
        },
    }


def reach(line: dict, rows: list) -> dict[str, float]:
    """How near a run came to each threshold after its onset, by signal.

    The most extreme value that lasted for as many readings as the signal's patience requires.
    """
    extremes, readings = {}, [Reading.of(*row) for row in rows]
    for signal in signals.of_loss(line["loss"]):
        ends = range(1, len(readings) + 1)
        values = [signal.measure(readings[max(0, end - MEMORY) : end]) for end in ends]
        inner, outer = (min, max) if signal.above else (max, min)
        lasting = [
            inner(values[i - signal.patience : i])
            for i in range(signal.patience, len(values) + 1)
            if None not in values[i - signal.patience : i] and rows[i - 1][0] > line["onset"]
        ]
        if lasting:
            extremes[signal.name] = float(f"{outer(lasting):.4g}")
    return extremes


def settle(lines: list[dict]) -> list[dict]:
    """Marks failed runs, by their score relative to the median of healthy runs of their family."""
    for line in lines:
        twins = [
            other["score"]
            for other in lines
            if other["family"] == line["family"] and other["kind"] == "healthy"
        ]
        line["twins"] = statistics.median(twins)
        line["failed"] = line["score"] is None or line["score"] > WORSE * line["twins"]
    return lines


def records(folder: pathlib.Path, spec: health_runs.Spec) -> pathlib.Path:
    """The path of a run's record."""
    name = "".join(c if c.isalnum() else "_" for c in spec.name)
    return folder / f"{name}-{spec.seed}.npz"


def save(path: pathlib.Path, rows: list) -> None:
    """Writes a record."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {"steps": np.array([step for step, _ in rows])}
    for name in rows[0][1]:
        arrays[name] = np.stack([metrics[name] for _, metrics in rows])
    with open(path, "wb") as file:
        np.savez(file, **arrays)


def load(path: pathlib.Path) -> list:
    """Reads a record."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    steps = arrays.pop("steps")
    return [(int(s), {n: a[i] for n, a in arrays.items()}) for i, s in enumerate(steps)]


def read_lines(path: pathlib.Path) -> list[dict]:
    """Reads result lines; none if the file is missing."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def write_lines(path: pathlib.Path, lines: list[dict]) -> None:
    """Writes result lines."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--set", choices=list(health_runs.SEEDS), default="held out")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("runs/health_bench"))
    parser.add_argument("--only", default="", help="only runs whose name contains this")
    parser.add_argument(
        "--judge", action="store_true", help="apply the monitor to old records again"
    )
    parser.add_argument("--page", action="store_true", help="only write the page")
    options = parser.parse_args(argv)
    if options.page:
        health_page.write(*map(read_lines, (health_page.LINES, health_page.DEVELOPMENT)))
        return 0
    options.folder.mkdir(parents=True, exist_ok=True)
    path, folder = options.folder / f"{options.set}.jsonl", options.folder / options.set
    specs = list(health_runs.specs(options.set))
    done = {(line["name"], line["seed"]): line for line in read_lines(path)}
    bench = Bench()
    for number, spec in enumerate(specs, 1):
        key = (spec.name, spec.seed)
        if options.only not in spec.name or (key in done and not options.judge):
            continue
        if key in done:
            done[key] = monitor(done[key], load(records(folder, spec)))
            continue
        line, rows = bench.run(spec)
        save(records(folder, spec), rows)
        done[key] = monitor(line, rows)
        with open(path, "a") as file:
            file.write(json.dumps(done[key]) + "\n")
        first = done[key]["events"][:1]
        print(
            f"{number}/{len(specs)} {spec.kind}: {spec.name}: score {line['score']},"
            f" {line['seconds']} s, {[(e['step'], e['signal']) for e in first]}",
            flush=True,
        )
    lines = settle([done[s.name, s.seed] for s in specs if (s.name, s.seed) in done])
    write_lines(path, lines)
    print(health_page.summary(lines))
    if options.set == "development":
        write_lines(health_page.DEVELOPMENT, lines)
        print("\n".join(health_page.thresholds(lines)))
    if options.set == "held out" and len(lines) == len(specs):
        write_lines(health_page.LINES, lines)
        health_page.write(lines, read_lines(health_page.DEVELOPMENT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
