"""The measured effects of docs/tips.md, from the studies' result lines.

    python -m benchmarks.effects --write

Writes the table of each tip and the forest plot of all. A study that has not been run, or lacks a
variant, leaves its cells empty.
"""

import argparse
import dataclasses
import functools
import pathlib
import sys
from collections.abc import Sequence

import pandas

from benchmarks import common, made
from keras_gan.run.studies import comparisons, forest
from keras_gan.run.studies.results import BASE

PAGE = pathlib.Path("docs/tips.md")
PICTURE = "images/effects.png"
STUDIES = pathlib.Path("docs/studies")


@dataclasses.dataclass(frozen=True)
class Column:
    """A metric of a study.

    Attributes:
        study: str, its folder in docs/studies and its flagfile.
        title: str, of the column and the panel.
        metric: str, a name in `comparisons.METRICS`.
    """

    study: str
    title: str
    metric: str


COLUMNS = (
    Column("tips_ring8", "modes of 8", "modes"),
    Column("tips_grid25", "modes of 25", "modes"),
    Column("losses_grid25", "modes of 25 (losses)", "modes"),
    Column("findings_emoji", "emoji: FD", "fd_cnn"),
    Column("tips_fashion_mnist", "Fashion-MNIST: FD", "fd_cnn"),
    Column("tips_fashion_mnist", "precision", "precision"),
    Column("tips_fashion_mnist", "recall", "recall"),
)
IMAGES = {"tips_fashion_mnist": "Fashion-MNIST", "findings_emoji": "emoji"}  # study → its data
TIMED = "tips_fashion_mnist"  # the study whose times are shown
PRIMARY = ("modes", "fd_cnn")  # metrics whose verdicts are summed up and drawn
VERDICTS = {comparisons.HELPS: "**helps**", comparisons.HURTS: "**hurts**"}

# The comparisons of each section: variants, or (variant, what it is compared with).
SECTIONS: dict[str, tuple[str | tuple[str, str], ...]] = {
    "tip 2": ("minimax",),
    "tip 3": ("Gaussian z", "uniform z", "z on a sphere"),
    "tip 4": (
        "batch norm",
        "batch norm, one batch",
        ("batch norm, one batch", "batch norm"),
        "one batch",
        "instance norm",
    ),
    "tip 5": ("LeakyReLU", "sparse gradients", "ReLU", "max pooling", "nearest upsampling"),
    "tip 6": (
        "constant soft labels",
        "noisy soft labels",
        ("noisy soft labels", "constant soft labels"),
        "one-sided smoothing",
        "constant twin of flips",
        "flips",
        ("flips", "constant twin of flips"),
    ),
    "tip 7": ("VAE-GAN", "KL-GAN"),
    "tip 8": (
        "replay",
        "past players",
        "target networks",
        "Ornstein-Uhlenbeck z",
        "small last layers",
        "weight decay on D",
        "lower rate for G",
        "DDPG set",
    ),
    "tip 9": ("SGD for D",),
    "tip 11": ("threshold loop", "three times as long", ("threshold loop", "three times as long")),
    "tip 12": ("AC-GAN", "projection"),
    "tip 13": ("input noise", "noise in G"),
    "tip 14": ("two D turns",),
    "tip 15": ("minibatch stddev",),
    "tip 16": (("projection and label map", "projection"),),
    "tip 17": ("dropout in G",),
    "losses": (
        "least squares, no penalty",
        "hinge, no penalty",
        "wasserstein, gradient penalty",
        "relativistic, no penalty",
        "relativistic, R1 and R2",
    ),
    "R1 and R2": ("non-saturating, R1", "non-saturating, R1 and R2"),
    "WGAN-GP and DRAGAN": ("non-saturating, gradient penalty", "non-saturating, DRAGAN"),
    "LeCam": ("LeCam", "non-saturating, LeCam"),
    "DiffAugment": ("DiffAugment",),
    "spectral norm": ("spectral norm, hinge",),
    "clipped weights": ("wasserstein, clipped weights",),
    "moving average of G": (
        "moving average of G",
        "no average of G",
        ("constant rates, no average", "constant rates"),
    ),
    "schedules": ("constant rates",),
    "packing": ("packing",),
    "SAN": ("SAN",),
    "self-modulation": ("self-modulation",),
}


TITLES = {
    "tip 2": "2, non-saturating loss",
    "tip 3": "3, Gaussian prior",
    "tip 4": "4, separate batches, normalisation",
    "tip 5": "5, no sparse gradients",
    "tip 6": "6, soft and noisy labels",
    "tip 7": "7, hybrids",
    "tip 8": "8, tricks from reinforcement learning",
    "tip 9": "9, Adam for G, SGD for D",
    "tip 11": "11, no balancing by statistics",
    "tip 12": "12, use labels",
    "tip 13": "13, noise that decays",
    "tip 14": "14, more D steps",
    "tip 15": "15, minibatch discrimination",
    "tip 16": "16, label embedding",
    "tip 17": "17, dropout in G",
}  # of the other sections their names


