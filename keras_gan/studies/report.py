"""A study's report, from its result lines alone: `python -m keras_gan.studies.report FOLDER`.

The difference of a variant to the base is paired by seed. Its 95 % interval is Student's; the
p-values of all variants are corrected together (Holm, 1979). With few seeds only large effects
can be seen: the smallest difference that would be found with a power of 0.8 stands beside.
"""

import json
import math
import pathlib
import sys

import numpy as np
import pandas
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy import stats

from keras_gan.studies.results import BASE, read

# The metrics that are looked at, where the runs have them; whether more is better.
METRICS = {"modes": True, "good_share": True, "fd_cnn": False}


def analyse(rows, metric):
    """One row a variant.

    Args:
        rows: result lines, dictionaries with "variant", "seed", "failed" and metrics.
        metric: one of `METRICS`.

    Returns:
        A pandas DataFrame.
    """
    values = {}
    for row in rows:
        value = None if row["failed"] else row.get(metric)
        values.setdefault(row["variant"], {})[row["seed"]] = value
    seconds = pandas.DataFrame(rows).groupby("variant")["seconds"].median()
    base = {seed: v for seed, v in values[BASE].items() if v is not None}
    table = []
    for name, found in values.items():
        good = [v for v in found.values() if v is not None]
        pairs = [(v, base[s]) for s, v in found.items() if v is not None and s in base]
        row = {
            "variant": name,
            "seeds": len(found),
            "failed": len(found) - len(good),
            "mean": float(np.mean(good)) if good else math.nan,
            "sd": float(np.std(good, ddof=1)) if len(good) > 1 else math.nan,
            "cost": float(seconds[name] / seconds[BASE]),
        }
        if name != BASE and len(pairs) > 1:
            difference = np.subtract(*np.array(pairs, float).T)
            row |= _paired(difference)
        table.append(row)
    frame = pandas.DataFrame(table)
    if "p" in frame:
        frame["p_holm"] = _holm(frame["p"].to_numpy())
        frame["verdict"] = [_verdict(row, METRICS[metric]) for _, row in frame.iterrows()]
    return frame


def _paired(difference):
    n = len(difference)
    spread = float(np.std(difference, ddof=1))
    error = spread / math.sqrt(n)
    half = float(stats.t.ppf(0.975, n - 1)) * error
    mean = float(np.mean(difference))
    p = float(2 * stats.t.sf(abs(mean) / error, n - 1)) if error else (1.0 if mean == 0 else 0.0)
    detectable = float(stats.t.ppf(0.975, n - 1) + stats.t.ppf(0.8, n - 1)) * error
    return {
        "pairs": n,
        "difference": mean,
        "low": mean - half,
        "high": mean + half,
        "p": p,
        "detectable": detectable,
    }


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


def write(folder):
    """Writes report.md, report.csv and report-METRIC.png beside results.jsonl.

    The same lines give the same bytes.
    """
    folder = pathlib.Path(folder)
    rows = sorted(
        read(folder), key=lambda row: (row["variant"] != BASE, row["variant"], row["seed"])
    )
    about = json.loads((folder / "study.json").read_text())[BASE]
    text = [
        f"# Study: {folder.name}\n",
        f"{about['model']} on {about['dataset']}, {about['steps']} steps of {about['batch_size']};"
        f" {len(rows)} runs. Differences to the base are paired by seed, with Student's 95 %"
        " interval; p is corrected by Holm over all variants. “Detectable” is the smallest"
        " difference found with power 0.8. Cost is time relative to the base.\n",
    ]
    frames = []
    for metric, more in METRICS.items():
        if not any(row.get(metric) is not None for row in rows):
            continue
        frame = analyse(rows, metric)
        frames.append(frame.assign(metric=metric))
        better = "more is better" if more else "less is better"
        text += [f"## {metric} ({better})\n", _table(frame)]
        if "difference" in frame:
            _picture(frame, metric, better, folder / f"report-{metric}.png")
            text += [f"![differences](report-{metric}.png)\n"]
    pandas.concat(frames).to_csv(folder / "report.csv", index=False, float_format="%.6g")
    (folder / "report.md").write_text("\n".join(text))


def _table(frame):
    columns = ("variant", "seeds", "failed", "mean", "sd", "difference", "95 % interval")
    columns += ("p (Holm)", "detectable", "cost", "verdict")
    lines = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    for _, row in frame.iterrows():
        interval = f"{_number(row.get('low'))} to {_number(row.get('high'))}"
        cells = (
            row["variant"],
            row["seeds"],
            row["failed"],
            _number(row["mean"]),
            _number(row["sd"]),
            _number(row.get("difference")),
            "" if row["variant"] == BASE else interval,
            _number(row.get("p_holm")),
            _number(row.get("detectable")),
            f"{row['cost']:.2f}",
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
    place = np.arange(len(frame))
    error = [frame["difference"] - frame["low"], frame["high"] - frame["difference"]]
    axes.errorbar(frame["difference"], place, xerr=error, fmt="o", color="tab:blue", capsize=3)
    axes.axvline(0, color="0.5", linewidth=1)
    axes.set_yticks(place, frame["variant"])
    axes.set(xlabel=f"difference in {metric} to the base ({better}), paired, 95 % interval")
    axes.grid(axis="x", alpha=0.3)
    figure.savefig(path, metadata={"Software": None})


if __name__ == "__main__":
    write(sys.argv[1])
