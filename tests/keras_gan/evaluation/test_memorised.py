"""The check at the end of a training: copies are seen as copies, mirror images too."""

import numpy as np
from PIL import Image

from keras_gan.data.source import Source
from keras_gan.evaluation import memorised


def smooth(count, seed):
    small = np.random.default_rng(seed).integers(0, 256, (count, 6, 6, 3), np.uint8)
    return np.stack([np.asarray(Image.fromarray(image).resize((28, 28))) for image in small])


SOURCE = Source("x", (28, 28, 3), images=smooth(60, 0))


def test_copies_and_new_pictures():
    shares, shown = memorised.check(
        SOURCE, lambda count, seed: np.resize(SOURCE.images, (count, 28, 28, 3))
    )
    assert set(shares.values()) == {1.0} and shown["nearest"].shape == (8, 1, 28, 28, 3)
    np.testing.assert_array_equal(shown["fakes"], shown["nearest"][:, 0])
    new, _ = memorised.check(SOURCE, lambda count, seed: smooth(count, 1))
    assert new["nearer_share"] < 0.7 and new["near_copy_share"] < 0.05


def test_mirror_images():
    def mirrored(count, seed):
        return np.resize(SOURCE.images[:, :, ::-1], (count, 28, 28, 3))

    shares, shown = memorised.check(SOURCE, mirrored, mirror=True)
    assert set(shares.values()) == {1.0}
    np.testing.assert_array_equal(shown["fakes"], shown["nearest"][:, 0])
    assert memorised.check(SOURCE, mirrored)[0]["near_copy_share"] < 0.05


def test_only_few_pictures_are_checked():
    assert memorised.applies(SOURCE)
    assert not memorised.applies(Source("x", (28, 28, 3), count=memorised.LARGEST))
    assert not memorised.applies(Source("ring8", (2,), count=100))
