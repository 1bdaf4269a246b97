"""The zoo: every image model trained with its recipe (`make zoo`).

Trains each model with `configs/<model>_fashion_mnist.flags`, scores its best checkpoint, and writes
the table, the sample grids and the curves of docs/models.md. It continues where it stopped: a
finished run is not repeated, an interrupted one is resumed. Minutes are steps times the median time
of a step, measured apart, so they do not depend on what else ran.

    python -m benchmarks.zoo                       # hours on two cores
    python -m benchmarks.zoo --models=dcgan,acgan
    python -m benchmarks.zoo --write               # the page, from the runs that are finished
"""

import argparse
import csv
import json
import os
import pathlib
import platform
import subprocess
import sys

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks import common, made

DOCS = pathlib.Path("docs")
DATASET = "fashion_mnist"
DISTANCE = "fd_cnn"


def models(configs: str = "configs") -> list[str]:
    """The sorted names of the models with a flagfile for the data set."""
    ending = f"_{DATASET}.flags"
    return sorted(p.name.removesuffix(ending) for p in pathlib.Path(configs).glob(f"*{ending}"))


def recipe(name: str):
    """The settings of a model's recipe."""
    from keras_gan.settings import flags
    from keras_gan.settings.config import Config
    from keras_gan.settings.resolve import resolve
    from models import REGISTRY

    values = flags.parse(Config, ["", f"--flagfile=configs/{name}_{DATASET}.flags"])
    return resolve(values, REGISTRY)


def train(name: str, folder: pathlib.Path, further: list[str]) -> bool:
    """Trains a model by its recipe; returns whether it succeeded."""
    command = [
        sys.executable,
        "main.py",
        f"--flagfile=configs/{name}_{DATASET}.flags",
        f"--run_dir={folder / name}",
        *further,
    ]
    return subprocess.run(command).returncode == 0


def score(gan, source) -> dict[str, object]:
    """The scores of a model that the table has, by the project's protocol."""
    from keras_gan.evaluation import protocol
    from keras_gan.evaluation.evaluator import Evaluator

    evaluator = Evaluator(source, precision_recall=True, seed=protocol.FRESH_SEED)
    scores = evaluator.score(gan.sample)
    if gan.conditional and evaluator.classifies:
        scores |= evaluator.class_agreement(gan.sample)
    return scores


def evaluate(name: str, folder: pathlib.Path) -> dict[str, object]:
    """The scores of its best checkpoint; kept in its folder, valid for the step in them."""
    from keras_gan.run import loading
    from keras_gan.run.build import open_data

    target = folder / name / "zoo_scores.json"
    gan, about = loading.open_export(folder / name / "export")
    if target.exists():
        scores = json.loads(target.read_text())
        if scores["step"] == about["step"]:
            return scores
    scores = {"step": about["step"], **score(gan, open_data(recipe(name)))}
    target.write_text(json.dumps(scores, indent=1))
    return scores