@functools.cache
def comparisons_of(column: Column) -> dict[tuple[str, str], pandas.Series]:
    """The comparisons of a study: (variant, against) → row; none if it has not been run."""
    folder = STUDIES / column.study
    if not (folder / "results.jsonl").exists():
        return {}
    frame = comparisons.frames(folder).get(column.metric, pandas.DataFrame())
    if "difference" not in frame:
        return {}
    compared = frame.dropna(subset=["difference"])
    return {(row["variant"], row["against"]): row for _, row in compared.iterrows()}


def pairs(section: str) -> list[tuple[str, str]]:
    """The comparisons of a section, (variant, against)."""
    return [one if isinstance(one, tuple) else (one, BASE) for one in SECTIONS[section]]


def table(section: str) -> list[str]:
    """A section's table: a row per comparison, a column per study and metric that has any."""
    asked = pairs(section)
    columns = [
        column for column in COLUMNS if any(pair in comparisons_of(column) for pair in asked)
    ]
    timed = [column for column in columns if column.study == TIMED]
    rows = []
    for pair in asked:
        cells = [_cell(comparisons_of(column).get(pair), column) for column in columns]
        if any(cells):
            row = comparisons_of(timed[0]).get(pair) if timed else None
            cost = [f"{row['cost']:.2f}" if row is not None else ""] if timed else []
            rows.append((_name(pair), *(cell or "–" for cell in cells + cost)))
    if not rows:
        return ["Not measured yet."]
    titles = ("measured effect", *(column.title for column in columns))
    return common.table((*titles, "time") if timed else titles, rows)


def summary() -> list[str]:
    """The table of all verdicts: a row per section, columns for points and each set of images."""
    groups = {
        "points": [column for column in COLUMNS if column.study not in IMAGES],
        **{
            f"{title} (FD)": [column for column in COLUMNS if column.study == study]
            for study, title in IMAGES.items()
        },
    }
    rows = [
        (TITLES.get(section, section), *(_verdicts(section, group) for group in groups.values()))
        for section in SECTIONS
    ]
    return common.table(("tip or method", *groups), rows)


def _verdicts(section, columns):
    """What helps and what hurts, by the modes or the FD of any of the columns' studies."""
    names_by_verdict = {}
    for pair in pairs(section):
        rows = [comparisons_of(column).get(pair) for column in columns if column.metric in PRIMARY]
        verdicts = {row["verdict"] for row in rows if row is not None}
        for verdict in verdicts - {comparisons.NONE} or verdicts:
            names_by_verdict.setdefault(verdict, []).append(_name(pair))
    said = [
        f"{VERDICTS[verdict]}: {', '.join(names_by_verdict[verdict])}"
        for verdict in VERDICTS
        if verdict in names_by_verdict
    ]
    return "; ".join(said) or ("no effect seen" if names_by_verdict else "not measured")


def _name(pair):
    variant, against = pair
    return f"`{variant}`" if against == BASE else f"`{variant}` against `{against}`"


def _cell(row, column):
    if row is None:
        return ""
    kind = comparisons.METRICS[column.metric]
    difference, low, high = (
        f"{100 * row[end]:+.0f}" if kind.ratio else f"{row[end]:+.{_digits(column)}f}"
        for end in ("difference", "low", "high")
    )
    unit = " %" if kind.ratio else ""
    verdict = VERDICTS.get(row["verdict"])
    return f"{difference}{unit} ({low} to {high})" + (f", {verdict}" if verdict else "")


def _digits(column):
    return 1 if column.metric == "modes" else 2


def picture(path: pathlib.Path) -> None:
    """The forest plot: a row per comparison in the page's order, a panel per study."""
    names = [forest.row_name(*pair) for section in SECTIONS for pair in pairs(section)]
    panels = []
    for column in COLUMNS:
        rows = comparisons_of(column)
        if rows and column.metric in PRIMARY:
            frame = pandas.DataFrame(list(rows.values()))
            panels.append(forest.Panel(column.title, comparisons.METRICS[column.metric], frame))
    forest.draw(panels, path, names)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the tables or writes them into the page; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="into the page, with the plot")
    given = parser.parse_args(argv)
    sections = {f"effect of {section}": table(section) for section in SECTIONS}
    sections["effects"] = summary()
    for name, lines in sections.items():
        if given.write:
            common.replace_section(PAGE, name, lines)
        else:
            print("\n".join([f"\n{name}", *lines]))
    if given.write:
        picture(PAGE.parent / PICTURE)
        made.stamp(PICTURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
