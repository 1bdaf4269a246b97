"""The words and sizes that flags and code share.

They are here and not with the classes they name because `--help` and a wrong flag must not wait
for TensorFlow. `by_name` keeps words and classes equal.
"""

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
NORMALIZATIONS = ("batch", "instance", "layer", "none")

SMALLEST_SIDE, LARGEST_SIDE, SIDE_STEP = 28, 256, 4  # of images, in pixels


def by_name(names, classes):
    """The classes by their attribute `name`, in the order of `names`.

    Raises:
        ValueError: the classes' names are not exactly these.
    """
    found = {cls.name: cls for cls in classes}
    if found.keys() != set(names):
        raise ValueError(f"classes are named {sorted(found)}, flags take {sorted(names)}")
    return {name: found[name] for name in names}


def nearest_size(height, width):
    """The allowed (height, width) nearest to a size; equal to it if that is allowed."""
    return tuple(
        min(LARGEST_SIDE, max(SMALLEST_SIDE, SIDE_STEP * round(side / SIDE_STEP)))
        for side in (height, width)
    )
