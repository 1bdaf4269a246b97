"""Pictures contain the pixels of their images, and are saved intact."""

import types

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_gan.errors import StorageError
from keras_gan.evaluation import pictures
from keras_gan.rules import priors
from keras_gan.step import randomness


class Generator:
    """Records its arguments; its images are 2×2."""

    latent_dim, prior = 3, priors.Gaussian()

    def __init__(self):
        self.latents = self.labels = None

    def generate(self, latents, labels):
        self.latents, self.labels = latents, labels
        return tf.constant(np.full((len(latents), 2, 2, 1), 7, np.uint8))


def test_an_interpolation_has_a_row_for_each_path_between_its_own_ends():
    gan = Generator()
    picture = pictures.interpolation(gan, rows=2, columns=5, seed=3)
    assert picture.shape == (2 * 3 + 1, 5 * 3 + 1, 1)
    key = randomness.Key.create(3).fold("ends")
    ends = gan.prior.sample(key, (4, 3)).numpy().reshape(2, 2, 3)
    paths = gan.latents.reshape(2, 5, 3)
    np.testing.assert_allclose(paths[:, 0], ends[:, 0], atol=1e-5)
    np.testing.assert_allclose(paths[:, -1], ends[:, 1], atol=1e-5)
    assert gan.labels is None


def test_a_path_keeps_its_label():
    gan = Generator()
    pictures.interpolation(gan, rows=2, columns=3, labels=np.array([4, 9]))
    assert list(gan.labels) == [4, 4, 4, 9, 9, 9]


def test_an_interpolation_of_points_is_a_scatter():
    points = types.SimpleNamespace(
        latent_dim=3,
        prior=priors.Uniform(),
        generate=lambda latents, labels: tf.constant(latents[:, :2]),
    )
    assert pictures.interpolation(points, rows=2, columns=3).shape == (480, 480, 3)


def test_points_are_red_and_the_data_grey():
    far, near = np.full((200, 2), 1.0, np.float32), np.full((200, 2), -1.0, np.float32)
    picture = pictures.scatter(far, near, size=100).astype(int)
    red = np.argwhere(picture[..., 0] - picture[..., 2] > 100)
    grey = np.argwhere(np.abs(picture - 191).max(-1) < 10)
    assert len(red) and len(grey)
    assert red[:, 1].mean() > 50 > red[:, 0].mean()  # columns grow to the right, rows downwards
    assert grey[:, 1].mean() < 50 < grey[:, 0].mean()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_saved_picture_is_read_back_alike(tmp_path, channels):
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, channels), dtype=np.uint8)
    pictures.save(picture, tmp_path / "deep" / "a.png")
    with Image.open(tmp_path / "deep" / "a.png") as image:
        pixels = np.asarray(image)
    np.testing.assert_array_equal(pixels.reshape(picture.shape), picture)


def test_a_picture_that_is_too_large_is_made_smaller(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (200, 100, 3), dtype=np.uint8)
    pictures.save(noise, tmp_path / "a.png", largest=20_000)
    assert (tmp_path / "a.png").stat().st_size <= 20_000
    with Image.open(tmp_path / "a.png") as image:
        width, height = image.size
    assert height == pytest.approx(2 * width, abs=3) and width < 100


def test_a_picture_that_can_not_be_written_is_a_storage_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="a.png"):
        pictures.save(np.zeros((2, 2, 1), np.uint8), tmp_path / "file" / "a.png")
