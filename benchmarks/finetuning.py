"""Does a trained model help with few pictures? Fine-tuning against training from scratch.

    python -m benchmarks.finetuning            # continues where it stopped
    python -m benchmarks.finetuning --write    # the table of docs/data.md

The few pictures are 300 of one class of Fashion-MNIST. The trained model saw the nine other classes
only. Both ways have the same number of steps, the same seeds and, but for the rates, which were
searched for each, the same flags; FD is that of 10,000 fakes against the 5,700 other pictures of
the class in the training set, by the classifier that ships with the project. Sneakers have
relatives among the other classes, bags have none.

The rates were searched on bags with seed 100 and 300 steps. Fine-tuning needs a higher one: trained
kernels are some four times as large as new ones, and Adam's steps do not grow with them.
"""

import argparse
import itertools
import json
import pathlib
import subprocess
import sys

import numpy as np

from benchmarks import common

PAGE = pathlib.Path("docs/data.md")
CLASSES, PICTURES = {"sneakers": 7, "bags": 8}, 300
SEEDS = (0, 1, 2, 3, 4)
STEPS = (300, 1000)
RATES = {"scratch": 3e-3, "fine-tuned": 1e-2}
FEW = (
    "--model=dcgan",
    "--batch_size=32",
    "--latent_dim=64",
    "--width=32",
    "--self_modulation",
    "--d_learning_rate_schedule=cosine",
    "--g_learning_rate_schedule=cosine",
    "--average_decay=0.995",
    "--augment=translation,cutout",
)
NINE = ("--flagfile=configs/quickstart.flags", "--augment=translation,cutout")
QUIET = ("--sample_every=0", "--score_every=0", "--notensorboard", "--checkpoint_every=0")


def data(folder: pathlib.Path, wanted: int) -> None:
    """Writes three files: few.npz, rest.npz (the class's others) and nine.npz (all others)."""
    import keras_gan

    source = keras_gan.open_source("fashion_mnist")
    of_class = np.flatnonzero(source.labels == wanted)
    few = of_class[np.random.RandomState(0).permutation(len(of_class))[:PICTURES]]
    parts = {
        "few": few,
        "rest": np.setdiff1d(of_class, few),
        "nine": np.flatnonzero(source.labels != wanted),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, indices in parts.items():
        np.savez_compressed(folder / f"{name}.npz", images=source.images[indices])


def main_py(run: pathlib.Path, *flags: str) -> None:
    """Trains a run, unless it is finished."""
    if (run / "export").exists():
        return
    command = [sys.executable, "main.py", *flags, *QUIET, f"--run_dir={run}"]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def score(run: pathlib.Path, folder: pathlib.Path) -> dict:
    """FD, precision and recall of a finished run."""
    from keras_gan.evaluation.compare import compare

    scores = compare(
        run / "export", folder / "rest.npz", extractor="fashion_mnist_cnn", count=10_000
    )
    return {key: value for key, value in scores.items() if isinstance(value, float)}


def experiment(folder: pathlib.Path) -> None:
    """All runs, each appended to `results.jsonl` when it is scored."""
    out = folder / "results.jsonl"
    lines = out.read_text().splitlines() if out.exists() else []
    known = {tuple(line[key] for key in KEYS) for line in map(json.loads, lines)}
    for name, label in CLASSES.items():
        of_class = folder / name
        data(of_class, label)
        nine, few = of_class / "nine", f"--dataset=npz:{of_class / 'few.npz'}"
        main_py(nine, *NINE, f"--dataset=npz:{of_class / 'nine.npz'}")
        further = {"scratch": (), "fine-tuned": (f"--init_from={nine}",)}
        for steps, seed, way in itertools.product(STEPS, SEEDS, further):
            if (name, steps, way, seed) in known:
                continue
            run = of_class / f"{way}_{steps}_{seed}"
            rates = (f"--{side}_learning_rate={RATES[way]}" for side in "dg")
            numbers = (f"--steps={steps}", f"--seed={seed}", *rates)
            main_py(run, *FEW, few, *numbers, *further[way])
            line = dict(zip(KEYS, (name, steps, way, seed))) | score(run, of_class)
            with out.open("a") as file:
                file.write(json.dumps(line) + "\n")
            print(json.dumps(line), flush=True)


def report(path: pathlib.Path) -> list[str]:
    """The table: scores of each way, and the paired ratio with Student's 95 % interval."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    column = next(key for key in lines[0] if key.startswith("fd_") and "floor" not in key)
    lines.sort(key=lambda line: line["seed"])
    rows = []
    for name, steps in dict.fromkeys((line["class"], line["steps"]) for line in lines):
        runs = {
            way: [
                line
                for line in lines
                if (line["class"], line["steps"], line["way"]) == (name, steps, way)
            ]
            for way in RATES
        }
        pairs = zip(runs["fine-tuned"], runs["scratch"])
        ratio = _ratio([one[column] / other[column] for one, other in pairs])
        for way, of_way in runs.items():
            scores = ", ".join(f"{run[column]:.1f}" for run in of_way)
            means = (f"{np.mean([run[score] for run in of_way]):.2f}" for score in _PAIRS)
            last = ratio if way == "fine-tuned" else ""
            rows.append((f"{name}, {steps} steps, {way}", scores, *means, last))
    titles = ("300 pictures", "FD, one per seed", *_PAIRS, "ratio to scratch")
    return [
        *common.table(titles, rows),
        "",
        "The ratio of the FDs is the mean of the pairs, with Student's 95 % interval. The floor is"
        f" {lines[0][f'{column}_floor']:.2f}.",
    ]


def _ratio(ratios):
    from scipy import stats

    logs = np.log(ratios)
    half = stats.t.ppf(0.975, len(logs) - 1) * np.std(logs, ddof=1) / np.sqrt(len(logs))
    mean, low, high = np.exp([np.mean(logs), np.mean(logs) - half, np.mean(logs) + half])
    return f"{mean:.2f} ({low:.2f} to {high:.2f})"


KEYS = ("class", "steps", "way", "seed")  # of a line
_PAIRS = ("precision", "recall")


def main(argv: list[str] | None = None) -> int:
    """Runs the experiment or writes the page; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--folder", type=pathlib.Path, default="runs/finetuning")
    parser.add_argument("--write", action="store_true", help="the page, from the lines so far")
    given = parser.parse_args(argv)
    if not given.write:
        experiment(given.folder)
    else:
        common.replace_section(PAGE, "fine-tuning", report(given.folder / "results.jsonl"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
