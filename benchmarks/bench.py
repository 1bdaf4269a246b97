"""Speed beside PyTorch and plain Keras, what a tip costs, how it scales: `make bench`.

Contenders run in turn, A B C A B C …, each in a process of its own, and what is compared is the
ratio within a round, so that a machine whose speed drifts does not decide. Writes
docs/benchmarks.md and docs/benchmarks.png.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks import forms, scale

DOCS = pathlib.Path("docs")
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
RUNNERS = ("ours", "ours, XLA", "PyTorch", "PyTorch, compiled", "plain Keras")
RACE = (*RUNNERS, "sgemm")
TIPS = {  # by what they are called in the table; all leave the algorithm's passes alone
    "bare step": "",
    "soft labels": "--real_target=0.7,1.2 --fake_target=0,0.3",
    "flipped labels": "--label_flip=0.05",
    "hypersphere prior": "--prior=hypersphere",
    "input noise": "--input_noise=0.1",
    "noise in G's layers": "--layer_noise=0.1",
    "dropout in G": "--dropout=0.5",
    "replay": "--replay_rate=0.5",
    "minibatch stddev": "--minibatch_stddev",
    "moving average": "--average_decay=0.999",
    "all of these": "--real_target=0.7,1.2 --fake_target=0,0.3 --label_flip=0.05"
    " --prior=hypersphere --input_noise=0.1 --layer_noise=0.1 --dropout=0.5 --replay_rate=0.5"
    " --minibatch_stddev --average_decay=0.999",
}
# Multiplications and additions of a step: passes of G's and D's products, forward and backward.
FORWARD = {"G": 2 * (128 * 6272 + 14 * 14 * 64 * 4 * 128 + 28 * 28 * 4 * 64)}
FORWARD["D"] = 2 * (14 * 14 * 64 * 16 + 7 * 7 * 128 * 16 * 64 + 6272)
# G: one pass and its gradients (3 times forward); D: three passes, two of them with gradients of
# the weights and the input, the third with the input's alone.
FLOP_A_STEP = 64 * (3 * FORWARD["G"] + (3 + 3 + 2) * FORWARD["D"])


def measure(name, steps):
    """One contender, once: its figures."""
    command = [sys.executable, "-m", "benchmarks.contenders", name, f"--steps={steps}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def rounds(names, count, steps):
    """`count` rounds of all contenders in turn: name → list of figures."""
    found = {name: [] for name in names}
    for number in range(count):
        for name in names:
            found[name].append(measure(name, steps))
            print(f"round {number + 1}: {name}: {found[name][-1]}", flush=True)
    return found


def ratio(found, name, other, figure="steps_per_second"):
    """Median, minimum and maximum of the ratio name/other within the rounds."""
    pairs = [a[figure] / b[figure] for a, b in zip(found[name], found[other], strict=True)]
    return statistics.median(pairs), min(pairs), max(pairs)


def median(found, name, figure):
    return statistics.median(row[figure] for row in found[name])


def race_lines(race):
    """The race as Markdown."""
    peak = median(race, "sgemm", "gflops")
    yield (
        f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, no GPU; sgemm peaks at"
        f" {peak:.0f} GFLOP/s; a step is {FLOP_A_STEP / 1e9:.1f} GFLOP. Medians over"
        f" {len(race['ours'])} rounds in turn, ratios within a round (minimum to maximum)."
    )
    yield ""
    yield (
        "| | steps/s | ours is × as fast | ours with XLA | share of sgemm's peak |"
        " first step after | memory |"
    )
    yield "|---" * 7 + "|"
    for name in RUNNERS:
        rate = median(race, name, "steps_per_second")
        yield (
            f"| {name} | {rate:.1f} | {_spread(ratio(race, 'ours', name))} |"
            f" {_spread(ratio(race, 'ours, XLA', name))} |"
            f" {rate * FLOP_A_STEP / 1e9 / peak:.0%} | {median(race, name, 'first_step'):.1f} s |"
            f" {median(race, name, 'peak_mb'):.0f} MB |"
        )
    yield ""
    yield "![steps a second](benchmarks.png)"


def costs_lines(costs):
    """What a tip costs, as Markdown."""
    yield f"Time of a step relative to the bare one, medians over {len(costs['bare step'])} rounds."
    yield ""
    yield "| | time |"
    yield "|---|---|"
    for name in TIPS:
        yield f"| {name} | {_spread(ratio(costs, 'bare step', name))} |"


def _spread(values):
    middle, low, high = values
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def write(found):
    """docs/benchmarks.md and its picture, from what was measured."""
    parts = (
        ("The reference step", "race", race_lines),
        ("What a tip costs", "costs", costs_lines),
        ("Forms of the layers", "forms", forms.lines),
        ("Scale", "scale", scale.lines),
    )
    lines = []
    for title, part, of in parts:
        if part in found:
            lines += [f"## {title}", "", *of(found[part]), ""]
    page = DOCS / "benchmarks.md"
    before, rest = page.read_text().split(BEGIN)
    page.write_text(before + "\n".join([BEGIN, "", *lines, END]) + rest.split(END)[1])
    if "race" in found:
        _picture(found["race"], DOCS / "benchmarks.png")


def _picture(race, path):
    figure = Figure(figsize=(7, 2.8), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    rates = [[row["steps_per_second"] for row in race[name]] for name in RUNNERS]
    axes.barh(RUNNERS, [statistics.median(r) for r in rates], color="tab:blue", alpha=0.6)
    for place, values in enumerate(rates):
        axes.plot(values, [place] * len(values), "k.", markersize=4)
    axes.invert_yaxis()
    axes.set(xlabel="steps a second (bar: median; points: runs)")
    figure.savefig(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=220)
    parser.add_argument(
        "--parts", default="race,costs,scale,forms", help="some of them; the rest stays"
    )
    options = parser.parse_args()
    kept = DOCS / "benchmarks.json"
    found = json.loads(kept.read_text()) if kept.exists() else {}
    for part in filter(None, options.parts.split(",")):
        if part == "race":
            found[part] = rounds(RACE, options.rounds, options.steps)
        elif part == "costs":
            named = {name: f"ours {flags}".strip() for name, flags in TIPS.items()}
            rows = rounds(list(named.values()), options.rounds, options.steps)
            found[part] = {name: rows[command] for name, command in named.items()}
        else:
            found[part] = {"scale": scale, "forms": forms}[part].measure()
        kept.write_text(json.dumps(found) + "\n")
    write(found)
    print(DOCS / "benchmarks.md")


if __name__ == "__main__":
    main()
