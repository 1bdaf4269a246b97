"""Names and sizes that flags and code share.

They are defined here and not with the classes they name because `--help` and a wrong flag must
not wait for TensorFlow. `by_name` checks that names and classes agree.
"""

from collections.abc import Iterable
from typing import Any

LOSSES = (
    "non_saturating",
    "minimax",
    "least_squares",
    "hinge",
    "wasserstein",
    "relativistic",
)
ACTIVATIONS = ("leaky_relu", "relu")
UPSAMPLINGS = ("transposed", "pixel_shuffle", "nearest")
DOWNSAMPLINGS = ("strided", "average", "max")
SCHEDULES = ("constant", "linear", "cosine")
CROPS = ("none", "center", "random", "pad", "squeeze")
NORMALIZATIONS = ("batch", "instance", "layer", "none")

LONGEST_AVERAGE = 0.28  # relative length of a power-function average; a plain mean has 0.289
SMALLEST_SIDE, LARGEST_SIDE, SIDE_STEP = 28, 256, 4  # of images, in pixels


def by_name(names: Iterable[str], classes: Iterable[Any]) -> dict[str, Any]:
    """The classes by their attribute `name`, in the order of `names`.

    Raises:
        ValueError: the classes' names are not exactly `names`.
    """
    classes_by_name = {cls.name: cls for cls in classes}
    if classes_by_name.keys() != set(names):
        raise ValueError(f"classes are named {sorted(classes_by_name)}, flags take {sorted(names)}")
    return {name: classes_by_name[name] for name in names}


def nearest_size(height: int, width: int) -> tuple[int, int]:
    """The allowed image size (height, width) nearest to a given one, itself if it is allowed."""
    rows, columns = (
        min(LARGEST_SIDE, max(SMALLEST_SIDE, SIDE_STEP * round(side / SIDE_STEP)))
        for side in (height, width)
    )
    return rows, columns
