"""Forest plots show every comparison of every study."""

import dataclasses

import numpy as np
import pandas
from PIL import Image

from keras_gan.run.studies import forest
from keras_gan.run.studies.comparisons import METRICS, NONE


def panel(title, names):
    rows = [
        {"variant": name, "against": against, "difference": d, "low": d - 1, "high": d + 1}
        for d, (name, against) in enumerate(names)
    ]
    frame = pandas.DataFrame(rows).assign(verdict=NONE)
    return forest.Panel(title, METRICS["modes"], frame)


def test_rows_are_named_by_what_they_are_compared_with():
    rows = panel("grid25", [("flips", "base"), ("noisy", "constant")]).rows()
    assert list(rows) == ["flips", "noisy vs constant"]


def test_each_study_has_a_panel_and_each_variant_a_row(tmp_path):
    one = panel("ring8", [("a", "base"), ("b", "base")])
    more = panel("grid25", [("b", "base"), ("c", "base"), ("d", "base")])
    sizes = []
    for number, panels in enumerate([[one], [one, more]]):
        path = tmp_path / f"{number}.png"
        forest.draw(panels, path)
        with Image.open(path) as picture:
            sizes.append(picture.size)
    (width, height), (wider, higher) = sizes
    assert wider == width + 400 and higher == height + 2 * 28


def test_given_names_are_the_rows_from_the_top(tmp_path):
    one = panel("ring8", [("a", "base"), ("b", "base"), ("c", "base")])
    heights = []
    for number, names in enumerate([None, ["c", "a", "not in any study"]]):
        forest.draw([one], tmp_path / f"{number}.png", names)
        with Image.open(tmp_path / f"{number}.png") as picture:
            heights.append(picture.height)
    assert heights[0] == heights[1] + 28  # a row less


def test_a_huge_change_leaves_the_others_where_they_are(tmp_path):
    plots = []
    for huge in (10.0, 20.0):
        one = panel("images", [("a", "base"), ("b", "base")])
        one.frame.loc[1, ["difference", "low", "high"]] = huge
        one = dataclasses.replace(one, metric=METRICS["fd_cnn"])
        forest.draw([one], tmp_path / "plot.png", ["b", "a"])
        with Image.open(tmp_path / "plot.png") as picture:
            plots.append(np.asarray(picture.convert("L"), int))
    changed = np.flatnonzero(np.abs(plots[0] - plots[1]).any(1))
    assert 0 < np.ptp(changed) < 20  # the number that is written, and neither axis nor "a"
