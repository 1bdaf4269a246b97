"""Which sizes images may have: what the zoo's networks can make."""

SMALLEST, LARGEST, STEP = 28, 256, 4


def nearest(height, width):
    """The allowed (height, width) nearest to a size; equal to it if that is allowed."""
    return tuple(min(LARGEST, max(SMALLEST, STEP * round(side / STEP))) for side in (height, width))
