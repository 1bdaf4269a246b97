"""Reports of scores: a Markdown table, and pictures."""

import csv
import os
import pathlib
from collections.abc import Mapping, Sequence

import keras
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from keras_gan.evaluation import pictures
from keras_gan.evaluation.evaluator import Evaluator

LARGEST = 300_000  # bytes of a picture
_TILE = 64  # largest side of an image on a page
_MEANINGS = {
    "fd": "Fréchet distance; 0 if equal, compare with the floor",
    "fid": "Fréchet Inception distance; compare with the floor",
    "clean_fid": "the same with clean resizing",
    "kid": "unbiased MMD², cubic kernel; 0 in expectation if equal, may be negative",
    "precision": "share of fakes among the reals (quality)",
    "recall": "share of reals among the fakes (variety)",
    "density": "how densely reals surround fakes; 1 if equal",
    "coverage": "share of reals with a fake nearby",
    "inception_score": "1 to the number of classes; higher is better",
    "class_tv": "total variation of the class shares, 0 to 1",
    "class_agreement": "share of fakes of the requested class",
    "modes": "modes covered",
    "kl": "divergence of the modes from uniform, nats",
    "good_share": "share of points within 3σ of a mode",
    "ms_ssim": "similarity of pairs within a class; above the floor: less variety",
    "nearest_ratio": "distance to the nearest training image over that of held-out reals",
    "copy_share": "share nearer than all but 1 % of held-out reals; 0.01 if nothing is copied",
    "nearer_share": "share nearer to a training image than any other one is; 1 for copies",
    "near_copy_share": "share thrice as near to a training image as to the next; 1 for copies",
    "classifier_accuracy": "of the extractor, on held-out reals",
}


def table(scores: Mapping[str, float | int | str]) -> str:
    """Scores as a Markdown table: score, value, floor (what reals reach), meaning.

    Args:
        scores: a dict as `Evaluator.score` or `compare.compare` returns it.
    """
    endings = ("_floor", "_floor_sd", "_over_floor", "_reals", "_possible", "_sd")
    numbers = {k: v for k, v in scores.items() if isinstance(v, float | int)}
    lines = ["| score | value | floor | meaning |", "|---|---|---|---|"]
    protocol = []
    for name, value in scores.items():
        if name not in numbers:
            protocol.append(f"- {name}: {value}")
            continue
        if any(name.endswith(end) and name.removesuffix(end) in numbers for end in endings):
            continue
        meaning = _meaning(name)
        if not meaning:
            protocol.append(f"- {name}: {value:g}")
            continue
        text = _number(value)
        if f"{name}_sd" in numbers:
            text += f" ± {_number(numbers[f'{name}_sd'])}"
        if f"{name}_possible" in numbers:
            text += f" of {numbers[f'{name}_possible']}"
        floor = numbers.get(f"{name}_floor", numbers.get(f"{name}_reals"))
        floor = "" if floor is None else _number(floor)
        if f"{name}_floor_sd" in numbers:
            floor += f" ± {_number(numbers[f'{name}_floor_sd'])}"
        if f"{name}_over_floor" in numbers:
            text += f" ({numbers[f'{name}_over_floor']:.1f} × floor)"
        lines.append(f"| {name} | {text} | {floor} | {meaning} |")
    return "\n".join([*lines, "", *protocol])


def _meaning(name):
    for start in sorted(_MEANINGS, key=len, reverse=True):
        if name == start or name.startswith(f"{start}_"):
            return _MEANINGS[start]
    return None


def _number(value):
    return f"{value}" if isinstance(value, int) else f"{value:.4g}"


def save_pictures(
    run_path: str | os.PathLike,
    evaluator: Evaluator,
    gan: keras.Model,
    scores: Mapping[str, float | int | str],
) -> list[pathlib.Path]:
    """Saves score curves, a precision-recall plot and nearest neighbours, if available.

    Args:
        run_path: folder of the run; PNGs of at most 300 kB are written to its `evaluation/`.
        evaluator: the `Evaluator`, after its `score`.
        gan: the scored `GAN`; points of a mixture are sampled from it.
        scores: the dict that `score` returned.

    Returns:
        A list of the pictures' paths.

    Raises:
        StorageError: they can't be written.
    """
    run_path = pathlib.Path(run_path)
    figures = {
        "scores": curves(_rows(run_path / "scores.csv")),
        "precision_recall": plane(scores),
        "nearest": neighbours(evaluator.shown),
    }
    if evaluator.points:
        figures["points"] = _points(evaluator.source, gan)
    paths = []
    for name, picture in figures.items():
        if picture is not None:
            paths.append(run_path / "evaluation" / f"{name}.png")
            pictures.save(picture, paths[-1], LARGEST)
    return paths


