"""Pictures that somebody brings along, in a model's own size."""

import os
import pathlib
import zipfile

import numpy as np

from keras_gan.data import decoding, framing
from keras_gan.data.listing import ENDINGS
from keras_gan.errors import refuse

MOST = 4096  # pictures in one go


def read(
    path: str | os.PathLike,
    image_shape: tuple[int, int, int],
    flag: str = "pictures",
    crop: str = framing.DEFAULT,
) -> tuple[np.ndarray, list[str]]:
    """Reads pictures.

    Args:
        path: a picture, a folder of pictures (at any depth), or an .npz file with images uint8
            [n, h, w, c] or [n, h, w].
        image_shape: (height, width, channels) that they are brought to.
        flag: what named the path.
        crop: how those of another shape get the size, as for `framing.fit`; "random" and "none"
            take the middle too. Defaults to "center".

    Returns:
        (images uint8 [n, h, w, c], names: list of str).

    Raises:
        UsageError: nothing there, too many, or one can't be read.
    """
    wanted = "a picture, a folder of pictures, or an .npz file with images"
    crop = crop if crop in ("pad", "squeeze") else "center"
    root = pathlib.Path(path).expanduser()
    if not root.exists():
        refuse(flag, path, "no such file or folder", wanted)
    if root.suffix.lower() == ".npz":
        images = _from_npz(root, image_shape, flag, path, crop)
        return images, [f"{number:05d}" for number in range(len(images))]
    files = [root]
    if root.is_dir():
        files = sorted(f for f in root.rglob("*") if f.suffix.lower() in ENDINGS and f.is_file())
    if not files or len(files) > MOST:
        refuse(flag, path, f"{len(files)} pictures", f"1 to {MOST}")
    images = []
    for file in files:
        image = decoding.read(file, *image_shape, crop)
        if image is None:
            refuse(flag, file, "not a picture that can be read", wanted)
        images.append(image)
    return np.stack(images), [file.stem for file in files]


def _from_npz(path, image_shape, flag, value, crop):
    wanted = "an array `images`, uint8 [n, h, w] or [n, h, w, c]"
    try:
        with np.load(path, allow_pickle=False) as file:
            images = file["images"] if "images" in file.files else None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        refuse(flag, value, "can't be read", wanted)
    if images is None or images.dtype != np.uint8 or images.ndim not in (3, 4) or not len(images):
        refuse(flag, value, "no images in it", wanted)
    images = images[..., None] if images.ndim == 3 else images
    if images.shape[-1] not in (1, 3, 4) or len(images) > MOST:
        refuse(flag, value, f"images {list(images.shape)}", f"{wanted}, at most {MOST}")
    return decoding.convert(images, image_shape[-1], image_shape[:2], crop)
