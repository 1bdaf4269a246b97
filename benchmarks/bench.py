"""Speed compared with PyTorch and plain Keras, the cost of tips, and scaling: `make bench`.

Contenders alternate, A B C A B C …, each in a process of its own, and are compared by their ratio
within a round, so that drift of the machine's speed cancels. Writes docs/benchmarks.md and
docs/benchmarks.png.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
from collections.abc import Iterator, Sequence

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks import common, forms, made, scale

DOCS = pathlib.Path("docs")
RUNNERS = ("ours", "ours, XLA", "PyTorch", "PyTorch, compiled", "plain Keras")
RACE = (*RUNNERS, "sgemm")
TIPS = {  # by their name in the table; none adds passes through the networks
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
# Multiplications and additions per step, of forward and backward passes through G and D.
FORWARD = {"G": 2 * (128 * 6272 + 14 * 14 * 64 * 4 * 128 + 28 * 28 * 4 * 64)}
FORWARD["D"] = 2 * (14 * 14 * 64 * 16 + 7 * 7 * 128 * 16 * 64 + 6272)
# G: one pass and its gradients (3 times forward); D: three passes, two of them with gradients of
# the weights and the input, the third with the input's alone.
FLOP_PER_STEP = 64 * (3 * FORWARD["G"] + (3 + 3 + 2) * FORWARD["D"])


def measure(name: str, steps: int) -> dict[str, float]:
    """Runs one contender once; returns its measurements."""
    return common.measure_apart("contenders", name, f"--steps={steps}")


def rounds(names: Sequence[str], count: int, steps: int) -> dict[str, list[dict]]:
    """`count` rounds over all contenders; returns the list of measurements of each."""
    measured = {name: [] for name in names}
    for number in range(count):
        for name in names:
            measured[name].append(measure(name, steps))
            print(f"round {number + 1}: {name}: {measured[name][-1]}", flush=True)
    return measured


def ratio(
    measured: dict[str, list[dict]], name: str, other: str, figure: str = "steps_per_second"
) -> tuple[float, float, float]:
    """Median, minimum and maximum over the rounds of the ratio name/other."""
    pairs = [a[figure] / b[figure] for a, b in zip(measured[name], measured[other], strict=True)]
    return statistics.median(pairs), min(pairs), max(pairs)


def median(measured: dict[str, list[dict]], name: str, figure: str) -> float:
    """The median over the rounds of a contender's measurements."""
    return statistics.median(row[figure] for row in measured[name])


def race_lines(race: dict[str, list[dict]]) -> Iterator[str]:
    """The comparison of contenders, as lines of Markdown."""
    peak = median(race, "sgemm", "gflops")
    yield (
        f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, no GPU; sgemm peaks at"
        f" {peak:.0f} GFLOP/s; a step is {FLOP_PER_STEP / 1e9:.1f} GFLOP. Medians over"
        f" {len(race['ours'])} alternating rounds, ratios within a round (minimum to maximum)."
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
            f" {rate * FLOP_PER_STEP / 1e9 / peak:.0%} | {median(race, name, 'first_step'):.1f} s |"
            f" {median(race, name, 'peak_mb'):.0f} MB |"
        )
    yield ""
    yield "![steps per second](benchmarks.png)"


def costs_lines(costs: dict[str, list[dict]]) -> Iterator[str]:
    """The cost of each tip, as lines of Markdown."""
    yield f"Time of a step relative to the bare one, medians over {len(costs['bare step'])} rounds."
    yield ""
    yield "| | time |"
    yield "|---|---|"
    for name in TIPS:
        yield f"| {name} | {_spread(ratio(costs, 'bare step', name))} |"


def _spread(values):
    center, low, high = values
    return f"{center:.2f} ({low:.2f} to {high:.2f})"


def write(measured: dict[str, dict]) -> None:
    """Writes docs/benchmarks.md and its picture."""
    parts = (
        ("The reference step", "race", race_lines),
        ("The cost of tips", "costs", costs_lines),
        ("Forms of the layers", "forms", forms.lines),
        ("Scale", "scale", scale.lines),
    )
    lines = []
    for title, part, of in parts:
        if part in measured:
            lines += [f"## {title}", "", *of(measured[part]), ""]
    common.replace_section(DOCS / "benchmarks.md", "measured", lines[:-1])
    if "race" in measured:
        _picture(measured["race"], DOCS / "benchmarks.png")
        made.stamp("benchmarks.png")


def _picture(race, path):
    figure = Figure(figsize=(7, 2.8), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    rates = [[row["steps_per_second"] for row in race[name]] for name in RUNNERS]
    axes.barh(RUNNERS, [statistics.median(r) for r in rates], color="tab:blue", alpha=0.6)
    for position, values in enumerate(rates):
        axes.plot(values, [position] * len(values), "k.", markersize=4)
    axes.invert_yaxis()
    axes.set(xlabel="steps per second (bar: median; points: runs)")
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=220)
    parser.add_argument(
        "--parts", default="race,costs,scale,forms", help="parts to measure; others are kept"
    )
    options = parser.parse_args()
    path = DOCS / "benchmarks.json"
    measured = json.loads(path.read_text()) if path.exists() else {}
    for part in filter(None, options.parts.split(",")):
        if part == "race":
            measured[part] = rounds(RACE, options.rounds, options.steps)
        elif part == "costs":
            commands = {name: f"ours {flags}".strip() for name, flags in TIPS.items()}
            rows = rounds(list(commands.values()), options.rounds, options.steps)
            measured[part] = {name: rows[command] for name, command in commands.items()}
        else:
            measured[part] = {"scale": scale, "forms": forms}[part].measure()
        path.write_text(json.dumps(measured) + "\n")
    write(measured)
    print(DOCS / "benchmarks.md")


if __name__ == "__main__":
    main()
