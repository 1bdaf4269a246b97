"""Which of a run's scores is the best, and when they no longer improve."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from keras_gan.monitoring.callbacks import EveryNSteps
from keras_gan.rules.power_averages import PowerAverages

DISTANCES = ("fid", "clean_fid", "fd_cnn")  # then any other "fd_…", then "kid_…"; less is better
MIXTURES = ("modes", "good_share")  # more is better, the second breaks ties of the first


def metric(row: Mapping) -> str | None:
    """The name of the metric that rows of scores.csv are compared by, None without one."""
    others = [n for start in ("fd_", "kid_") for n in row if n.startswith(start)]
    names = [*DISTANCES, *others, MIXTURES[0]]
    return next((name for name in names if _number(row.get(name)) is not None), None)


def best(rows: Sequence[Mapping]) -> Mapping | None:
    """The best of the rows of scores.csv, the earliest of several equal ones.

    Rows of step 0, before the training, and rows without a score do not count.

    Args:
        rows: as `RunDirectory.scores` returns them.
    """
    rows = [row for row in rows if int(row["step"]) > 0 and metric(row)]
    return min(rows, key=_rank, default=None)


def best_step(rows: Sequence[Mapping]) -> int | None:
    """The step of the best row, or None."""
    row = best(rows)
    return int(row["step"]) if row else None


def stands_still(rows: Sequence[Mapping], patience: int) -> bool:
    """Whether the last `patience` rows brought no better score than one before them."""
    step = best_step(rows)
    return step is not None and sum(int(row["step"]) > step for row in rows) >= patience


def _rank(row):
    """The smaller, the better."""
    name = metric(row)
    if name in MIXTURES:
        return tuple(-(_number(row.get(name)) or 0.0) for name in MIXTURES)
    return (_number(row[name]),)


def _number(value):
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def score_averages(gan: Any, score: Callable[[], dict]) -> dict:
    """The scores of a model; of several averages, those of the best, which it has from now on.

    Args:
        gan: a compiled `GAN`.
        score: function of nothing that scores the model's samples, name → value.

    Returns:
        The scores; with `PowerAverages` also "average_length".
    """
    average = gan.average
    if not isinstance(average, PowerAverages):
        return score()
    rows = []
    for index, length in enumerate(average.lengths):
        average.choose(gan.average_generator, gan.generator, index)
        rows.append({**score(), "average_length": length})
    ranked = [row for row in rows if metric(row)]
    row = min(ranked, key=_rank, default=rows[0])
    average.choose(gan.average_generator, gan.generator, rows.index(row))
    return row


class StopOnPlateau(EveryNSteps):
    """Ends the training once the score has not improved for some scores.

    Args:
        run: `RunDirectory` that has the scores.
        every: int, steps between two scores.
        patience: int, number of scores.
    """

    def __init__(self, run, every: int, patience: int):
        super().__init__(every)
        self.run, self.patience = run, patience

    def on_nth_step(self, step):
        if stands_still(self.run.scores(), self.patience):
            self.model.stop_training = True
