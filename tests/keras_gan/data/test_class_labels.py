"""Labels of every form become classes."""

import numpy as np
import pytest

from keras_gan.data.class_labels import to_classes
from keras_gan.errors import UsageError

CLASSES = np.array([2, 0, 1, 2])


@pytest.mark.parametrize(
    "labels",
    [
        CLASSES,
        CLASSES[:, None],
        np.eye(3)[CLASSES],
        CLASSES.astype(float),
        np.eye(3, dtype=bool)[CLASSES],
    ],
    ids=["[n]", "[n, 1]", "one-hot", "floats", "boolean one-hot"],
)
def test_every_form(labels):
    classes = to_classes(labels, 4, 3)
    assert classes.dtype == np.int32
    np.testing.assert_array_equal(classes, CLASSES)


@pytest.mark.parametrize(
    "labels, words",
    [
        (CLASSES + 1, "from 1 to 3; allowed: 0 to 2"),
        (CLASSES[:3], "for 4 images"),
        (CLASSES + 0.5, "whole numbers"),
        (np.eye(4)[CLASSES], "3 classes"),
        (np.full((4, 3), 1 / 3), "one 1 among zeros"),
        (CLASSES.astype(str), "integers"),
        (CLASSES[:, None, None], r"\[4, 1, 1\]"),
    ],
)
def test_what_is_refused(labels, words):
    with pytest.raises(UsageError, match=words):
        to_classes(labels, 4, 3, " of batch 7")


def test_without_a_number_of_classes_any_from_0_will_do():
    np.testing.assert_array_equal(to_classes(CLASSES * 100, 4), CLASSES * 100)
    with pytest.raises(UsageError, match="from 0"):
        to_classes(-CLASSES, 4)
