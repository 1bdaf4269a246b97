"""The race: equal wall-clock time for this project, the plain Keras pattern and PyTorch.

    python -m benchmarks.race                # five racers, three rounds of ten minutes; continues
    python -m benchmarks.race --write        # the tables and the figure of docs/benchmarks.md

Seconds count from the start of the process, so importing and tracing count; drawing the samples
that are scored does not. Two tables, since speed and recipe are two questions: *one recipe for all*
has the same network, batch and rates, and measures the step; *recipes* has this project's
quickstart against what tutorials use, and against PyTorch with the best of four rates (`--search`:
after ten minutes, with a seed and a CNN that publish nothing). Scores are FD (CNN) and, by features
that no racer was tuned on, FD (pixels), each of 10,000 fakes.
"""

import argparse
import functools
import json
import pathlib
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from benchmarks import common, contenders, made

PAGE = pathlib.Path("docs/benchmarks.md")
PICTURE = "images/race.png"
MARKS = (20, 40, 60, 90, 120, 160, 200, 250, 300, 400, 500, 600)  # seconds
EXTRACTORS = ("cnn", "pixels")
COUNT = 10_000
ENDLESS = 10**7  # steps
RATES = (2e-4, 5e-4, 1e-3, 2e-3)  # of the search
SEARCH_SEED = 100

# Name → (steps at most, function of a clock and a seed).
RACERS: dict[str, tuple[int, Callable]] = {
    "ours, the tutorial's recipe": (
        ENDLESS,
        lambda clock, seed: contenders.ours(clock, f"--seed={seed}"),
    ),
    "plain Keras, the tutorial's recipe": (
        ENDLESS,
        lambda clock, seed: _seeded(contenders.plain_keras, clock, seed),
    ),
    "PyTorch, the tutorial's recipe": (
        ENDLESS,
        lambda clock, seed: _seeded(contenders.pytorch, clock, seed),
    ),
    "ours, its quickstart": (
        9_000,
        lambda clock, seed: contenders.ours(clock, f"--seed={seed}", recipe="quickstart"),
    ),
    "PyTorch, rates searched": (
        ENDLESS,
        lambda clock, seed: _seeded(contenders.pytorch, clock, seed, rate=1e-3),
    ),
}
ONE_RECIPE = tuple(name for name in RACERS if "tutorial" in name)
OURS, TWIN = "ours, its quickstart", "PyTorch, the tutorial's recipe"


def _seeded(train, clock, seed, **given):
    if train is contenders.pytorch:
        import torch

        torch.manual_seed(seed)
    else:
        import keras

        keras.utils.set_random_seed(seed)
    train(clock, **given)


