"""The pictures of a folder, in order, and what else is in it."""

import collections
import dataclasses
import os
from collections.abc import Iterable
from pathlib import Path

ENDINGS = {".png", ".jpg", ".jpeg", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"}
LABEL_FILES = ("labels.csv", "metadata.csv", "metadata.jsonl")
SPLITS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev"}


@dataclasses.dataclass(frozen=True)
class Listing:
    """What a folder holds.

    Attributes:
        root: the folder of the data.
        top: the folder that was named; `root` or the folder of its parts.
        files: the picture files, sorted.
        unlisted: folders that can't be listed.
        others: files that are no pictures.
        parts: names of the other parts of the data set, such as "test", which are left out.
    """

    root: Path
    top: Path
    files: list[Path]
    unlisted: list[Path]
    others: list[Path]
    parts: list[str]


def list_pictures(top: Path, labels: str = "auto") -> Listing:
    """Lists the pictures at any depth of a folder.

    Links are followed, each folder once; hidden files are left out. Folders named train, test and
    the like are parts of a data set: train is the data.

    Args:
        top: the folder.
        labels: "folders" takes such folders for classes, as all others. Defaults to "auto".

    Returns:
        A `Listing`.
    """
    root, parts = _without_splits(top, labels)
    files, unlisted, others, seen = [], [], [], set()
    walk = os.walk(root, followlinks=True, onerror=lambda e: unlisted.append(Path(e.filename)))
    for folder, folders, names in walk:
        place = os.path.realpath(folder)
        if place in seen:  # a link in a circle, or a folder that is linked twice
            folders.clear()
            continue
        seen.add(place)
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            file = Path(folder, name)
            if not name.startswith(".") and file.is_file():
                (files if file.suffix.lower() in ENDINGS else others).append(file)
    others = [file for file in others if file.name not in LABEL_FILES]
    files.sort(key=lambda file: str(file).split(os.sep))  # as paths compare, but quickly
    return Listing(root, top, files, unlisted, others, parts)


def count_endings(files: Iterable[Path]) -> str:
    """How many files there are of which ending: " 3 .txt, 1 .md" """
    endings = collections.Counter(file.suffix.lower() or "without ending" for file in files)
    text = ", ".join(f"{count} {ending}" for ending, count in endings.most_common(5))
    return f" {text}" if text else ""


def _without_splits(root, labels):
    """The folder that holds the data, and the names of the other parts of the data set."""
    if labels == "folders":
        return root, []
    try:
        entries = [e for e in os.scandir(root) if not e.name.startswith(".")]
    except OSError:
        return root, []
    names = sorted(entry.name for entry in entries if entry.is_dir())
    parts = [name for name in names if name.lower() in SPLITS]
    pictures = any(Path(entry.name).suffix.lower() in ENDINGS for entry in entries)
    train = [name for name in parts if name.lower().startswith("train")]
    if pictures or not train or parts != names:
        return root, []
    return root / train[0], [name for name in names if name != train[0]]
