"""The health report: its sentence, its table, its marks."""

import types

import pytest
from matplotlib.figure import Figure

from keras_gan.monitoring.health import plots, report
from keras_gan.run.directory import RunDirectory

EVENTS = [
    {"step": 20, "attempt": 0, "signal": "not finite", "value": None, "threshold": 0.5}
    | {"failure": True, "meaning": "Lower rates."},
    {"step": 0, "attempt": 1, "signal": "rolled back", "from_step": 20, "because": "not finite"}
    | {"learning_rates": {"generator": 1e-4}},
    {"step": 40, "attempt": 1, "signal": "rates restored", "learning_rates": {"generator": 2e-4}},
]
CONFIG = types.SimpleNamespace(model="gan", dataset="ring8")


def test_a_run_without_readings_is_not_called_healthy():
    assert report.verdict([], False) == "Healthy: no signal was raised."
    assert report.verdict([], False, watched=False).startswith("Unknown: ")
    assert report.verdict(EVENTS, False, watched=False).startswith("Recovered: ")


def test_the_table_has_no_nan(tmp_path):
    with RunDirectory(tmp_path / "run") as run:
        for event in EVENTS:
            run.append_event(event)
        report.write(run, CONFIG, "A sentence.")
        page = (run.path / "health.md").read_text()
        run.write_text("operative.flags", "")
    assert "nan" not in page.lower()
    assert "| 1 | 20 | 0 | not finite | not finite | 0.5 | Lower rates. |" in page
    assert "| 2 | 0 | 1 | rolled back |  |  | from step 20, because of “not finite” |" in page
    assert "| 3 | 40 | 1 | rates restored |  |  | learning rates: generator 0.0002 |" in page


@pytest.mark.parametrize(
    "steps, expected",
    [
        ([], []),
        ([10, 50], [(10, "1"), (50, "2")]),
        ([10, 0, 1, 2, 50], [(0, "2-4"), (10, "1"), (50, "5")]),
        ([0, 50, 1, 51, 2, 52, 3], [(0, "1, …, 7"), (50, "2, 4, 6")]),
    ],
)
def test_marks_that_are_near_share_a_label(steps, expected):
    assert plots.labels(steps, near=5) == expected


def test_the_legend_is_beside_the_curves():
    figure = Figure(layout="constrained")
    axes = figure.add_subplot()
    plots.curve(axes, [1, 2], [3, 4], "loss")
    plots.curve(axes, [1], [3], "one reading")
    plots.finish(axes, EVENTS, numbers=True)
    figure.draw_without_rendering()
    legend, place = axes.get_legend().get_window_extent(), axes.get_window_extent()
    assert legend.x0 >= place.x1 and legend.x1 <= figure.bbox.x1
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["loss", "one reading", "failure", "rolled back", "rates restored"]
    assert axes.lines[0].get_marker() == "None" and axes.lines[1].get_marker() == "o"
