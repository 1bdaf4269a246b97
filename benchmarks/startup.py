"""How long it takes until something is to be seen: help, the first step, the first samples.

Each command is run in turn for two source trees, so that drift of the machine's speed cancels; the
order alternates from pair to pair. `import tensorflow`, which no tree can avoid, is timed beside
them. To be run on an idle machine.

    python -m benchmarks.startup                             # this tree
    python -m benchmarks.startup --before=../other --pairs=7 --write   # both, as a table

Commands are timed until the process ends, but for the first step: until the progress bar shows it.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

from benchmarks import common

PAGE = pathlib.Path("docs/benchmarks.md")
QUICKSTART = ("main.py", "--flagfile=configs/quickstart.flags", "--steps=1")
COMMANDS = {  # what it is: arguments of python, what on stderr ends the measurement, exit status
    "`import tensorflow`": (("-c", "import tensorflow"), "", 0),
    "`--help`": (("main.py", "--help"), "", 0),
    "an unknown flag": (("main.py", "--no_such_flag=1"), "", 2),
    "quickstart, to the first step": ((*QUICKSTART, "--run_dir={new}"), "1/1", 0),
    "samples of a run (`--mode=sample`)": (
        ("main.py", "--mode=sample", "--run_dir={run}"),
        "",
        0,
    ),
}


def seconds(
    tree: pathlib.Path, arguments: Sequence[str], until: str = "", status: int = 0
) -> float:
    """The time of a command in a source tree, to its end or until stderr has a text.

    Raises:
        RuntimeError: it ended otherwise, or with another exit status.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=tree,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    said = b""
    while part := os.read(process.stderr.fileno(), 4096):
        said += part
        if until and until.encode() in said:
            break
    if not until:
        process.wait()
    elapsed = time.perf_counter() - began
    process.communicate()
    if until.encode() not in said or process.returncode != status:
        raise RuntimeError(f"{' '.join(arguments)} in {tree}: {said.decode()[-500:]}")
    return elapsed


def measure(trees: Sequence[pathlib.Path], pairs: int) -> dict[str, list[tuple[float, ...]]]:
    """Seconds of each command: `pairs` rows with a value per tree."""
    measured = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        runs = {tree: pathlib.Path(folder) / f"run{n}" for n, tree in enumerate(trees)}
        for tree in trees:  # a run to sample from, and warm file caches
            seconds(tree, (*QUICKSTART, f"--run_dir={runs[tree]}"), "1/1")
        number = 0
        for pair in range(pairs):
            for name, (arguments, until, status) in COMMANDS.items():
                times = {}
                for tree in trees if pair % 2 else trees[::-1]:
                    number += 1
                    new = pathlib.Path(folder) / str(number)
                    words = [a.format(new=new, run=runs[tree]) for a in arguments]
                    times[tree] = seconds(tree, words, until, status)
                measured[name].append(tuple(times[tree] for tree in trees))
                print(name, *(f"{t:.2f}" for t in measured[name][-1]), flush=True)
    return measured


def lines(measured: dict[str, list[tuple[float, ...]]]) -> list[str]:
    """The table: medians, and the median, smallest and largest ratio within a pair."""
    rows = []
    for name, pairs in measured.items():
        medians = [f"{statistics.median(values):.2f} s" for values in zip(*pairs, strict=True)]
        ratios = sorted(pair[-1] / pair[0] for pair in pairs)
        spread = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        rows.append((name, *medians, *([spread] if len(pairs[0]) > 1 else [])))
    titles = ("before", "now", "ratio") if len(rows[0]) > 2 else ("now",)
    return common.table(("", *titles), rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--before", type=pathlib.Path, help="another source tree")
    parser.add_argument("--pairs", type=int, default=5, help="measurements of each command")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    given = parser.parse_args(argv)
    trees = ([given.before] if given.before else []) + [pathlib.Path(".")]
    table = lines(measure([tree.resolve() for tree in trees], given.pairs))
    print("\n".join(table))
    if given.write:
        common.replace_section(PAGE, "start-up", table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
