"""What a training says of its data before the first step."""

import logging
import types

import pytest

from keras_gan.data.source import Source
from keras_gan.run import train


@pytest.mark.parametrize(("label", "mirror", "warned"), [(7, True, 1), (7, False, 0), (0, True, 0)])
def test_mirror_images_that_do_not_belong_to_the_data_are_warned_of(
    fashion_mnist, caplog, label, mirror, warned
):
    images = fashion_mnist.images[fashion_mnist.labels == label][:100]
    source = Source("one class", images.shape[1:], images=images)
    with caplog.at_level(logging.WARNING, "absl"):
        train._hint_mirror(types.SimpleNamespace(mirror=mirror), source)
    assert caplog.text.count("left and right differ") == warned
