"""What bfloat16 gains on this processor: steps per second, and which kernels oneDNN runs.

    python -m benchmarks.precision [--rounds=7] [--write]

The reference step alternates between float32 and mixed bfloat16. A run of each with
ONEDNN_VERBOSE=1 says which kernels were used and how long they took, summed over threads. To be run
on an idle machine.
"""

import argparse
import collections
import os
import pathlib
import subprocess
import sys
from collections.abc import Sequence

from benchmarks import bench, common

PAGE = pathlib.Path("docs/benchmarks.md")
RUNNERS = ("ours", "ours --precision=mixed_bfloat16")
STEPS = 40


def kernels(runner: str) -> dict[tuple[str, str], float]:
    """Milliseconds per step of (operation, instruction set), by oneDNN's own account."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.contenders", runner, f"--steps={STEPS}"],
        env={**os.environ, "ONEDNN_VERBOSE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    times = collections.Counter()
    for line in done.stdout.splitlines():
        if ",primitive,exec," in line:
            fields = line.split(",")
            operation, implementation = fields[5:7]
            times[operation, implementation.rpartition(":")[2]] += float(fields[-1]) / STEPS
    return times


def lines(measured: dict[str, list[dict]], kernel_times: dict[str, dict]) -> list[str]:
    """Both tables of docs/benchmarks.md."""
    rates = [bench.median(measured, name, "steps_per_second") for name in RUNNERS]
    gain, least, most = bench.ratio(measured, RUNNERS[1], RUNNERS[0])
    kinds = sorted({key for times in kernel_times.values() for key in times})
    rows = []
    for kind in kinds:
        times = [kernel_times[name].get(kind, 0.0) for name in RUNNERS]
        if max(times) >= 0.5:
            rows.append((kind[0], kind[1] or "–", *(f"{time:.1f} ms" for time in times)))
    totals = (f"{sum(kernel_times[name].values()):.1f} ms" for name in RUNNERS)
    return [
        f"Medians of {len(measured['ours'])} alternating rounds: float32 {rates[0]:.1f} steps/s,"
        f" mixed bfloat16 {rates[1]:.1f}, {gain:.2f} × ({least:.2f} to {most:.2f}). Time of"
        " oneDNN's kernels per step, summed over threads:",
        "",
        *common.table(
            ("operation", "kernel", "float32", "mixed bfloat16"), [*rows, ("all", "", *totals)]
        ),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    given = parser.parse_args(argv)
    measured = bench.rounds(RUNNERS, given.rounds, given.steps)
    text = lines(measured, {name: kernels(name) for name in RUNNERS})
    print("\n".join(text))
    if given.write:
        common.replace_section(PAGE, "bfloat16", text)
    return 0


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.exit(main())
