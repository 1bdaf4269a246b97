"""The best value of a setting for each variant.

    python -m keras_gan.run.studies.best FOLDER METRIC

A study of rates has variants "NAME at RATE: FLAGS". This prints, for each NAME, the variant of the
best mean as a line of a flagfile, "--variant=NAME: FLAGS". Failed runs count as the worst. The
lines go into the study whose results are published, with other seeds.
"""

import math
import pathlib
import sys
from collections.abc import Iterator

from keras_gan.run.studies.comparisons import METRICS
from keras_gan.run.studies.results import AT, BASE, read


def lines(folder: pathlib.Path | str, metric: str) -> Iterator[str]:
    """The lines of a flagfile, one per name, in the order of the results.

    Args:
        folder: of a study whose variants are called "NAME at RATE".
        metric: a name in `comparisons.METRICS`.
    """
    kind, scores, settings = METRICS[metric], {}, {}
    worst = -math.inf if kind.more else math.inf
    for row in read(folder):
        name, at, _ = row["variant"].partition(AT)
        if row["variant"] == BASE or not at:
            continue
        value = row.get(metric)
        scores.setdefault(name, {}).setdefault(row["variant"], []).append(
            worst if row["failed"] or value is None else value
        )
        settings[row["variant"]] = row["settings"]
    for name, variants in scores.items():
        means = {variant: sum(values) / len(values) for variant, values in variants.items()}
        best = max(means, key=lambda v: means[v] if kind.more else -means[v])
        flags = " ".join(f"--{flag}={value}" for flag, value in sorted(settings[best].items()))
        yield f"--variant={name}: {flags}"


if __name__ == "__main__":
    print("\n".join(lines(sys.argv[1], sys.argv[2])))