def _rows(path):
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def curves(rows: Sequence[Mapping[str, str]]) -> np.ndarray | None:
    """Plots scores over the steps, with the floor and its standard deviation.

    Args:
        rows: the rows of scores.csv, each a dict from columns to text.

    Returns:
        uint8 [h, w, 3], or None with fewer than two rows.
    """
    names = [
        name
        for name in (rows[0] if rows else ())
        if name in ("fid", "clean_fid", "modes", "good_share")
        or (name.startswith("fd_") and not name.endswith(("_floor", "_sd")))
    ]
    if len(rows) < 2 or not names:
        return None
    steps = [int(row["step"]) for row in rows]
    figure = Figure(figsize=(7, 2.8 * len(names)), dpi=100, layout="constrained")
    for position, name in enumerate(names, 1):
        axes = figure.add_subplot(len(names), 1, position)
        values = np.array([_float(row.get(name)) for row in rows])
        axes.plot(steps, values, marker="o", markersize=3, label=name)
        floor = _float(rows[-1].get(f"{name}_floor"))
        if np.isfinite(floor):
            spread = np.nan_to_num(_float(rows[-1].get(f"{name}_floor_sd")))
            axes.axhline(floor, color="0.4", linestyle="--", label="floor of reals")
            axes.axhspan(max(floor - spread, floor / 10), floor + spread, color="0.85")
        if name.startswith(("fd_", "fid", "clean")) and np.nanmin(values) > 0:
            axes.set_yscale("log")
        axes.set(xlabel="step", ylabel=name)
        axes.grid(alpha=0.3)
        axes.legend()
    return pictures.render(figure)


def plane(scores: Mapping[str, float | int | str]) -> np.ndarray | None:
    """Plots precision against recall, of fakes and of reals: uint8 [h, w, 3], or None."""
    if "precision" not in scores:
        return None
    figure = Figure(figsize=(4.5, 4.5), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    axes.scatter(scores["recall"], scores["precision"], s=60, label="fakes")
    if "precision_floor" in scores:
        reals = scores["recall_floor"], scores["precision_floor"]
        axes.scatter(*reals, s=60, marker="s", color="0.4", label="reals")
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.set(xlabel="recall (variety)", ylabel="precision (quality)")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left")
    return pictures.render(figure)


def neighbours(shown: Mapping[str, np.ndarray] | None) -> np.ndarray | None:
    """Fakes on the left, each with its nearest training images: uint8 [h, w, c], or None."""
    if shown is None:
        return None
    rows = []
    for fake, nearest in zip(shown["fakes"], shown["nearest"]):
        tiles = [_tile(image) for image in (fake, *nearest)]
        tiles.insert(1, np.full((tiles[0].shape[0], 8, tiles[0].shape[2]), 255, np.uint8))
        rows.append(np.concatenate(tiles, axis=1))
    return np.concatenate(rows)


def _tile(image):
    """Enlarges small images by a factor of 2, reduces large ones; adds a border of 2 pixels."""
    side = max(image.shape[:2])
    if side > _TILE:
        grey = image.shape[-1] == 1
        picture = Image.fromarray(image[..., 0] if grey else image)
        picture.thumbnail((_TILE, _TILE))
        image = np.asarray(picture)
        image = image[..., None] if grey else image
    else:
        image = image.repeat(2, axis=0).repeat(2, axis=1)
    return np.pad(image, ((2, 2), (2, 2), (0, 0)), constant_values=255)


def _points(source, gan):
    reals = source.fetch(np.arange(min(2500, len(source))))[0]
    return pictures.scatter(np.asarray(gan.sample(2500, seed=0)), reals, size=500, legend=True)


def _float(text):
    try:
        return float(text)
    except (TypeError, ValueError):
        return float("nan")