def measure(name: str, steps: int = 30, warm_up: int = 10) -> dict[str, object]:
    """Measures milliseconds per training step in this process, and counts parameters."""
    import time

    import keras
    import tensorflow as tf

    from keras_gan.data import pipeline
    from keras_gan.run.build import build_model, open_data
    from models import REGISTRY

    config = recipe(name)
    source = open_data(config)
    gan = build_model(config, REGISTRY[config.model], source)
    batches = pipeline.batches(
        source,
        batch_size=config.batch_size,
        turns=gan.schedule.d_turns,
        steps=warm_up + steps,
        strategy=tf.distribute.get_strategy(),
    )
    ends = []

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            gan.step.numpy()  # waits for the step
            ends.append(time.perf_counter())

    gan.fit(
        batches,
        steps_per_epoch=warm_up + steps,
        verbose=0,
        shuffle=False,
        callbacks=[Clock()],
    )
    times = sorted(b - a for a, b in zip(ends[warm_up:], ends[warm_up + 1 :]))
    return {
        "ms_per_step": 1000 * times[len(times) // 2],
        "parameters": {n: network.count_params() for n, network in gan.networks.items()},
        "turns": gan.schedule.d_turns,
    }


def curve(name: str, folder: pathlib.Path) -> tuple[list[float], list[float]]:
    """Minutes of training and the distance at each score of a run."""
    ms = _speed(name, folder)["ms_per_step"]
    with open(folder / name / "scores.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if int(row["step"]) > 0]
    return (
        [int(row["step"]) * ms / 60_000 for row in rows],
        [float(row[DISTANCE]) for row in rows],
    )


def _speed(name, folder):
    return json.loads((folder / name / "speed.json").read_text())


def row(name: str, folder: pathlib.Path) -> str:
    """The model's row of the table, from its finished run."""
    scores, speed = evaluate(name, folder), _speed(name, folder)
    agreement, accuracy = scores.get("class_agreement"), scores.get("classifier_accuracy")
    parameters = " + ".join(
        f"{n[0].upper()} {p / 1e6:.2f} M" for n, p in speed["parameters"].items()
    )
    cells = [
        f"`{name}`",
        f"![{name}](images/models/{name}.png)",
        f"{scores[DISTANCE]:.2f} ({scores[DISTANCE] / scores[f'{DISTANCE}_floor']:.0f} × floor)",
        f"{scores['precision']:.2f}",
        f"{scores['recall']:.2f}",
        f"{agreement / accuracy:.2f}" if agreement is not None and accuracy else "–",
        f"{scores['step']:,}",
        f"{scores['step'] * speed['ms_per_step'] / 60_000:.0f}",
        f"{speed['ms_per_step']:.0f}",
        str(speed["turns"]),
        parameters,
    ]
    return "| " + " | ".join(cells) + " |"


def write(names: list[str], folder: pathlib.Path) -> None:
    """Writes the table into docs/models.md, the sample grids and the curves beside it."""
    from keras_gan.evaluation import pictures
    from keras_gan.run import loading

    table = [
        f"On {DATASET}, {_machine()}. FD: `{DISTANCE}` of 10,000 samples of the best checkpoint,"
        " and its ratio to the floor, that of held-out real images; precision and recall in the"
        " same features. Class: how often the CNN predicts the requested class, divided by its"
        " accuracy on real test images. Minutes: of training to that checkpoint, without scores and"
        " pictures.",
        "",
        "| model | samples | FD | precision | recall | class | steps | minutes | ms per step"
        " | turns of D | parameters |",
        "|" + "---|" * 11,
    ]
    for name in names:
        table.append(row(name, folder))
        gan = loading.open_export(folder / name / "export")[0]
        labels = np.arange(64) // 8 if gan.conditional else None
        grid = pictures.grid(gan.sample(64, seed=0, labels=labels))
        pictures.save(grid, DOCS / "images" / "models" / f"{name}.png")
        made.stamp(f"images/models/{name}.png")
    page = DOCS / "models.md"
    common.replace_section(page, "zoo table", table)
    draw({name: curve(name, folder) for name in names}, DOCS / "images" / "zoo_scores.png")
    made.stamp("images/zoo_scores.png")
    print(page)


def draw(curves: dict[str, tuple[list[float], list[float]]], target: pathlib.Path) -> None:
    """The curves of all models: distance against minutes, both on logarithmic axes."""
    figure = Figure(figsize=(8.0, 4.5), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for number, (name, (minutes, distances)) in enumerate(curves.items()):
        line = "-" if number < 10 else "--"
        axes.plot(minutes, distances, line, marker=".", linewidth=1.2, label=name)
    axes.set(
        xscale="log", yscale="log", xlabel="minutes of training (two cores)", ylabel="FD (CNN)"
    )
    axes.grid(which="both", linewidth=0.3)
    figure.legend(loc="outside right upper", frameon=False)
    figure.savefig(target)


def _machine():
    return f"{os.cpu_count()} cores ({platform.machine()}), no GPU"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--models", default="", help="names of models, separated by commas; all by default"
    )
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("runs/zoo"))
    parser.add_argument(
        "--write", action="store_true", help="the page of finished runs, no training"
    )
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options, further = parser.parse_known_args(argv)
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return 0
    known = models()
    names = [name for name in options.models.split(",") if name] or known
    if unknown := set(names) - set(known):
        parser.error(f"--models: no flagfile for {', '.join(sorted(unknown))}; known are {known}")
    for name in names:
        if not options.write and not train(name, options.folder, further):
            return 1
    # Timings come last, so that none shares the machine with a training.
    names = [name for name in names if (options.folder / name / "export").exists()]
    for name in names:
        speed = options.folder / name / "speed.json"
        if not speed.exists():
            speed.write_text(json.dumps(common.measure_apart("zoo", f"--measure={name}")))
    write(names, options.folder)
    return 0


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.exit(main())
