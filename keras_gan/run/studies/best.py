"""The best value of a setting for each variant.

    python -m keras_gan.run.studies.best FOLDER METRIC [METRIC …]

A study of rates has variants "NAME at RATE: FLAGS". This prints, for each NAME, the variant of the
best mean as a line of a flagfile, "--variant=NAME: FLAGS"; of equal ones, the best by the next
metric. Failed runs count as the worst. The lines go into the study whose results are published,
with other seeds.
"""

import math
import pathlib
import sys
from collections.abc import Iterator

import numpy as np

from keras_gan.run.studies.comparisons import METRICS
from keras_gan.run.studies.results import AT, BASE, read


def lines(folder: pathlib.Path | str, *metrics: str) -> Iterator[str]:
    """The lines of a flagfile, one per name, in the order of the results.

    Args:
        folder: of a study whose variants are called "NAME at RATE".
        *metrics: names in `comparisons.METRICS`; each one decides where those before it are equal.
    """
    scores, settings = {}, {}
    for row in read(folder):
        name, at, _ = row["variant"].partition(AT)
        if row["variant"] == BASE or not at:
            continue
        runs = scores.setdefault(name, {}).setdefault(row["variant"], [])
        runs.append([_more_is_better(row, metric) for metric in metrics])
        settings[row["variant"]] = row["settings"]
    for name, variants in scores.items():
        means = {variant: np.mean(runs, axis=0).tolist() for variant, runs in variants.items()}
        best = max(means, key=means.get)
        flags = " ".join(f"--{flag}={value}" for flag, value in sorted(settings[best].items()))
        yield f"--variant={name}: {flags}"


def _more_is_better(row, metric):
    """A run's score, so that more is better; a failed run's is the worst."""
    value = row.get(metric)
    if row["failed"] or value is None:
        return -math.inf
    return value if METRICS[metric].more else -value


if __name__ == "__main__":
    print("\n".join(lines(*sys.argv[1:])))