class RaceClock(contenders.Clock):
    """A clock that stops for samples, and ends the race.

    Args:
        steps: number of steps at most.
        marks: seconds after which samples are drawn; the last one ends the race.
        folder: of the samples, `SECONDS.npy`.
    """

    def __init__(self, steps: int, marks: tuple[int, ...], folder: pathlib.Path):
        super().__init__(steps)
        self.marks, self.folder, self.paused = list(marks), folder, 0.0

    @property
    def seconds(self) -> float:
        """Seconds since the process began, less those of drawing samples."""
        return time.perf_counter() - contenders.STARTED - self.paused

    def tick(self, sample=None) -> None:
        """Counts a step; draws samples when a mark is passed, and at the end."""
        super().tick(sample)
        now = self.seconds
        if now < self.marks[0] and self.count < self.steps:
            return
        began = time.perf_counter()
        fakes = [sample(1000, 1000 + number) for number in range(COUNT // 1000)]
        np.save(self.folder / f"{now:.1f}_{self.count}.npy", np.concatenate(fakes))
        while self.marks and now >= self.marks[0]:
            self.marks.pop(0)
        self.paused += time.perf_counter() - began

    @property
    def done(self) -> bool:
        """Whether the time is over, or the steps are."""
        return not self.marks or super().done


def run(name: str, seed: int, marks: tuple[int, ...], extractors, folder: pathlib.Path) -> list:
    """One racer, in a process of its own, and the scores of its samples: a list of dicts."""
    from keras_gan.data import open_source
    from keras_gan.evaluation.evaluator import Evaluator

    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.npy"):
        old.unlink()
    given = [f"--inside={name}", f"--seed={seed}", f"--folder={folder}"]
    common.measure_apart("race", *given, f"--marks={','.join(map(str, marks))}")
    source = open_source("fashion_mnist")
    scored = [Evaluator(source, extractor=extractor) for extractor in extractors]
    lines = []
    for path in sorted(folder.glob("*.npy"), key=lambda p: float(p.stem.split("_")[0])):
        fakes, (seconds, steps) = np.load(path), map(float, path.stem.split("_"))
        line = {"racer": name, "seed": seed, "seconds": seconds, "steps": int(steps)}
        for evaluator in scored:
            scores = evaluator.score(functools.partial(_chunk, fakes))
            line |= {key: value for key, value in scores.items() if key.startswith("fd_")}
        lines.append(line)
        path.unlink()
    return lines


def _chunk(fakes, count, seed):
    """The evaluator asks for seeds 0, 1, … in turn, 1,000 samples at a time."""
    return fakes[1000 * seed : 1000 * seed + count]


def race(out: pathlib.Path, rounds: int, marks: tuple[int, ...]) -> None:
    """All racers in turn, round by round; those whose lines are there are not repeated."""
    known = {(line["racer"], line["seed"]) for line in read(out)}
    for seed in range(rounds):
        for name in RACERS:
            if (name, seed) in known:
                continue
            lines = run(name, seed, marks, EXTRACTORS, out.parent / "samples")
            with out.open("a") as file:
                file.writelines(json.dumps(line) + "\n" for line in lines)
            print(f"{name}, seed {seed}: FD (CNN) {lines[-1]['fd_cnn']:.2f}", flush=True)


def search(folder: pathlib.Path, marks: tuple[int, ...]) -> None:
    """PyTorch's rates, by the CNN that publishes nothing; prints one line for each."""
    for rate in RATES:
        name = f"PyTorch at {rate:g}"
        line = run(name, SEARCH_SEED, marks[-1:], ("search_cnn",), folder)[-1]
        print(json.dumps(line), flush=True)


def read(path: pathlib.Path) -> list[dict]:
    """The result lines so far."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def at(lines: list[dict], seconds: float, column: str) -> float:
    """The score of the last samples that were drawn up to then; later ones count to 2 % more."""
    return [line[column] for line in lines if line["seconds"] <= 1.02 * seconds][-1]


def reached(lines: list[dict], score: float, column: str) -> float:
    """Seconds until a score; infinite if it is not reached."""
    return min((line["seconds"] for line in lines if line[column] <= score), default=float("inf"))


def report(lines: list[dict]) -> list[str]:
    """The two tables, as lines of Markdown: medians over the rounds."""
    runs: dict[tuple, list[dict]] = {}
    for line in lines:
        runs.setdefault((line["racer"], line["seed"]), []).append(line)
    seeds = sorted({seed for _, seed in runs})
    last = max(line["seconds"] for line in lines)
    shown = [mark for mark in (60, 200, 600) if mark <= 1.02 * last]
    twins = {column: [at(runs[TWIN, s], last, column) for s in seeds] for column in _columns()}
    text = []
    for title, names in (("One recipe for all", ONE_RECIPE), ("Recipes", tuple(RACERS))):
        head = [title, "steps"]
        head += [f"{_title(c)} after {mark} s" for c in _columns() for mark in shown]
        head += [f"seconds to the twin's last {_title(c)}" for c in _columns()]
        rows = []
        for name in names:
            of = [runs[name, seed] for seed in seeds]
            row = [name, f"{_median(r[-1]['steps'] for r in of):,.0f}"]
            row += [
                f"{_median(at(r, mark, c) for r in of):.1f}" for c in _columns() for mark in shown
            ]
            for column in _columns():
                times = _median(reached(r, t, column) for r, t in zip(of, twins[column]))
                row.append(f"{times:.0f}" if np.isfinite(times) else "not reached")
            rows.append(row)
        text += [*common.table(head, rows), ""]
    return [f"Medians of {len(seeds)} rounds, seeds {seeds[0]} to {seeds[-1]}.", "", *text[:-1]]


def draw(lines: list[dict], path: pathlib.Path) -> None:
    """FD against seconds, one panel for each extractor, every round a line."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, column in zip(figure.subplots(1, len(_columns())), _columns()):
        for number, name in enumerate(RACERS):
            for seed in sorted({line["seed"] for line in lines}):
                of = [x for x in lines if x["racer"] == name and x["seed"] == seed]
                axes.plot(
                    [x["seconds"] for x in of],
                    [x[column] for x in of],
                    color=f"C{number}",
                    label=name if seed == 0 else None,
                    marker=".",
                )
        axes.set(yscale="log", xlabel="seconds from the start", ylabel=_title(column))
        axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=80)


def _columns():
    return [f"fd_{name}" for name in EXTRACTORS]


def _title(column):
    return f"FD ({column.removeprefix('fd_').replace('cnn', 'CNN')})"


def _median(values):
    return statistics.median(list(values))


def main(argv: list[str] | None = None) -> int:
    """Races, searches or writes the page; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--marks", default=",".join(map(str, MARKS)), help="seconds")
    parser.add_argument("--out", default="runs/race/results.jsonl")
    parser.add_argument("--search", action="store_true", help="PyTorch's rates, then stops")
    parser.add_argument("--write", action="store_true", help="the page, from the lines so far")
    for hidden in ("inside", "folder"):
        parser.add_argument(f"--{hidden}", default="", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    marks, out = tuple(map(int, given.marks.split(","))), pathlib.Path(given.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    if given.inside.startswith("PyTorch at "):
        rate = float(given.inside.removeprefix("PyTorch at "))
        clock = RaceClock(ENDLESS, marks, pathlib.Path(given.folder))
        _seeded(contenders.pytorch, clock, given.seed, rate=rate)
        print(json.dumps(clock.result()))
    elif given.inside:
        steps, train = RACERS[given.inside]
        clock = RaceClock(steps, marks, pathlib.Path(given.folder))
        train(clock, given.seed)
        print(json.dumps(clock.result()))
    elif given.search:
        search(out.parent / "samples", marks)
    else:
        if not given.write:
            race(out, given.rounds, marks)
        draw(read(out), PAGE.parent / PICTURE)
        made.stamp(PICTURE)
        common.replace_section(PAGE, "race", report(read(out)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
