"""Does a trained model help with few pictures? Fine-tuning against training from scratch.

    python -m benchmarks.finetuning            # continues where it stopped
    python -m benchmarks.finetuning --write    # the table of docs/data.md

The few pictures are 300 of one class of Fashion-MNIST, bags. The trained model saw the nine other
classes only. Both ways have the same flags, number of steps and seeds; FD is that of 10,000 fakes
against the 5,700 other bags of the training set, by the classifier that ships with the project.
"""

import argparse
import json
import pathlib
import subprocess
import sys

import numpy as np

from benchmarks import common

PAGE = pathlib.Path("docs/data.md")
CLASS, PICTURES = 8, 300  # bags
SEEDS = (0, 1, 2)
STEPS = 2000
# Not tuned.
FEW = (
    "--model=dcgan",
    "--batch_size=32",
    "--latent_dim=64",
    "--width=32",
    "--self_modulation",
    "--d_learning_rate=4e-4",
    "--g_learning_rate=4e-4",
    "--d_learning_rate_schedule=cosine",
    "--g_learning_rate_schedule=cosine",
    "--average_decay=0.995",
    "--augment=translation,cutout",
    "--mirror",
    f"--steps={STEPS}",
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


def experiment(folder: pathlib.Path, wanted: int, seeds) -> None:
    """All runs, each appended to `results.jsonl` when it is scored."""
    data(folder, wanted)
    nine = folder / "nine"
    main_py(nine, *NINE, f"--dataset=npz:{folder / 'nine.npz'}")
    out = folder / "results.jsonl"
    lines = out.read_text().splitlines() if out.exists() else []
    known = {(line["way"], line["seed"]) for line in map(json.loads, lines)}
    for seed in seeds:
        for way, further in (("scratch", ()), ("fine-tuned", (f"--init_from={nine}",))):
            if (way, seed) in known:
                continue
            run = folder / f"{way}_{seed}"
            few = f"--dataset=npz:{folder / 'few.npz'}"
            main_py(run, *FEW, few, f"--seed={seed}", *further)
            line = {"way": way, "seed": seed, "steps": STEPS, **score(run, folder)}
            with out.open("a") as file:
                file.write(json.dumps(line) + "\n")
            print(json.dumps(line), flush=True)


def report(path: pathlib.Path) -> list[str]:
    """The table: scores of each way, and the paired ratio with Student's 95 % interval."""
    from scipy import stats

    lines = [json.loads(line) for line in path.read_text().splitlines()]
    column = next(key for key in lines[0] if key.startswith("fd_") and "floor" not in key)
    by_way = {
        way: {line["seed"]: line for line in lines if line["way"] == way}
        for way in ("scratch", "fine-tuned")
    }
    rows = []
    for way, runs in by_way.items():
        scores = ", ".join(f"{runs[seed][column]:.1f}" for seed in sorted(runs))
        means = (f"{np.mean([run[name] for run in runs.values()]):.2f}" for name in _PAIRS)
        rows.append((way, scores, *means))
    seeds = sorted(by_way["scratch"])
    logs = [
        np.log(by_way["fine-tuned"][seed][column] / by_way["scratch"][seed][column])
        for seed in seeds
    ]
    half = stats.t.ppf(0.975, len(logs) - 1) * np.std(logs, ddof=1) / np.sqrt(len(logs))
    mean, low, high = np.exp([np.mean(logs), np.mean(logs) - half, np.mean(logs) + half])
    floor = lines[0][f"{column}_floor"]
    return [
        *common.table(("way", f"FD, seeds {seeds[0]} to {seeds[-1]}", *_PAIRS), rows),
        "",
        f"Ratio of the FDs, fine-tuned to scratch: {mean:.2f} ({low:.2f} to {high:.2f}, Student's"
        f" 95 % interval of {len(logs)} pairs); the floor is {floor:.2f}.",
    ]


_PAIRS = ("precision", "recall")


def main(argv: list[str] | None = None) -> int:
    """Runs the experiment or writes the page; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--folder", type=pathlib.Path, default="runs/finetuning")
    parser.add_argument("--label", type=int, default=CLASS, help="the class that is held out")
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    parser.add_argument("--write", action="store_true", help="the page, from the lines so far")
    given = parser.parse_args(argv)
    if not given.write:
        experiment(given.folder, given.label, [int(seed) for seed in given.seeds.split(",")])
    else:
        common.replace_section(PAGE, "fine-tuning", report(given.folder / "results.jsonl"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
