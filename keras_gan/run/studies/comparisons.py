"""Compares the variants of a study, from its result lines.

The statistics are fixed here, before any run. The difference between a variant and its reference,
usually the base, is paired by seed. Its spread is pooled over all comparisons of a table, since
few seeds say little about their own spread; a comparison that spreads more than that keeps its own.
Intervals are Student's at 95 %. The p-values of a table are corrected together for a false
discovery rate of 5 % (Benjamini & Hochberg, 1995). Fréchet distances are compared by their ratio,
as their spread grows with their size. Each comparison has the smallest difference that a single
test would detect with power 0.8.
"""

import dataclasses
import json
import math
import os
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas
from scipy import stats

from keras_gan.run.studies.results import BASE, read

LEVEL = 0.05
HELPS, HURTS, NONE = "helps", "hurts", "no effect seen at this size"  # the verdicts


@dataclasses.dataclass(frozen=True)
class Metric:
    """How a metric is compared.

    Args:
        title: what pictures call it.
        more: whether more is better.
        ratio: whether values are compared by their ratio rather than their difference. Defaults
            to False.
    """

    title: str
    more: bool
    ratio: bool = False

    @property
    def better(self) -> str:
        return "more is better" if self.more else "less is better"

    def scale(self, values: np.ndarray) -> np.ndarray:
        """Values as they are subtracted."""
        return np.log(values) if self.ratio else values

    def change(self, difference: float) -> float:
        """A difference of scaled values as the reader sees it: relative if by ratio."""
        return math.expm1(difference) if self.ratio else difference


# Those that the runs have are compared.
METRICS = {
    "modes": Metric("modes", more=True),
    "good_share": Metric("good share", more=True),
    "fd_cnn": Metric("FD (CNN)", more=False, ratio=True),
    "fd_search_cnn": Metric("FD (search CNN)", more=False, ratio=True),
    "precision": Metric("precision", more=True),
    "recall": Metric("recall", more=True),
}


def analyse(
    rows: Sequence[Mapping[str, object]],
    metric: str,
    against: Mapping[str, Sequence[str]] | None = None,
) -> pandas.DataFrame:
    """Compares each variant with the base or with other variants.

    Args:
        rows: result lines, dicts with "variant", "seed", "failed" and metrics.
        metric: one of `METRICS`.
        against: dict from variants to the names of those they are compared with; if missing, the
            base. Defaults to None.

    Returns:
        A data frame with one row per comparison; "difference", "low", "high" and "detectable" are
        relative changes for a metric that is compared by its ratio.
    """
    kind, values = METRICS[metric], {}
    for row in rows:
        value = None if row["failed"] else row.get(metric)
        values.setdefault(row["variant"], {})[row["seed"]] = value
    # Processor time, because wall-clock time depends on the machine's other load.
    seconds = {
        name: np.median([row.get("processor_seconds", math.nan) for row in rows_of])
        for name, rows_of in _by_variant(rows).items()
    }
    table, differences = [], []
    for name, by_seed in values.items():
        good = [v for v in by_seed.values() if v is not None]
        summary = {
            "variant": name,
            "seeds": len(by_seed),
            "failed": len(by_seed) - len(good),
            "mean": float(np.mean(good)) if good else math.nan,
            "sd": float(np.std(good, ddof=1)) if len(good) > 1 else math.nan,
            "cost": float(seconds[name] / seconds[BASE]),
        }
        others = (against or {}).get(name) or [BASE]
        for other in others if name != BASE else [""]:
            reference = values.get(other, {})
            pairs = [
                (v, reference[s])
                for s, v in by_seed.items()
                if v is not None and reference.get(s) is not None
            ]
            table.append({**summary, "against": other})
            enough = len(pairs) > 1
            differences.append(np.subtract(*kind.scale(np.array(pairs, float)).T) if enough else ())
    pooled = pooled_spread(differences)
    for row, difference in zip(table, differences):
        if len(difference):
            row |= _compared(difference, pooled, kind)
    frame = pandas.DataFrame(table)
    if "p" in frame:
        frame["p_corrected"] = benjamini_hochberg(frame["p"].to_numpy())
        frame["verdict"] = [_verdict(row, kind.more) for _, row in frame.iterrows()]
    return frame


def _by_variant(rows):
    groups = {}
    for row in rows:
        groups.setdefault(row["variant"], []).append(row)
    return groups


def pooled_spread(differences: Sequence[Sequence[float]]) -> tuple[float, int]:
    """The common standard deviation of several sets of differences.

    Args:
        differences: of each comparison, floats; those with fewer than two are left out.

    Returns:
        The standard deviation, and its degrees of freedom; NaN and 0 without any.
    """
    groups = [np.asarray(group) for group in differences if len(group) > 1]
    freedom = sum(len(group) - 1 for group in groups)
    if not freedom:
        return math.nan, 0
    squares = sum(float(np.sum((group - group.mean()) ** 2)) for group in groups)
    return math.sqrt(squares / freedom), freedom


def _compared(difference, pooled, kind):
    n, own = len(difference), float(np.std(difference, ddof=1))
    spread, freedom = max(pooled, (own, n - 1))
    error = spread / math.sqrt(n)
    half = float(stats.t.ppf(1 - LEVEL / 2, freedom)) * error
    mean = float(np.mean(difference))
    p = float(2 * stats.t.sf(abs(mean) / error, freedom)) if error else float(mean == 0)
    return {
        "pairs": n,
        "difference": kind.change(mean),
        "low": kind.change(mean - half),
        "high": kind.change(mean + half),
        "p": p,
        "detectable": kind.change(detectable(n, freedom) * spread),
    }


def detectable(pairs: int, freedom: int | None = None) -> float:
    """The smallest difference that a paired t test at 5 % detects with power 0.8.

    Args:
        pairs: number of seeds.
        freedom: degrees of freedom of the spread. Defaults to None, those of the pairs alone.

    Returns:
        The difference in standard deviations of the paired difference; infinite for one pair.
    """
    if pairs < 2:
        return math.inf
    freedom = freedom or pairs - 1
    quantiles = stats.t.ppf(1 - LEVEL / 2, freedom) + stats.t.ppf(0.8, freedom)
    return float(quantiles) / math.sqrt(pairs)


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """p-values corrected for the false discovery rate (Benjamini & Hochberg, 1995).

    Args:
        p: float [n]; NaN stays NaN and does not count.

    Returns:
        float [n]; those up to q are the discoveries at a rate of q.
    """
    corrected, known = np.full(len(p), math.nan), ~np.isnan(p)
    if known.any():
        corrected[known] = stats.false_discovery_control(p[known])
    return corrected


def _verdict(row, more):
    if row["variant"] == BASE or math.isnan(row.get("p_corrected", math.nan)):
        return ""
    if row["p_corrected"] >= LEVEL:
        return NONE
    return HELPS if (row["difference"] > 0) == more else HURTS


def frames(folder: str | os.PathLike) -> dict[str, pandas.DataFrame]:
    """The comparisons of a study: metric → data frame, of the metrics that its runs have.

    Args:
        folder: of the study.
    """
    rows, study = read(folder), json.loads((pathlib.Path(folder) / "study.json").read_text())
    order = {name: index for index, name in enumerate(study)}  # that of the study, the base first
    rows.sort(
        key=lambda row: (
            row["variant"] != BASE,
            order.get(row["variant"], len(order)),
            row["variant"],
            row["seed"],
        )
    )
    against = {name: settings.get("against") for name, settings in study.items()}
    return {
        metric: analyse(rows, metric, against)
        for metric in METRICS
        if any(row.get(metric) is not None for row in rows)
    }
