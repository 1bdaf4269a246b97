"""Pictures of scores."""

import types

import numpy as np
import pytest
from PIL import Image

from keras_gan.data import open_source
from keras_gan.errors import StorageError
from keras_gan.evaluation import pictures, report

SCORES = """step,attempt,fd_cnn,fd_cnn_floor,fd_cnn_floor_sd,fd_cnn_over_floor
0,0,180,0.04,0.02,4500
100,0,20,0.04,0.02,500
200,0,3.5,0.04,0.02,87
"""
FIGURES = {"precision": 0.8, "recall": 0.5, "precision_floor": 0.9, "recall_floor": 0.88}


def evaluator(small, shape):
    images = small.pictures(32, shape=shape)[0]
    shown = {"fakes": images[:8], "nearest": images[8:].reshape(8, 3, *shape)}
    return types.SimpleNamespace(shown=shown, points=False)


@pytest.mark.parametrize("shape", [(28, 28, 1), (256, 256, 3)])
def test_three_pictures_of_at_most_300_kb(small, tmp_path, shape):
    (tmp_path / "scores.csv").write_text(SCORES)
    paths = report.save_pictures(tmp_path, evaluator(small, shape), None, FIGURES)
    assert [path.stem for path in paths] == ["scores", "precision_recall", "nearest"]
    for path in paths:
        assert path.stat().st_size <= 300_000
        assert np.asarray(Image.open(path)).std() > 5


def test_noise_is_reduced_until_it_fits(tmp_path):
    noise = np.random.RandomState(0).randint(256, size=(900, 900, 3)).astype(np.uint8)
    pictures.save(noise, tmp_path / "deep" / "noise.png", report.LARGEST)
    assert (tmp_path / "deep" / "noise.png").stat().st_size <= 300_000


def test_nearest_images_are_right_of_their_fake(small):
    shown = evaluator(small, (28, 28, 1)).shown
    page = report.neighbours(shown)
    assert page.shape == (8 * 60, 4 * 60 + 8, 1)
    first = page[2:58:2, 2:58:2]
    np.testing.assert_array_equal(first, shown["fakes"][0])
    np.testing.assert_array_equal(page[62:118:2, 70:126:2], shown["nearest"][1, 0])


def test_without_data_no_picture_is_drawn(tmp_path):
    evaluated = types.SimpleNamespace(shown=None, points=False)
    assert report.save_pictures(tmp_path, evaluated, None, {"fd_cnn": 1.0}) == []


def test_points_are_drawn_over_those_of_the_data(tmp_path):
    source = open_source("ring8")
    evaluated = types.SimpleNamespace(shown=None, points=True, source=source)
    gan = types.SimpleNamespace(sample=lambda count, seed: np.zeros((count, 2), np.float32))
    (path,) = report.save_pictures(tmp_path, evaluated, gan, {"modes": 0})
    assert path.name == "points.png"


def test_a_folder_that_cant_be_written_is_a_storage_error(tmp_path):
    (tmp_path / "evaluation").write_text("in the way")
    with pytest.raises(StorageError, match="evaluation"):
        pictures.save(np.zeros((4, 4, 1), np.uint8), tmp_path / "evaluation" / "x.png")
