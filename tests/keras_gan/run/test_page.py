"""run.png: what is on the page."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from keras_gan.evaluation import pictures
from keras_gan.run import page
from keras_gan.run.directory import RunDirectory


@pytest.fixture
def figures(monkeypatch):
    """The figures that have been saved."""
    saved = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, path: saved.append(figure))
    return saved


def write(tmp_path, readings=(), scores=(), samples=()):
    with RunDirectory(tmp_path / "run") as run:
        for step in readings:
            run.append_reading(step, {"discriminator/loss": 1.0, "generator/loss": 2.0})
        for step, score in scores:
            run.append_score({"step": step, "attempt": 0, "fd_cnn": score, "fd_cnn_floor": 0.1})
        for step in samples:
            picture = np.zeros((8, 8, 1), np.uint8)
            pictures.save(picture, run.samples / f"samples-{step:08d}.png")
        run.write_text("operative.flags", "")
        page.write(run, "a title")


def test_losses_the_score_and_the_steps_of_the_samples(tmp_path, figures):
    write(tmp_path, (10, 20), ((0, 300.0), (20, 20.0)), (5, 10, 20))
    losses, scores, first, last = figures[0].axes
    assert [line.get_label() for line in losses.lines] == list(page.LOSSES)
    assert losses.get_title() == "a title"
    np.testing.assert_array_equal(scores.lines[0].get_xydata(), [[0, 300], [20, 20]])
    assert [axes.get_title() for axes in (first, last)] == [
        "samples at step 5",
        "samples at step 20",
    ]


def test_one_picture_is_shown_once_and_one_reading_as_a_dot(tmp_path, figures):
    write(tmp_path, (10,), (), (10,))
    losses, only = figures[0].axes
    assert {line.get_marker() for line in losses.lines} == {"o"}
    assert only.get_title() == "samples at step 10"


def test_a_page_of_nothing_says_so(tmp_path, figures):
    write(tmp_path)
    (losses,) = figures[0].axes
    assert [text.get_text() for text in losses.texts] == ["no reading"]
