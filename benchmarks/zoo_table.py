"""The table of models: every image model after the same number of images (`make zoo-table`).

Trains each model with `configs/<model>_fashion_mnist.flags`, one after the other, and writes the
table and the sample grids of docs/models.md. It continues where it stopped: a finished run is not
repeated, an interrupted one is resumed. Images are real ones shown to D, so a model with five turns
of D per step is trained for a fifth of the steps.

    python -m benchmarks.zoo_table --images=1280000          # hours on two cores
    python -m benchmarks.zoo_table --images=12800 --models=dcgan,acgan
"""

import argparse
import csv
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys

DOCS = pathlib.Path("docs")
BEGIN, END = "<!-- zoo table: begin -->", "<!-- zoo table: end -->"
DATASET = "fashion_mnist"


def models(configs: str = "configs") -> list[str]:
    """The sorted names of the models with a flagfile for the data set."""
    ending = f"_{DATASET}.flags"
    return sorted(p.name.removesuffix(ending) for p in pathlib.Path(configs).glob(f"*{ending}"))


def steps_for(name: str, images: int) -> int:
    """The number of steps in which D sees `images` real images."""
    config = _config(name)
    return max(1, round(images / (config.batch_size * config.d_turns)))


def _config(name):
    from keras_gan.settings import flags
    from keras_gan.settings.config import Config
    from keras_gan.settings.resolve import resolve
    from models import REGISTRY

    values = flags.parse(Config, ["", f"--flagfile=configs/{name}_{DATASET}.flags"])
    return resolve(values, REGISTRY)


def train(name: str, images: int, folder: pathlib.Path, further: list[str]) -> bool:
    """Trains a model for `images` images; returns whether it succeeded."""
    steps = steps_for(name, images)
    command = [
        sys.executable,
        "main.py",
        f"--flagfile=configs/{name}_{DATASET}.flags",
        f"--run_dir={folder / name}",
        f"--steps={steps}",
        f"--checkpoint_every={max(1, steps // 10)}",
        f"--sample_every={max(1, steps // 4)}",
        "--score_every=0",
        *further,
    ]
    return subprocess.run(command).returncode == 0


def evaluate(name: str, folder: pathlib.Path) -> dict[str, object]:
    """All scores of a trained model; cached in its folder, valid for the step in them."""
    target = folder / name / "evaluation.json"
    metadata = json.loads((folder / name / "export" / "model.json").read_text())
    if target.exists():
        scores = json.loads(target.read_text())
        if scores.get("step") == metadata["step"]:
            return scores
    subprocess.run(
        [
            sys.executable,
            "main.py",
            f"--run_dir={folder / name}",
            f"--flagfile={folder / name / 'operative.flags'}",
            "--mode=evaluate",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return json.loads(target.read_text())


def measure(name: str, steps: int = 30, warm_up: int = 10) -> dict[str, object]:
    """Measures milliseconds per training step in this process, and counts parameters."""
    import time

    import keras
    import tensorflow as tf

    from keras_gan.data import pipeline
    from keras_gan.run.build import build_model, open_data
    from models import REGISTRY

    config = _config(name)
    source = open_data(config)
    gan = build_model(config, REGISTRY[name], source)
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


def row(name: str, folder: pathlib.Path) -> tuple[str, str]:
    """The column of the distance, and the model's row of the table, from its finished run."""
    run = folder / name
    scores = evaluate(name, folder)
    speed = json.loads((run / "speed.json").read_text())
    column, distance = next((k, v) for k, v in scores.items() if k.startswith(("fd_", "fid")))
    floor = scores.get(f"{column}_floor")
    agreement, accuracy = scores.get("class_agreement"), scores.get("classifier_accuracy")
    parameters = " + ".join(
        f"{n[0].upper()} {p / 1e6:.2f} M" for n, p in speed["parameters"].items()
    )
    cells = [
        f"`{name}`",
        f"![{name}](images/models/{name}.png)",
        f"{distance:.2f}" + (f" ({distance / floor:.0f} × floor)" if floor else ""),
        f"{agreement / accuracy:.2f}" if agreement is not None and accuracy else "–",
        f"{speed['ms_per_step']:.0f}",
        str(speed["turns"]),
        parameters,
        f"{scores['step']}",
    ]
    return column, "| " + " | ".join(cells) + " |"


def write(names: list[str], images: int, folder: pathlib.Path) -> None:
    """Writes the table into docs/models.md, and the last sample grids to docs/images/models."""
    pictures = DOCS / "images" / "models"
    pictures.mkdir(parents=True, exist_ok=True)
    lines, columns = [], set()
    for name in names:
        column, line = row(name, folder)
        lines.append(line)
        columns.add(column)
        newest = sorted((folder / name / "samples").glob("samples-*.png"))[-1]
        shutil.copyfile(newest, pictures / f"{name}.png")
    table = [
        BEGIN,
        "",
        f"Each model saw {images:,} real images of {DATASET}, on {_machine()}. FD: `{min(columns)}`"
        " of 10,000 samples, the floor is that of held-out real images. Class: how often the CNN"
        " predicts the requested class, divided by its accuracy on real test images. Time: the"
        " median training step, with no other load on the machine.",
        "",
        "| model | samples | FD | class | ms per step | turns of D | parameters | steps |",
        "|---|---|---|---|---|---|---|---|",
        *lines,
        "",
        END,
    ]
    page = DOCS / "models.md"
    text = page.read_text()
    before, rest = text.split(BEGIN)
    page.write_text(before + "\n".join(table) + rest.split(END)[1])
    with open(folder / "zoo.csv", "w", newline="") as file:
        csv.writer(file).writerows([line.strip("| ").split(" | ") for line in lines])


def _machine():
    return f"{os.cpu_count()} cores ({platform.machine()})"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--images", type=int, default=1_280_000, help="real images shown to each model"
    )
    parser.add_argument(
        "--models", default="", help="names of models, separated by commas; all by default"
    )
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("runs/zoo"))
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options, further = parser.parse_known_args(argv)
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return 0
    known = models()
    names = [name for name in options.models.split(",") if name] or known
    if unknown := set(names) - set(known):
        parser.error(f"--models: no flagfile for {', '.join(sorted(unknown))}; known are {known}")
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        print(f"{name}: {steps_for(name, options.images)} steps", flush=True)
        if not train(name, options.images, options.folder, further):
            return 1
        speed = options.folder / name / "speed.json"
        if not speed.exists():
            command = [sys.executable, "-m", "benchmarks.zoo_table", f"--measure={name}"]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            speed.write_text(done.stdout.splitlines()[-1])
    write(names, options.images, options.folder)
    print(DOCS / "models.md")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.exit(main())
