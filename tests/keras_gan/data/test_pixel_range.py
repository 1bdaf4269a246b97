"""The range of pixels is decided once, and held to."""

import numpy as np
import pytest

from keras_gan.data.pixel_range import PixelRange, decide
from keras_gan.errors import UsageError


def images(low, high, dtype=np.float32):
    values = np.linspace(low, high, 16 * 4)
    return values.reshape(4, 4, 4, 1).astype(dtype)


@pytest.mark.parametrize(
    "low, high, dtype, limits",
    [
        (0, 255, np.uint8, (0, 255)),
        (0, 200, np.int64, (0, 255)),
        (0, 1, np.float32, (0, 1)),
        (0, 1.0000001, np.float64, (0, 1)),  # rounding
        (-1, 1, np.float16, (-1, 1)),
        (0, 255, np.float64, (0, 255)),
        (0, 1, bool, (0, 1)),
    ],
)
def test_what_all_images_show(low, high, dtype, limits):
    assert decide(images(low, high, dtype)).limits == limits


@pytest.mark.parametrize(
    "low, high, dtype",
    [
        (0, 1.0015, float),
        (0, 1.02, float),
        (-1, 1.1, float),
        (0, 256.0, float),
        (0, 1, np.uint8),
        (-1, 9, int),
    ],
)
def test_what_could_mean_two_things(low, high, dtype):
    with pytest.raises(UsageError, match="pixel_range="):
        decide(images(low, high, dtype))


def test_stray_pixels_do_not_make_the_others_black():
    stray = images(0, 1)
    stray = np.concatenate([stray] * 4)
    stray[0, 0, 0, 0] = 200.0
    with pytest.raises(UsageError, match="at most 1, as in .0, 1. with stray pixels: say which"):
        decide(stray)
    assert decide(stray, (0, 255)).limits == (0, 255)
    dark = np.zeros((4, 4, 4, 1))
    dark[0] = 12.5  # a dark picture among black ones is one
    assert decide(dark).limits == (0, 255)


def test_a_first_batch_shows_less():
    with pytest.raises(UsageError, match="first batch"):
        decide(images(0, 1), whole=False)
    assert decide(images(-1, 1), whole=False).limits == (-1, 1)
    assert decide(images(0, 1), (0, 1), whole=False).limits == (0, 1)
    with pytest.raises(UsageError, match=r"pixel_range=\(-1, 0\), but images are from 0 to 1"):
        decide(images(0, 1), (-1, 0))
    with pytest.raises(UsageError, match="two numbers"):
        decide(images(0, 1), 255)


@pytest.mark.parametrize("explicit", [False, True])
def test_later_batches(explicit):
    known = PixelRange(0, 255, np.dtype("float32"), explicit)
    known.check(images(0, 255), 2)
    known.check(0.0 * images(0, 255), 2)  # black
    with pytest.raises(UsageError, match=r"batch 3 .*\[0, 256\.5\]"):
        known.check(images(0, 256.5), 3)
    if explicit:
        known.check(images(0, 1), 4)  # very dark, since the user says so
    else:
        with pytest.raises(UsageError, match=r"batch 4 .*\[0, 1\].*\[0, 255\]"):
            known.check(images(0, 1), 4)


def test_a_hair_below_zero_is_rounding_and_not_the_range_from_minus_one():
    """Taken for [-1, 1], such images would come out grey."""
    images = np.linspace(0.0, 1.0, 32, dtype=np.float32).reshape(2, 4, 4, 1)
    images[0, 0, 0, 0] = -1e-7
    assert decide(images).limits == (0, 1)
    images[0, 0, 0, 0] = -0.5
    assert decide(images).limits == (-1, 1)
