"""Where images come from: TFDS, folders, .npz files and mixtures, opened by name."""

import os
import pathlib
from typing import Any

from keras_gan.data import folder, framing, mixtures, npz, stacked, tfds_source
from keras_gan.data.source import MEMORY_LIMIT, Source, default_data_dir
from keras_gan.errors import UsageError, refuse

__all__ = ["Source", "default_data_dir", "open_source"]


def open_source(
    name: str,
    *,
    split: str = "train",
    image_size: tuple[int, int] | None = None,
    channels: int | None = None,
    labels: str = "auto",
    data_dir: str | os.PathLike | None = None,
    crop: str = framing.DEFAULT,
    min_size: int = 1,
    memory_limit: int = MEMORY_LIMIT,
) -> Source:
    """Opens a data set by name.

    ```python
    source = keras_gan.open_source("fashion_mnist")
    source = keras_gan.open_source("folder:~/pictures", image_size=(64, 64))
    ```

    Args:
        name: a TFDS name, "folder:PATH" of a folder or a .zip or .tar file, "npz:PATH" of an .npz
            or .npy file, "ring8", "grid25", "swissroll",
            "stacked_fashion_mnist" or "stacked_mnist".
        split: "train", "test", …; used by TFDS data sets, stacked_… and mixtures.
            Defaults to "train".
        image_size: (height, width) to bring images to. Defaults to None, the data's own.
        channels: 1, 3 or 4. Defaults to None, the data's own.
        labels: "auto", "none", or where to find them: "folders" or "file" for a folder, the
            key of an .npz array, "label" for TFDS. Defaults to "auto".
        data_dir: folder of prepared data sets. Defaults to $KERAS_GAN_DATA, else
            ~/.cache/keras_gan.
        crop: how images of another shape get the size: "center" or "random" (cropped), "pad" (with
            white), "squeeze" (distorted), "none" (refused). Defaults to "center".
        min_size: smallest acceptable number of images, usually the batch size. Defaults to 1.
        memory_limit: bytes up to which images are held in memory. Defaults to `MEMORY_LIMIT`,
            1 GiB.

    Returns:
        A `Source`.

    Raises:
        UsageError: missing, empty, too small or unsuitable data.
    """
    labels = labels or "auto"
    options: dict[str, Any] = {
        "image_size": image_size,
        "channels": channels,
        "labels": labels,
        "memory_limit": memory_limit,
        "crop": crop,
    }
    data_dir = pathlib.Path(data_dir or default_data_dir()).expanduser()
    kind, _, path = name.partition(":")
    if not name or (kind in ("folder", "npz") and not path):
        refuse("dataset", name, "is no data set", "a TFDS name, folder:PATH or npz:PATH")
    if name in mixtures.MIXTURES:
        if image_size or channels:
            raise UsageError(
                "points have no size", flag="dataset", value=name, allowed="image data"
            )
        source = mixtures.open_mixture(name, split, labels)
    elif kind == "folder" and path:
        source = folder.open_folder(name, path, data_dir, **options)
    elif kind == "npz" and path:
        source = npz.open_npz(name, path, **options)
    elif name in stacked.BASES:
        source = stacked.open_stacked(name, split, data_dir, **options)
    else:
        source = tfds_source.open_tfds(name, split, data_dir, **options)
    if len(source) < min_size:
        raise UsageError(
            f"has {len(source)} images, fewer than a batch of {min_size}",
            flag="dataset",
            value=name,
            allowed="more images, or a smaller --batch_size",
        )
    return source
