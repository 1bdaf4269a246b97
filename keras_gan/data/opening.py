"""Where images come from: TFDS, folders, .npz files and mixtures, opened by name."""

import pathlib

from keras_gan.data import folder, mixtures, npz, stacked, tfds_source
from keras_gan.data.source import MEMORY_LIMIT, Source, default_data_dir
from keras_gan.errors import UsageError

__all__ = ["Source", "default_data_dir", "open_source"]


def open_source(
    name,
    *,
    split="train",
    image_size=None,
    channels=None,
    labels="auto",
    data_dir=None,
    min_size=1,
    memory_limit=MEMORY_LIMIT,
):
    """Opens a data set.

    Args:
        name: a TFDS name, "folder:PATH", "npz:PATH", "ring8", "grid25", "swissroll" or
            "stacked_fashion_mnist".
        split: of TFDS data sets and stacked_fashion_mnist.
        image_size: (height, width) to resize to, antialiased, or None.
        channels: 1, 3 or 4, or None for the data's own.
        labels: "auto", "none", or where they are found: "folders" for a folder, the key of an
            .npz, "label" for TFDS.
        data_dir: where data sets are kept; by default $KERAS_GAN_DATA or ~/.cache/keras_gan.
        min_size: the fewest images that will do, a batch.
        memory_limit: bytes up to which images are held in memory.

    Raises:
        UsageError: missing, empty, too small or unsuitable data.
    """
    labels = labels or "auto"
    options = {
        "image_size": image_size,
        "channels": channels,
        "labels": labels,
        "memory_limit": memory_limit,
    }
    data_dir = pathlib.Path(data_dir or default_data_dir()).expanduser()
    kind, _, path = name.partition(":")
    if name in mixtures.MIXTURES:
        if image_size or channels:
            raise UsageError(
                "points have no size", flag="dataset", value=name, allowed="image data"
            )
        source = mixtures.open_mixture(name, split, labels)
    elif kind == "folder" and path:
        source = folder.open_folder(name, path, **options)
    elif kind == "npz" and path:
        source = npz.open_npz(name, path, **options)
    elif name == stacked.NAME:
        source = stacked.open_stacked(split, data_dir, **options)
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
