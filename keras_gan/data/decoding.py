"""Single pictures as arrays: modes, alpha, sizes."""

import concurrent.futures
import dataclasses
import os

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from keras_gan.data import framing

THREADS = 4
# What Pillow's decoders raise on damaged files.
UNREADABLE = (OSError, SyntaxError, ValueError, IndexError, EOFError, Image.DecompressionBombError)
TURNED = (5, 6, 7, 8)  # EXIF orientations that exchange height and width
ORIENTATION = 0x0112
DEEP_MODES = ("I", "I;16", "I;16L", "I;16B", "I;16N", "F")
GREY_MODES = ("1", "L", "LA", "La", *DEEP_MODES)
DEEPEST = 65_535  # of 16-bit values


@dataclasses.dataclass(frozen=True)
class Header:
    """What a picture's header says.

    Attributes:
        size: (height, width), after the EXIF orientation is applied.
        colours: number of channels that its colours need, 1 or 3.
        mode: Pillow's mode, such as "RGB".
        alpha: whether it has transparency.
        deep: whether its values have more than 8 bits.
    """

    size: tuple[int, int]
    colours: int
    mode: str = "RGB"
    alpha: bool = False
    deep: bool = False


def read_header(file: str | os.PathLike) -> Header | None:
    """The `Header` of a picture file without decoding it, or None if it can't be read."""
    try:
        with Image.open(file) as picture:
            size = picture.size[::-1]
            # Pillow decodes a whole PNG in search of EXIF unless the header has it.
            cheap = picture.format != "PNG" or "exif" in picture.info
            if cheap and picture.getexif().get(ORIENTATION) in TURNED:
                size = size[::-1]
            return Header(
                size,
                1 if _is_grey(picture) else 3,
                picture.mode,
                picture.has_transparency_data,
                _is_deep(picture),
            )
    except UNREADABLE:
        return None


def read(
    file: str | os.PathLike,
    height: int,
    width: int,
    channels: int,
    crop: str = framing.DEFAULT,
) -> np.ndarray | None:
    """A picture file as uint8 [height, width, channels], or None if it can't be read.

    Args:
        file: the path.
        height, width, channels: of the array; for `crop` "random" one side may be longer.
        crop: as for `framing.fit`. Defaults to "center".
    """
    try:
        return _read(file, channels, (height, width), crop)
    except UNREADABLE:
        return None


def why_unreadable(file: str | os.PathLike) -> str:
    """Why a picture file can't be read, in a few words; "" if it can be."""
    try:
        _read(file, 3, None, framing.DEFAULT)
    except UnidentifiedImageError:
        return "empty" if os.path.getsize(file) == 0 else "not of any known format"
    except UNREADABLE as error:
        return " ".join(str(error).split()) or type(error).__name__
    return ""


def _read(file, channels, image_size, crop):
    with Image.open(file) as picture:
        picture.load()
        ImageOps.exif_transpose(picture, in_place=True)
        return to_array(picture, channels, image_size, crop)


def to_array(
    picture: Image.Image,
    channels: int,
    image_size: tuple[int, int] | None = None,
    crop: str = framing.DEFAULT,
) -> np.ndarray:
    """A PIL picture as uint8 [h, w, channels].

    Args:
        picture: PIL image of any mode; of an animation, the current frame.
        channels: 1, 3 or 4; transparency is composited on white unless 4.
        image_size: (height, width) to resize to, with an antialiased bicubic filter. Defaults to
            None, the picture's own size.
        crop: as for `framing.fit`. Defaults to "center".

    Raises:
        ValueError: its values have an unknown range.
    """
    if picture.mode == "F":
        raise ValueError("floats of an unknown range")
    if _is_deep(picture):
        # 16-bit grey values, 0 to 65,535, rounded to 8 bits.
        deep = np.asarray(picture, np.float64)
        if deep.min() < 0 or deep.max() > DEEPEST:
            raise ValueError("32-bit integers of an unknown range")
        picture = Image.fromarray(np.clip(np.round(deep / 257.0), 0, 255).astype(np.uint8))
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    alpha = picture.has_transparency_data
    if alpha or picture.mode != mode:
        picture = picture.convert("RGBA") if alpha else picture.convert("RGB")
        if alpha and channels != 4:
            white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
            picture = Image.alpha_composite(white, picture).convert("RGB")
        picture = picture.convert(mode)
    if image_size:
        picture = framing.fit(picture, image_size, crop)
    array = np.asarray(picture, np.uint8)
    return array[..., None] if array.ndim == 2 else array


def _is_deep(picture):
    return picture.mode in DEEP_MODES


def _is_grey(picture):
    return picture.mode in GREY_MODES


def convert(
    images: np.ndarray,
    channels: int | None,
    image_size: tuple[int, int] | None = None,
    crop: str = framing.DEFAULT,
) -> np.ndarray:
    """Converts images to other channels or another size.

    Args:
        images: uint8 [n, h, w, c].
        channels: 1, 3 or 4, or None for the images' own.
        image_size: (height, width) to resize to. Defaults to None, the images' own.
        crop: as for `framing.fit`. Defaults to "center".

    Returns:
        uint8 [n, h, w, c]; `images` itself if nothing changes.
    """
    wanted = channels or images.shape[-1]
    size = tuple(image_size or images.shape[1:3])
    if images.shape[1:] == (*size, wanted):
        return images
    squeezed = images[..., 0] if images.shape[-1] == 1 else images

    def one(image):
        return to_array(Image.fromarray(image), wanted, size, crop)

    if len(images) < 2 * THREADS:
        return np.stack([one(image) for image in squeezed])
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        return np.stack(list(pool.map(one, squeezed)))
