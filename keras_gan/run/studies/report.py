"""A study's report, from its result lines: `python -m keras_gan.run.studies.report FOLDER`."""

import json
import os
import pathlib
import sys

import pandas

from keras_gan.run.studies import comparisons, forest
from keras_gan.run.studies.results import BASE, read


def write(folder: str | os.PathLike) -> None:
    """Writes report.md, report.csv and report-METRIC.png next to results.jsonl.

    The same result lines give the same bytes.

    Args:
        folder: of the study.
    """
    folder = pathlib.Path(folder)
    base, rows = json.loads((folder / "study.json").read_text())[BASE], read(folder)
    text = [
        f"# Study: {folder.name}\n",
        f"{base['model']} on {base['dataset']}, {base['steps']} steps of {base['batch_size']};"
        f" {len(rows)} runs. Differences are paired by seed, with Student's 95 % interval and a"
        " spread pooled over the comparisons (a comparison that spreads more keeps its own); p is"
        " corrected by Benjamini and Hochberg over all comparisons of a table. “Detectable” is the"
        " smallest difference that one such test at 5 % finds with power 0.8, before that"
        " correction. Cost is a run's processor time relative to the base's, in the median.\n",
    ]
    by_metric = comparisons.frames(folder)
    for metric, frame in by_metric.items():
        kind = comparisons.METRICS[metric]
        text += [f"## {kind.title}, {kind.better}\n", _table(frame, kind)]
        if "difference" in frame:
            forest.draw([forest.Panel(folder.name, kind, frame)], folder / f"report-{metric}.png")
            text += [f"![differences](report-{metric}.png)\n", *_sentences(frame, kind)]
    if by_metric:
        table = pandas.concat(frame.assign(metric=name) for name, frame in by_metric.items())
    else:
        text.append("No run gave a metric: all failed, see results.jsonl.\n")
        table = pandas.DataFrame(rows)
    table.to_csv(folder / "report.csv", index=False, float_format="%.6g")
    (folder / "report.md").write_text("\n".join(text))


def _sentences(frame, kind):
    """A sentence for each comparison."""
    for _, row in frame.dropna(subset=["difference"]).iterrows():
        difference, low, high = (_change(row[x], kind) for x in ("difference", "low", "high"))
        yield (
            f"- **{row['variant']}** against {row['against']}: {row['verdict']},"
            f" {kind.title} {difference} ({low} to {high})"
        )
    yield ""


def _table(frame, kind):
    columns = ("variant", "against", "seeds", "failed", "mean", "sd", "difference")
    columns += ("95 % interval", "p (corrected)", "detectable", "cost", "verdict")
    lines = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    for _, row in frame.iterrows():
        ends = (_change(row.get(end), kind) for end in ("low", "high"))
        cells = (
            row["variant"],
            row["against"],
            row["seeds"],
            row["failed"],
            _number(row["mean"]),
            _number(row["sd"]),
            _change(row.get("difference"), kind),
            " to ".join(filter(None, ends)),
            _number(row.get("p_corrected")),
            _change(row.get("detectable"), kind),
            _number(row["cost"]),
            row.get("verdict", ""),
        )
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"


def _number(value):
    return "" if value is None or value != value else f"{value:.3g}"


def _change(value, kind):
    if value is None or value != value:
        return ""
    return f"{100 * value:+.1f} %" if kind.ratio else f"{value:+.3g}"


if __name__ == "__main__":
    write(sys.argv[1])
