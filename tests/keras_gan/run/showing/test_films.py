"""A film has the frames, the length and the size that were asked for."""

import numpy as np
import pytest
from PIL import Image

import models
from keras_gan.errors import UsageError
from keras_gan.rules import priors
from keras_gan.run.showing import extras, films
from keras_gan.step import randomness


@pytest.fixture
def frames():
    """Ten frames 7×9 whose grey tells their number; every second one has a white corner."""
    frames = np.zeros((10, 7, 9, 1), np.uint8)
    frames += np.arange(0, 200, 20, dtype=np.uint8)[:, None, None, None]
    frames[::2, 0, 0] = 255
    return frames


@pytest.mark.parametrize("kind, rate", [("gif", 8), ("webp", 24)])
def test_an_animation_plays_as_long_as_asked(frames, tmp_path, kind, rate):
    path = tmp_path / f"film.{kind}"
    films.save(frames, path, frame_rate=rate, zoom=3)
    with Image.open(path) as film:
        assert film.size == (27, 21) and film.n_frames == 10
        assert film.info["loop"] == 0
        lengths, greys = [], []
        for number in range(10):
            film.seek(number)
            film.load()
            lengths.append(film.info["duration"])
            greys.append(np.asarray(film.convert("L"))[-1, -1])
        assert sum(lengths) == pytest.approx(1000 * 10 / rate, abs=10)
        np.testing.assert_allclose(greys, np.arange(0, 200, 20), atol=1)


def test_an_mp4_has_even_sides_and_every_frame(frames, tmp_path):
    av = pytest.importorskip("av")
    films.save(frames, tmp_path / "film.mp4", frame_rate=5, zoom=3)
    with av.open(str(tmp_path / "film.mp4")) as film:
        stream = film.streams.video[0]
        assert (stream.width, stream.height) == (28, 22)
        assert float(stream.duration * stream.time_base) == pytest.approx(2.0)
        decoded = [frame.to_ndarray(format="rgb24") for frame in film.decode(stream)]
    assert len(decoded) == 10
    greys = [frame[-4, -4, 0] for frame in decoded]
    np.testing.assert_allclose(greys, np.arange(0, 200, 20), atol=6)


def test_durations_add_up_in_whole_units():
    # 41.7, 83.3, 125, 166.7, 208.3, 250: to tens, and a half to the even one
    assert films.durations(6, 24, 10) == [40, 40, 40, 50, 40, 40]
    assert sum(films.durations(48, 24, 10)) == 2000


def test_a_film_is_enlarged_to_be_seen():
    small = np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1)
    large = films.enlarged(small)
    assert large.shape == (1, 256, 256, 3)
    np.testing.assert_array_equal(large[:, ::128, ::128, :1], small)
    assert films.enlarged(np.zeros((1, 300, 400, 3), np.uint8)).shape == (1, 300, 400, 3)


def test_what_is_missing_is_said_in_one_sentence(frames, tmp_path, monkeypatch):
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"--format=mp4: needs the package av; pip install"):
        films.save(frames, tmp_path / "film.mp4")
    assert not (tmp_path / "film.mp4").exists()
    with pytest.raises(UsageError, match="ending is one of mp4, gif, webp"):
        films.save(frames, tmp_path / "film.avi")


@pytest.mark.parametrize("prior", ["gaussian", "uniform", "hypersphere"])
def test_a_walk_closes_with_a_step_like_any_other(prior):
    """From the last frame to the first the images change as they do around that place."""
    prior = priors.PRIORS[prior]()
    gan = models.REGISTRY["dcgan"](image_shape=(28, 28, 1), width=4, latent_dim=8, prior=prior)
    for variable in gan.average_generator.variables:  # so that images differ
        variable.assign(variable * (4.0 if len(variable.shape) > 1 else 1.0))
    points = prior.sample(randomness.Key.create(0), (6, 8)).numpy().reshape(2, 3, 8)
    frames = films.walk_frames(gan, points, 48).astype(float)
    steps = np.abs(frames - np.roll(frames, 1, axis=0)).mean((1, 2, 3))  # the first one closes
    neighbours = steps[[-2, -1, 1, 2]]
    assert 0.3 * neighbours.min() < steps[0] < 2.0 * neighbours.max()
    jump = np.abs(frames[24] - frames[0]).mean()
    assert steps[0] < 0.5 * jump
