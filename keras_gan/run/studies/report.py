"""A study's report, from its result lines alone: `python -m keras_gan.run.studies.report FOLDER`.

The difference between a variant and its reference, usually the base, is paired by seed. Its 95 %
interval is Student's; the p-values of all comparisons are corrected together (Holm, 1979). With few
seeds only large effects can be detected, so the report includes the smallest difference that a
single test would detect with power 0.8.
"""

import json
import math
import os
import pathlib
import sys
from collections.abc import Mapping, Sequence

import numpy as np
import pandas
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy import stats

from keras_gan.run.studies.results import BASE, read

# The metrics to compare, if the runs have them, and whether more is better.
METRICS = {"modes": True, "good_share": True, "fd_cnn": False}


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
        A data frame with one row per comparison.
    """
    values = {}
    for row in rows:
        value = None if row["failed"] else row.get(metric)
        values.setdefault(row["variant"], {})[row["seed"]] = value
    # Processor time, because wall-clock time depends on the machine's other load.
    seconds = {
        name: np.median([row.get("processor_seconds", math.nan) for row in rows_of])
        for name, rows_of in _by_variant(rows).items()
    }
    table = []
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
            row = {**summary, "against": other}
            if len(pairs) > 1:
                row |= _paired(np.subtract(*np.array(pairs, float).T))
            table.append(row)
    frame = pandas.DataFrame(table)
    if "p" in frame:
        frame["p_holm"] = _holm(frame["p"].to_numpy())
        frame["verdict"] = [_verdict(row, METRICS[metric]) for _, row in frame.iterrows()]
    return frame


def _by_variant(rows):
    groups = {}
    for row in rows:
        groups.setdefault(row["variant"], []).append(row)
    return groups


def _paired(difference):
    n = len(difference)
    spread = float(np.std(difference, ddof=1))
    error = spread / math.sqrt(n)
    half = float(stats.t.ppf(0.975, n - 1)) * error
    mean = float(np.mean(difference))
    p = float(2 * stats.t.sf(abs(mean) / error, n - 1)) if error else (1.0 if mean == 0 else 0.0)
    return {
        "pairs": n,
        "difference": mean,
        "low": mean - half,
        "high": mean + half,
        "p": p,
        "detectable": detectable(n) * spread,
    }


def detectable(pairs: int) -> float:
    """The smallest difference that a paired t test at 5 % detects with power 0.8.

    Args:
        pairs: number of seeds.

    Returns:
        The difference in standard deviations of the paired difference; infinite for one pair.
    """
    if pairs < 2:
        return math.inf
    quantiles = stats.t.ppf(0.975, pairs - 1) + stats.t.ppf(0.8, pairs - 1)
    return float(quantiles) / math.sqrt(pairs)


def _holm(p):
    """Holm's step-down correction; NaN stays NaN."""
    corrected = np.full(len(p), math.nan)
    order = [i for i in np.argsort(p) if not math.isnan(p[i])]
    running = 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, p[i] * (len(order) - rank)))
        corrected[i] = running
    return corrected


def _verdict(row, more):
    if row["variant"] == BASE or math.isnan(row.get("p_holm", math.nan)):
        return ""
    if row["p_holm"] >= 0.05:
        return "no effect seen at this size"
    return "helps" if (row["difference"] > 0) == more else "hurts"


def write(folder: str | os.PathLike) -> None:
    """Writes report.md, report.csv and report-METRIC.png next to results.jsonl.

    The same result lines give the same bytes.

    Args:
        folder: of the study.
    """
    folder = pathlib.Path(folder)
    rows = sorted(
        read(folder), key=lambda row: (row["variant"] != BASE, row["variant"], row["seed"])
    )
    study = json.loads((folder / "study.json").read_text())
    base, order = study[BASE], {name: index for index, name in enumerate(study)}
    rows.sort(key=lambda row: order.get(row["variant"], len(order)))  # in the order of the study
    against = {name: settings.get("against") for name, settings in study.items()}
    text = [
        f"# Study: {folder.name}\n",
        f"{base['model']} on {base['dataset']}, {base['steps']} steps of {base['batch_size']};"
        f" {len(rows)} runs. Differences are paired by seed, with Student's 95 % interval; p is"
        " corrected by Holm over all comparisons of a table. “Detectable” is the smallest"
        " difference that a paired t test at 5 % finds with power 0.8, before that correction."
        " Cost is a run's processor time relative to the base's, in the median.\n",
    ]
    frames = []
    for metric, more in METRICS.items():
        if not any(row.get(metric) is not None for row in rows):
            continue
        frame = analyse(rows, metric, against)
        frames.append(frame.assign(metric=metric))
        better = "more is better" if more else "less is better"
        text += [f"## {metric} ({better})\n", _table(frame)]
        if "difference" in frame:
            _picture(frame, metric, better, folder / f"report-{metric}.png")
            text += [f"![differences](report-{metric}.png)\n", *_sentences(frame, metric)]
    if not frames:
        text.append("No run gave a metric: all failed, see results.jsonl.\n")
        frames = [pandas.DataFrame(rows)]
    pandas.concat(frames).to_csv(folder / "report.csv", index=False, float_format="%.6g")
    (folder / "report.md").write_text("\n".join(text))


def _sentences(frame, metric):
    """A sentence for each comparison."""
    for _, row in frame.dropna(subset=["difference"]).iterrows():
        yield (
            f"- **{row['variant']}** against {row['against']}: {row['verdict']}"
            f" ({metric} {row['difference']:+.3g}, {row['low']:+.3g} to {row['high']:+.3g})"
        )
    yield ""


def _table(frame):
    columns = ("variant", "against", "seeds", "failed", "mean", "sd", "difference")
    columns += ("95 % interval", "p (Holm)", "detectable", "cost", "verdict")
    lines = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    for _, row in frame.iterrows():
        interval = " to ".join(filter(None, (_number(row.get(end)) for end in ("low", "high"))))
        cells = (
            row["variant"],
            row["against"],
            row["seeds"],
            row["failed"],
            _number(row["mean"]),
            _number(row["sd"]),
            _number(row.get("difference")),
            "" if row["variant"] == BASE else interval,
            _number(row.get("p_holm")),
            _number(row.get("detectable")),
            _number(row["cost"]),
            row.get("verdict", ""),
        )
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"


def _number(value):
    return "" if value is None or value != value else f"{value:.3g}"


def _picture(frame, metric, better, path):
    frame = frame.dropna(subset=["difference"]).sort_values("difference")
    figure = Figure(figsize=(8, 1.2 + 0.28 * len(frame)), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    positions = np.arange(len(frame))
    error = [frame["difference"] - frame["low"], frame["high"] - frame["difference"]]
    axes.errorbar(frame["difference"], positions, xerr=error, fmt="o", color="tab:blue", capsize=3)
    axes.axvline(0, color="0.5", linewidth=1)
    names = [
        variant if other == BASE else f"{variant} vs {other}"
        for variant, other in zip(frame["variant"], frame["against"])
    ]
    axes.set_yticks(positions, names, fontsize=8)
    axes.set(xlabel=f"difference in {metric} ({better}), paired, 95 % interval")
    axes.grid(axis="x", alpha=0.3)
    figure.savefig(path, metadata={"Software": None})


if __name__ == "__main__":
    write(sys.argv[1])
