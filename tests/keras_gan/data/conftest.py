"""Fixtures of the tests of data sources."""

import numpy as np
import pytest
from PIL import Image

from keras_gan.errors import UsageError


@pytest.fixture
def refused():
    """Checks that a call raises a `UsageError` of one line, with all of the given words."""

    def check(function, *words, flag="dataset"):
        with pytest.raises(UsageError) as caught:
            function()
        text = str(caught.value)
        assert caught.value.flag == flag and "\n" not in text, text
        for word in words:
            assert str(word) in text, f"{word!r} not in {text!r}"

    return check


@pytest.fixture
def picture():
    """A function that makes a smooth picture, uint8 [h, w, 3], a different one for each seed."""

    def make(height=32, width=28, seed=0):
        small = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
        return np.asarray(Image.fromarray(small).resize((width, height)))

    return make
