"""How pictures of any shape are brought to one size: cropped, padded or squeezed."""

from collections.abc import Iterable

import numpy as np
from absl import logging
from PIL import Image, ImageOps

from keras_gan import choices
from keras_gan.errors import refuse

DEFAULT = "center"
WHITE = {"L": 255, "RGB": (255, 255, 255), "RGBA": (255, 255, 255, 0)}
FILTER = Image.Resampling.BICUBIC  # Pillow's resizing is antialiased


def covering(size: tuple[int, int], wanted: tuple[int, int]) -> tuple[int, int]:
    """The smallest (height, width) of the aspect of `size` that covers `wanted`."""
    scale = max(wanted[0] / size[0], wanted[1] / size[1])
    return tuple(max(side, round(scale * old)) for side, old in zip(wanted, size))


def same_shape(size: tuple[int, int], wanted: tuple[int, int]) -> bool:
    """Whether scaling alone makes `wanted` of `size`, up to the rounding of a pixel."""
    return covering(size, wanted) == tuple(wanted)


def fit(picture: Image.Image, wanted: tuple[int, int], crop: str = DEFAULT) -> Image.Image:
    """A picture in the wanted size.

    Args:
        picture: PIL image of mode L, RGB or RGBA.
        wanted: (height, width).
        crop: "center" scales the picture until it covers the size and cuts off what is outside;
            "random" scales it likewise and cuts nothing off, so that a window of the size can be
            chosen later; "pad" scales it until it is inside and adds white, transparent with an
            alpha channel; "squeeze" and "none" scale height and width, each by its own factor.
            Defaults to "center".

    Returns:
        A PIL image of this size; for "random" one side may be longer.
    """
    size, target = picture.size[::-1], tuple(wanted)[::-1]
    if size == tuple(wanted):
        return picture
    if crop == "random":
        return picture.resize(covering(size, wanted)[::-1], FILTER)
    if crop == "center" and not same_shape(size, wanted):
        return ImageOps.fit(picture, target, FILTER)
    if crop == "pad" and not same_shape(size, wanted):
        return ImageOps.pad(picture, target, FILTER, color=WHITE[picture.mode])
    return picture.resize(target, FILTER)


def check(
    name: str, sizes: Iterable[tuple[int, int]], wanted: tuple[int, int], crop: str
) -> str | None:
    """What bringing pictures to one size does to them, as a sentence.

    Args:
        name: as given to `--dataset`.
        sizes: (height, width) of each picture.
        wanted: (height, width) that all are brought to.
        crop: as for `fit`.

    Returns:
        The sentence, or None if all are only scaled.

    Raises:
        UsageError: an unknown word, or "none" where pictures have another shape.
    """
    if crop not in choices.CROPS:
        refuse("crop", crop, "unknown word", ", ".join(choices.CROPS))
    sizes = list(sizes)
    others = [size for size in sizes if not same_shape(size, wanted)]
    if not others:
        return None
    count = f"{len(others)} of {len(sizes)} pictures"
    if crop == "none":
        (height, width), shape = others[0], f"{wanted[0]}x{wanted[1]}"
        what = f"{count} of {name} have another shape than {shape}, such as {height}x{width}"
        refuse("crop", crop, what, "center, random, pad or squeeze")
    ratios = np.array([height / width for height, width in others]) * wanted[1] / wanted[0]
    bends = np.maximum(ratios, 1 / ratios)
    lost = 1 - 1 / bends
    if crop == "pad":
        return (
            f"--crop=pad: {count} get white margins, {lost.mean():.0%} of their area on average,"
            f" {lost.max():.0%} at most"
        )
    if crop == "squeeze":
        return (
            f"--crop=squeeze: {count} are distorted, their aspect ratio by a factor of"
            f" {bends.mean():.2f} on average, {bends.max():.2f} at most"
        )
    where = "a window chosen anew each time" if crop == "random" else "the middle"
    return (
        f"--crop={crop}: {count} are cut to {where}, losing {lost.mean():.0%} of their area on"
        f" average, {lost.max():.0%} at most (--crop=pad loses nothing)"
    )


def check_fixed(
    name: str, size: tuple[int | None, int | None], wanted: tuple[int, int], crop: str
) -> None:
    """As `check`, for a data set that holds its images in one size; the log gets the sentence.

    Args:
        name, wanted, crop: as for `check`.
        size: (height, width) of the data's images, None where they differ.

    Raises:
        UsageError: as for `check`; "random" too, since the images are kept in the wanted size.
    """
    known = None not in size
    sentence = check(name, [size], wanted, crop) if known else None
    if (sentence or not known) and crop in ("random", "none"):
        refuse("crop", crop, f"images of {name} are kept in one size", "center, pad or squeeze")
    if sentence:
        logging.info(sentence)
