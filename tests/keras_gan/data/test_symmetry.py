"""Which data have a left and a right, and which don't."""

import numpy as np
import pytest
from PIL import Image

from keras_gan.data import symmetry
from keras_gan.data.survey import survey


def test_mirrored_data_are_symmetric():
    images = np.random.default_rng(0).random((50, 8, 6, 3))
    both = np.concatenate([images, images[:, :, ::-1]])
    assert symmetry.asymmetry(both) == 0.0
    assert symmetry.asymmetry(images) < symmetry.ASYMMETRIC  # noise has no sides
    assert symmetry.asymmetry(np.zeros((4, 8, 8, 1))) == 0.0


def test_a_constant_gradient_is_asymmetric():
    side = np.linspace(0, 1, 8)[None, None, :, None]
    noise = np.random.default_rng(0).standard_normal((100, 8, 8, 1))
    # The odd part's square is that of the gradient, the variance 1 per pixel.
    expected = np.mean((side - 0.5) ** 2) - 1 / 100
    assert symmetry.asymmetry(side + noise) == pytest.approx(expected, rel=0.2)


def test_shoes_point_one_way_and_shirts_do_not(fashion_mnist, tmp_path):
    for label, asymmetric in ((7, True), (9, True), (0, False), (6, False)):
        images = fashion_mnist.images[fashion_mnist.labels == label][:120]
        folder = tmp_path / str(label)
        folder.mkdir()
        for number, image in enumerate(images):
            Image.fromarray(image[..., 0]).save(folder / f"{number}.png")
        (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:200])
        np.savez(tmp_path / f"{label}.npz", images=images)
        for name in (f"folder:{folder}", f"npz:{tmp_path / f'{label}.npz'}"):
            seen = survey(name)
            assert (symmetry.of_survey(seen) > symmetry.ASYMMETRIC) == asymmetric, name
