"""Emoji: some 1,900 colour pictures, 64×64 with transparency, in nine classes.

The pictures are those of Google's Noto Emoji, as the npm package emoji-datasource-google holds
them; classes are Unicode's categories. A small data set of colour pictures that is not faces.
"""

import json
import pathlib
import shutil

from keras_gan import atomic
from keras_gan.data import npm
from keras_gan.errors import StorageError, UsageError, reason

PACKAGE = "emoji-datasource-google@16.0.0"
PICTURES = pathlib.PurePath("package", "img", "google", "64")
LEFT_OUT = ("Component",)  # five squares of skin tones, which are no emoji of their own
ABOUT = """Pictures of Noto Emoji (Google), 64x64, from the npm package {package}.

Pictures: Apache License 2.0, as the package's README states.
Sorting into categories (emoji.json): MIT License, Copyright (c) 2013 Cal Henderson.

A folder per category of Unicode; variants of skin tone are left out.
"""


def fetch(data_dir: pathlib.Path) -> pathlib.Path:
    """Makes the folder `data_dir`/emoji, with a subfolder of pictures per class.

    Args:
        data_dir: folder of prepared data sets.

    Returns:
        The folder; if it is complete already, nothing is fetched.

    Raises:
        UsageError: the package can't be fetched, or is not as expected.
        StorageError: the folder can't be written.
    """
    target = data_dir / "emoji"
    if (target / "README.txt").is_file():
        return target
    with npm.unpacked(PACKAGE) as temporary:
        sort(temporary, target)
    return target


def sort(unpacked: pathlib.Path, target: pathlib.Path) -> None:
    """Copies the pictures of the unpacked package into a folder per category.

    Args:
        unpacked: folder that holds the package's folder `package`.
        target: folder to write, completely or not at all.

    Raises:
        UsageError: the package is not as expected.
        StorageError: the folder can't be written.
    """
    try:
        entries = json.loads((unpacked / "package" / "emoji.json").read_text())
        chosen = [
            (entry["category"], pathlib.PurePath(entry["image"]).name)
            for entry in entries
            if entry["has_img_google"] and entry["category"] not in LEFT_OUT
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{PACKAGE}: emoji.json is not as expected: {reason(error)}") from error
    try:
        with atomic.replacing_folder(target) as folder:
            for category, name in chosen:
                place = folder / category.replace("/", " ")
                place.mkdir(exist_ok=True)
                shutil.copyfile(unpacked / PICTURES / name, place / name)
            (folder / "README.txt").write_text(ABOUT.format(package=PACKAGE))
    except OSError as error:
        raise StorageError(f"{target}: {reason(error)}") from error
