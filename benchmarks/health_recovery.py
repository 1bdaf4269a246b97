"""Whether a roll-back rescues a run: runs without a fault, with a NaN, and with an explosion.

A DCGAN on Fashion-MNIST; at a third of the run a weight becomes NaN, or both learning rates rise a
thousandfold. `--on_failure=rollback` handles it. Writes docs/health_recovery.jsonl, one line per
run, and prints the medians; finished runs are not repeated.

    python -m benchmarks.health_recovery --seeds=3
"""

import argparse
import json
import os
import pathlib
import shlex
import statistics
import sys
import tempfile
from collections.abc import Sequence

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

from benchmarks import health_faults
from keras_gan.evaluation.evaluator import Evaluator
from keras_gan.run import train as run_training
from keras_gan.run.build import open_data
from keras_gan.run.directory import RunDirectory
from keras_gan.settings import flags
from keras_gan.settings.config import Config
from keras_gan.settings.resolve import resolve
from models import REGISTRY

LINES = pathlib.Path("docs/health_recovery.jsonl")
SETTINGS = (
    "--model=dcgan --dataset=fashion_mnist --labels=none --batch_size=32 --latent_dim=64"
    " --width=16 --average_decay=0.98 --d_learning_rate=4e-3 --g_learning_rate=4e-3"
    " --log_every=10 --sample_every=0 --notensorboard --noprogress --flagfile=configs/tips/"
    "10-track-failures.flags"
)
FAULTS = {"no fault": None, "NaN": "nan D", "learning rates": "rate"}


def train(
    fault: str, seed: int, steps: int, folder: pathlib.Path, further: str = ""
) -> dict[str, object]:
    """Trains one run to its end; returns its score and the monitor's roll-backs."""
    text = f"{SETTINGS} --seed={seed} --steps={steps} --run_dir={folder} {further}"
    values = flags.parse(Config, ["", *shlex.split(text)])
    keras.utils.clear_session()
    callback = health_faults.Fault(FAULTS[fault], steps // 3)
    with RunDirectory(folder) as run:
        config = resolve(values, REGISTRY, run)
        status = run_training.train(config, REGISTRY[config.model], run, [callback])
        events = run.events()
    evaluator = Evaluator(open_data(config), extractor="fashion_mnist_cnn", count=2000)
    scores = evaluator.score(callback.model.sample)
    rollbacks = [e for e in events if e["signal"] == "rolled back"]
    return {
        "fault": fault,
        "seed": seed,
        "steps": steps,
        "status": status,
        "score": next(v for k, v in scores.items() if k.startswith("fd_")),
        "rolled_back": [[e["from_step"], e["step"], e["because"]] for e in rollbacks],
        "learning_rates": rollbacks[-1]["learning_rates"] if rollbacks else None,
    }


def medians(lines: Sequence[dict]) -> dict[str, float]:
    """The median score over the seeds, by fault."""
    return {
        fault: statistics.median(line["score"] for line in lines if line["fault"] == fault)
        for fault in FAULTS
        if any(line["fault"] == fault for line in lines)
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1200)
    options = parser.parse_args(argv)
    text = LINES.read_text() if LINES.exists() else ""
    lines = [json.loads(line) for line in text.splitlines()]
    done = {(line["fault"], line["seed"], line["steps"]) for line in lines}
    for seed in range(options.seeds):
        for fault in FAULTS:
            if (fault, seed, options.steps) in done:
                continue
            with tempfile.TemporaryDirectory() as folder:
                lines.append(train(fault, seed, options.steps, folder))
            print(lines[-1], flush=True)
            with open(LINES, "a") as file:
                file.write(json.dumps(lines[-1]) + "\n")
    for fault, score in medians(lines).items():
        print(f"{fault}: {score:.2f}, {score / medians(lines)['no fault']:.3f} of no fault")
    return 0


if __name__ == "__main__":
    sys.exit(main())
