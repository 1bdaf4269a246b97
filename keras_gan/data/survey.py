"""What is known of a data set before its pictures are decoded: sizes, colours, classes."""

import collections
import dataclasses
import os
import pathlib

import numpy as np

from keras_gan.data import folder, labelling
from keras_gan.data.listing import Listing
from keras_gan.data.opening import open_source
from keras_gan.data.source import Source, default_data_dir


@dataclasses.dataclass(frozen=True)
class Survey:
    """The pictures of a data set.

    Attributes:
        name: as given to `--dataset`.
        sizes: (height, width) of each picture.
        modes: number of pictures by Pillow's mode.
        transparent: number of pictures with transparency.
        channels: 1 if all are grey, else 3.
        classes: number of pictures by class, in the order of the classes, or None without labels.
        unreadable: files that can't be read, as far as their headers show.
        files: the picture files, or None if the data are no files.
        listing: the folder's `Listing`, or None.
        source: the opened `Source`, if it had to be opened; else None.
    """

    name: str
    sizes: list[tuple[int, int]]
    modes: dict[str, int]
    transparent: int
    channels: int
    classes: dict[str, int] | None
    unreadable: list[pathlib.Path]
    files: list[pathlib.Path] | None = None
    listing: Listing | None = None
    source: Source | None = None

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def one_size(self) -> bool:
        return len(set(self.sizes)) == 1

    @property
    def median_size(self) -> tuple[int, int]:
        """The medians of the heights and of the widths; the size itself if there is only one."""
        return tuple(int(side) for side in np.median(np.array(self.sizes), axis=0))


def survey(
    name: str,
    *,
    labels: str = "auto",
    channels: int | None = None,
    image_size: tuple[int, int] | None = None,
    data_dir: str | os.PathLike | None = None,
    crop: str = "center",
) -> Survey:
    """Looks at a data set.

    Of a folder or archive only names and headers are read; other data sets are opened.

    Args:
        name, labels, channels, image_size, data_dir, crop: as for `open_source`.

    Returns:
        A `Survey`.

    Raises:
        UsageError: as for `open_source`.
    """
    data_dir = pathlib.Path(data_dir or default_data_dir()).expanduser()
    kind, _, path = name.partition(":")
    if kind == "folder" and path:
        return _of_folder(name, path, data_dir, labels or "auto", channels)
    source = open_source(
        name, image_size=image_size, channels=channels, labels=labels, data_dir=data_dir, crop=crop
    )
    shape = source.image_shape
    modes = {1: "L", 3: "RGB", 4: "RGBA"}.get(shape[-1], "points")
    classes = None
    if source.labels is not None:
        counts = np.bincount(source.labels, minlength=source.num_classes)
        names = source.label_names or map(str, range(len(counts)))
        classes = dict(zip(names, map(int, counts)))
    return Survey(
        name,
        [shape[:2]] * len(source),
        {modes: len(source)},
        0,
        shape[-1],
        classes,
        [],
        None,
        None,
        source,
    )


def _of_folder(name, path, data_dir, labels, channels):
    listing = folder.find_pictures(name, path, data_dir, labels)
    by_file = labelling.labels_of(name, listing, labels)
    files, headers, unreadable = folder.read_headers(name, listing)
    classes = None
    if by_file:
        numbers, names = labelling.numbered([by_file[file] for file in files])
        classes = dict(zip(names, np.bincount(numbers).tolist()))
    return Survey(
        name,
        [header.size for header in headers],
        dict(collections.Counter(header.mode for header in headers).most_common()),
        sum(header.alpha for header in headers),
        channels or max(header.colours for header in headers),
        classes,
        [*unreadable, *listing.unlisted],
        files,
        listing,
    )
