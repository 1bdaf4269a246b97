"""In which range the pixels of a user's images are: decided once, then held to."""

from typing import Any, NamedTuple

import numpy as np

from keras_gan.errors import UsageError

KNOWN = ((0, 255), (0, 1), (-1, 1))
SLACK = 1e-3  # share of the range by which rounding may exceed it
DARK = 8  # floats above 1 that stay below it are no plausible images in [0, 255]


class PixelRange(NamedTuple):
    """What the pixels of a data set are.

    Attributes:
        low, high: what becomes -1 and 1.
        dtype: NumPy dtype of the images.
        explicit: whether the user has said so; else it was read off the first images.
    """

    low: float
    high: float
    dtype: Any
    explicit: bool = False

    @property
    def limits(self) -> tuple:
        return (self.low, self.high)

    @property
    def sentence(self) -> str:
        return f"images are {kind(self.dtype)} in [{self.low:g}, {self.high:g}]"

    def check(self, images: np.ndarray, batch: int) -> None:
        """Raises a `UsageError` that names the batch if images are outside the range.

        A range that was read off the first images is also left by images that would lie in
        another one: in [0, 1] after [0, 255] or [-1, 1].

        Args:
            images: [n, …] of any number type.
            batch: number of the batch, from 1.
        """
        if images.dtype == np.uint8 and self.limits == (0, 255) and self.explicit:
            return
        low, high = _extremes(images, f"batch {batch} of the images")
        slack = SLACK * (self.high - self.low)
        outside = low < self.low - slack or high > self.high + slack
        other = not self.explicit and self.limits != (0, 1) and low >= 0 and 0 < high <= 1
        if outside or other:
            raise UsageError(
                f"batch {batch} of the images is in [{low:g}, {high:g}], but they were in"
                f" [{self.low:g}, {self.high:g}] so far; give all of them one range, or say it"
                f" with pixel_range=({self.low:g}, {self.high:g})"
            )


def kind(dtype: Any) -> str:
    """What a dtype is called in a sentence."""
    dtype = np.dtype(dtype)
    return "floats" if np.issubdtype(dtype, np.floating) else str(dtype)


def known_range(low: float, high: float, floats: bool) -> tuple | None:
    """The one of `KNOWN` that pixels are in, up to rounding, or None.

    Args:
        low, high: float, smallest and largest pixel of all.
        floats: bool, whether they are floats; integers are in [0, 255] alone.
    """
    if not floats:
        return (0, 255) if low >= 0 and high <= 255 else None
    if -SLACK <= low and high <= 1 + SLACK:
        return (0, 1)
    if -1 - 2 * SLACK <= low < -SLACK and high <= 1 + 2 * SLACK:
        return (-1, 1)
    if -255 * SLACK <= low and DARK <= high <= 255 * (1 + SLACK):
        return (0, 255)
    return None


def decide(images: np.ndarray, given: Any = None, whole: bool = True) -> PixelRange:
    """The range of images, from all of them or from a first batch.

    Args:
        images: [n, …], integers or floats.
        given: (low, high), as the user has said, or None.
        whole: whether these are all images.

    Raises:
        UsageError: they are in no known range, or could be in several.
    """
    real = np.issubdtype(images.dtype, np.integer) or np.issubdtype(images.dtype, np.floating)
    if not real and images.dtype != bool:
        raise UsageError(f"images are {images.dtype}; numbers are needed, uint8 or floats")
    if images.dtype == bool:
        images = images.astype(np.uint8)
        given = given or (0, 1)
    low, high = _extremes(images, "the images")
    if given is not None:
        return _as_given(images, given, low, high)
    results = f"images are {kind(images.dtype)} from {low:g} to {high:g}"
    hint = "say which with pixel_range=(0, 255), (0, 1) or (-1, 1)"
    floats = np.issubdtype(images.dtype, np.floating)
    limits = known_range(low, high, floats)
    if limits is None:
        wanted = "floats in [0, 1], [-1, 1] or [0, 255]" if floats else "integers in [0, 255]"
        raise UsageError(f"{results}; {wanted} are needed: {hint}")
    if not floats and high <= 1:
        raise UsageError(f"{results}, which may be [0, 1] or very dark [0, 255]: {hint}")
    if limits == (0, 1) and not whole:
        raise UsageError(
            f"{results} in the first batch, which may be [0, 1], [-1, 1] or [0, 255]: {hint}"
        )
    if floats and limits == (0, 255) and has_strays(images):
        raise UsageError(
            f"{results}, but 99 % of those above 0 are at most 1, as in [0, 1] with stray pixels:"
            f" {hint}"
        )
    low, high = limits
    return PixelRange(low, high, images.dtype)


def has_strays(images: np.ndarray) -> bool:
    """Whether floats beyond 1 look like images in [0, 1] with a few stray pixels."""
    if not np.issubdtype(images.dtype, np.floating):
        return False
    lit = images[images > 0]
    return bool(np.mean(lit <= 1) > 0.99) if lit.size else False


def _as_given(images: np.ndarray, given: Any, low: float, high: float) -> PixelRange:
    try:
        first, last = (float(limit) for limit in given)
    except (TypeError, ValueError):
        first = last = np.nan
    if not first < last:
        raise UsageError(f"pixel_range={given!r}: two numbers are needed, such as (0, 1)")
    limits = next((known for known in KNOWN if known == (first, last)), (first, last))
    slack = SLACK * (last - first)
    if low < first - slack or high > last + slack:
        raise UsageError(
            f"pixel_range=({first:g}, {last:g}), but images are from {low:g} to {high:g}"
        )
    return PixelRange(limits[0], limits[1], images.dtype, explicit=True)


def _extremes(images: np.ndarray, what: str) -> tuple[float, float]:
    if images.size == 0:
        raise UsageError(f"{what}: there are none")
    low, high = float(images.min()), float(images.max())
    if not np.isfinite([low, high]).all():
        raise UsageError(f"{what} hold NaN or infinity; numbers are needed")
    return low, high
