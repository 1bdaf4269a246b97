"""Labels of the pictures of a folder: from its subfolders, or from a file of labels."""

import csv
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from absl import logging

from keras_gan.data.listing import LABEL_FILES, Listing
from keras_gan.errors import reason, refuse

KINDS = ("auto", "none", "folders", "file")
FILE_COLUMNS = ("file", "file_name", "filename")  # file_name is Hugging Face's imagefolder's
LARGEST = 2**28  # bytes of a file of labels


def labels_of(name: str, listing: Listing, labels: str) -> dict[Path, str] | None:
    """The label of each picture.

    Args:
        name: as given to `--dataset`.
        listing: the folder's `Listing`.
        labels: "file" takes those of labels.csv, metadata.csv or metadata.jsonl; "folders" takes
            the subfolders' names; "none" takes none; "auto" takes the file's if there is one, else
            the subfolders' if there are two or more and no picture is outside them, else none.

    Returns:
        A dict from the listing's files to labels, or None without labels.

    Raises:
        UsageError: pictures without a label, labels without a picture, contradictions, or a file
            that can't be read.
    """
    if labels not in KINDS:
        refuse("labels", labels, "a folder has no such labels", ", ".join(KINDS))
    if labels == "none":
        return None
    if labels in ("auto", "file"):
        file = _label_file(listing)
        if file is None and labels == "file":
            what = f"there is no file of labels in {listing.top}"
            refuse("labels", labels, what, ", ".join(LABEL_FILES))
        of_file = _from_file(name, listing, file, labels) if file else None
        if of_file is not None:
            return of_file
    return _from_folders(name, listing, labels)


def numbered(labels: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Labels as classes.

    Args:
        labels: one text per image.

    Returns:
        (classes int32 [n], the classes' names in order: by number if all are whole numbers, else
        by alphabet).
    """
    names = set(labels)
    whole = all(text.isdecimal() for text in names)
    names = sorted(names, key=lambda text: (int(text), text) if whole else text)
    numbers = {label: number for number, label in enumerate(names)}
    return np.array([numbers[label] for label in labels], np.int32), names


def _from_folders(name, listing, labels):
    root, files = listing.root, listing.files
    outside = sum(file.parent == root for file in files)
    names = {file.relative_to(root).parts[0] for file in files if file.parent != root}
    if labels == "folders" and outside:
        refuse(
            "dataset",
            name,
            f"{outside} pictures are outside the subfolders",
            "a subfolder for each label",
        )
    if not names:
        return None
    if labels == "auto" and (outside or len(names) == 1):
        reason = f"{outside} pictures are outside them" if outside else "there is only one"
        logging.info("the subfolders of %s are not used as labels: %s", root, reason)
        return None
    return {file: file.relative_to(root).parts[0] for file in files}


def _label_file(listing):
    """The file of labels beside the pictures, or above the parts of the data set."""
    for folder in (listing.root, listing.top):
        for name in LABEL_FILES:
            if (folder / name).is_file():
                return folder / name
    return None


def _from_file(name, listing, file, labels):
    rows = _rows(name, file)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    key = next((column for column in FILE_COLUMNS if column in columns), None)
    if key is None or "label" not in columns:
        what = f"{file.name} has the columns {', '.join(map(str, columns)) or 'none'}"
        if labels == "auto" and file.name.startswith("metadata"):
            logging.info("%s holds no labels: %s", file, what)
            return None
        refuse("dataset", name, what, "file (or file_name) and label")
    by_path = _by_path(name, file, rows, key)
    missing = [path for path in by_path if not os.path.isfile(path)]
    if missing:
        what = f"{file.name} labels {_shown(missing, file)}, not there"
        refuse("dataset", name, what, "files with paths from its folder, or --labels=none")
    files = {os.path.normpath(path): path for path in listing.files}
    without = [path for path in files if path not in by_path]
    if without:
        what = f"{_shown(without, file)} of {len(files)} pictures have no label in {file.name}"
        refuse("dataset", name, what, "a label for each, or --labels=none")
    folders = {path.parent for path in listing.files}
    if len(folders - {listing.root}) > 1:
        logging.info("labels are those of %s, not the names of the subfolders", file)
    return {original: by_path[path] for path, original in files.items()}


def _by_path(name, file, rows, key):
    """The labels by normalised path."""
    by_path = {}
    for number, row in enumerate(rows, 1):
        entry, label = row.get(key), row.get("label")
        if isinstance(label, (int, float)) and not isinstance(label, bool) and label == int(label):
            label = int(label)
        if isinstance(label, (dict, list, float)) or label is None or not str(label).strip():
            what = f"row {number} of {file.name} has no label but {label!r}"
            refuse("dataset", name, what, "a text or a whole number in each row, or --labels=none")
        if not isinstance(entry, str) or not entry.strip():
            refuse("dataset", name, f"row {number} of {file.name} names no file", "a path")
        path = os.path.normpath(file.parent / entry.strip().replace("\\", "/"))
        label = str(label).strip()
        if by_path.setdefault(path, label) != label:
            what = f"{file.name} gives {entry} two labels, {by_path[path]} and {label}"
            refuse("dataset", name, what, "one label per file")
    return by_path


def _shown(paths, file):
    """The number of paths and the first of them, from the folder of a file on."""
    first = os.path.relpath(min(map(str, paths)), file.parent)
    return f"{len(paths)} ({first}{', …' if len(paths) > 1 else ''})"


def _rows(name, file):
    """The rows of a file of labels, each a dict by column."""
    wanted = "a table in UTF-8 with a line for each picture"
    try:
        if file.stat().st_size > LARGEST:
            refuse("dataset", name, f"{file.name} has more than {LARGEST:,} bytes", wanted)
        text = file.read_text("utf-8-sig")
        if file.suffix == ".jsonl":
            rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            header = text.partition("\n")[0]
            delimiter = max(",;\t", key=header.count)
            rows = list(csv.DictReader(io.StringIO(text), delimiter=delimiter))
    except (OSError, RecursionError, UnicodeDecodeError, csv.Error, json.JSONDecodeError) as error:
        refuse("dataset", name, f"{file.name} can't be read: {reason(error)}", wanted)
    if not rows or not all(isinstance(row, dict) for row in rows):
        refuse("dataset", name, f"{file.name} has no rows with columns", wanted)
    if any(None in row for row in rows):
        refuse("dataset", name, f"{file.name} has rows longer than its header", wanted)
    return rows
