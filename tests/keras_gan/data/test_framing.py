"""How pictures of another shape get the size: what is kept, added and bent."""

import numpy as np
import pytest
from PIL import Image

from keras_gan.data import decoding, framing, open_source
from keras_gan.errors import UsageError

WIDE = np.zeros((32, 96, 3), np.uint8)  # red, green and blue thirds
WIDE[:, :32, 0] = WIDE[:, 32:64, 1] = WIDE[:, 64:, 2] = 255
SIZE = (32, 32)


def framed(array, crop, size=SIZE):
    return decoding.to_array(Image.fromarray(array), array.shape[-1], size, crop)


def test_center_keeps_the_middle_exactly():
    np.testing.assert_array_equal(framed(WIDE, "center"), WIDE[:, 32:64])
    tall = WIDE.transpose(1, 0, 2)
    np.testing.assert_array_equal(framed(tall, "center"), tall[32:64])


def test_pad_keeps_everything_and_adds_white():
    padded = framed(WIDE, "pad")
    rows = (padded == 255).all((1, 2))
    assert rows.sum() in (21, 22)  # 32 · 2/3
    assert (padded[~rows].max(0) == 255).any(0).all()  # all three colours are there
    rgba = np.concatenate([WIDE, np.full((32, 96, 1), 255, np.uint8)], -1)
    assert framed(rgba, "pad")[0, 0].tolist() == [255, 255, 255, 0]


def test_squeeze_keeps_everything_and_distorts():
    squeezed = framed(WIDE, "squeeze")
    for third, x in enumerate((4, 16, 28)):
        assert squeezed[:, x].argmax(-1).tolist() == [third] * 32


@pytest.mark.parametrize("crop", ["none", "center", "random", "pad", "squeeze"])
def test_equal_shapes_are_only_scaled(crop):
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    scaled = framed(picture, "squeeze", (32, 48))
    np.testing.assert_array_equal(framed(picture, crop, (32, 48)), scaled)
    assert framing.check("x", [(64, 96), (63, 95)], (32, 48), crop) is None


def test_none_refuses_another_shape(tmp_path, refused):
    Image.fromarray(WIDE).save(tmp_path / "a.png")
    words = "1 of 1 pictures", "32x96", "center, random, pad or squeeze"
    refused(
        lambda: open_source(f"folder:{tmp_path}", image_size=SIZE, crop="none"), *words, flag="crop"
    )
    np.savez(tmp_path / "a.npz", images=WIDE[None])
    refused(
        lambda: open_source(f"npz:{tmp_path / 'a.npz'}", image_size=SIZE, crop="none"),
        *words,
        flag="crop",
    )
    with pytest.raises(UsageError, match="center"):
        framing.check("x", [SIZE], SIZE, "middle")


@pytest.mark.parametrize(
    ("crop", "words"),
    [
        ("center", "1 of 2 pictures are cut to the middle, losing 67% of their area on average"),
        ("random", "1 of 2 pictures are cut to a window"),
        ("pad", "1 of 2 pictures get white margins, 67% of their area"),
        ("squeeze", "1 of 2 pictures are distorted, their aspect ratio by a factor of 3.00"),
    ],
)
def test_the_sentence_of_the_log(crop, words):
    assert words in framing.check("x", [(32, 96), (64, 64)], SIZE, crop)


@pytest.mark.parametrize("size", [(32, 96), (97, 33), (640, 480), (3, 1000), (28, 28)])
def test_covering_is_the_smallest_of_the_aspect_that_covers(size):
    height, width = framing.covering(size, (48, 32))
    assert height >= 48 and width >= 32 and (height == 48 or width == 32)
    assert abs(height - width * size[0] / size[1]) <= max(1, size[0] / size[1])


def test_data_held_in_one_size_have_no_random_windows(refused):
    refused(lambda: framing.check_fixed("x", (28, 28), (48, 32), "random"), "one size", flag="crop")
    refused(lambda: framing.check_fixed("x", (None, None), SIZE, "none"), "one size", flag="crop")
    framing.check_fixed("x", (28, 28), SIZE, "random")
