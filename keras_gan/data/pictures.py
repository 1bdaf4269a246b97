"""Single pictures as arrays: modes, alpha, sizes."""

import numpy as np
from PIL import Image


def to_array(picture, channels, image_size=None):
    """A PIL picture as uint8 [h, w, channels].

    Args:
        picture: PIL image of any mode; the first frame counts.
        channels: 1, 3 or 4; transparency is composited on white unless 4.
        image_size: (height, width), resized with an antialiased bicubic filter, or None.
    """
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        # 16-bit greys: the upper byte.
        grey = np.asarray(picture, np.float64)
        picture = Image.fromarray(np.clip(grey / 257.0 + 0.5, 0, 255).astype(np.uint8))
    picture = picture.convert("RGBA") if has_alpha(picture) else picture.convert("RGB")
    if picture.mode == "RGBA" and channels != 4:
        white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
        picture = Image.alpha_composite(white, picture).convert("RGB")
    picture = picture.convert({1: "L", 3: "RGB", 4: "RGBA"}[channels])
    if image_size and picture.size != image_size[::-1]:
        picture = picture.resize(image_size[::-1], Image.Resampling.BICUBIC)
    array = np.asarray(picture, np.uint8)
    return array[..., None] if array.ndim == 2 else array


def has_alpha(picture):
    return picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info


def convert(images, channels, image_size=None):
    """Arrays uint8 [n, h, w, c] to other channels or sizes; as they are if nothing changes."""
    if images.shape[-1] == (channels or images.shape[-1]) and (
        image_size is None or images.shape[1:3] == tuple(image_size)
    ):
        return images
    squeezed = images[..., 0] if images.shape[-1] == 1 else images
    wanted = channels or images.shape[-1]
    return np.stack([to_array(Image.fromarray(i), wanted, image_size) for i in squeezed])
