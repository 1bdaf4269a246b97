"""A report on a data set before training: what is in it, and what the pipeline does to it."""

import collections
import dataclasses
import os
import pathlib
from typing import Any

import numpy as np
import tqdm
from PIL import Image, ImageOps

from keras_gan.data import decoding, duplicates, folder, framing, symmetry
from keras_gan.data.source import Source
from keras_gan.data.survey import Survey

CHUNK = 500  # images per fetch
LISTED = 100  # unreadable pictures, groups of duplicates that the report names
SHOWN = 32  # pairs on the contact sheet
CELL = 96  # pixels of a picture on the contact sheet


@dataclasses.dataclass(frozen=True)
class Inspection:
    """What was seen.

    Attributes:
        facts: JSON values by name.
        sheet: uint8 [h, w, 3], originals beside images as a model sees them.
    """

    facts: dict[str, Any]
    sheet: np.ndarray


def inspect(seen: Survey, source: Source, crop: str) -> Inspection:
    """Looks at every image of a data set.

    Args:
        seen: the data set's `Survey`.
        source: the same data, opened as for training.
        crop: as for `framing.fit`.

    Returns:
        An `Inspection`.
    """
    files = _readable(seen, source)
    names = [_name(seen, file) for file in files] if files else None
    hashes, thumbnails = _fingerprints(source)
    groups = duplicates.groups(hashes, thumbnails)
    facts = {
        "dataset": seen.name,
        "pictures": len(source),
        "unreadable": len(source.skipped),
        "unreadable_files": _unreadable(seen, source),
        "sizes": _sizes(seen.sizes),
        "modes": seen.modes,
        "transparent": seen.transparent,
        "classes": seen.classes,
        "duplicate_groups": len(groups),
        "duplicates": sum(len(group) - 1 for group in groups),
        "duplicate_files": [
            [names[i] if names else i for i in group[:10]] for group in groups[:LISTED]
        ],
        "asymmetry": symmetry.asymmetry(thumbnails),
        "image_shape": list(source.image_shape),
        "pipeline": pipeline_sentences(seen, source.image_shape, crop),
    }
    return Inspection(facts, contact_sheet(source, files))


def pipeline_sentences(seen: Survey, image_shape: tuple[int, int, int], crop: str) -> list[str]:
    """What happens to the pictures on their way to the model, a sentence each."""
    height, width, channels = image_shape
    sentences = []
    smaller = sum(h < height or w < width for h, w in seen.sizes)
    scaled = sum(size != (height, width) for size in seen.sizes)
    if scaled:
        sentences.append(f"{scaled} of {len(seen)} pictures are scaled to {height}x{width}")
    if smaller:
        sentences.append(f"{smaller} of them are smaller and get blurred")
    changes = framing.check(seen.name, seen.sizes, (height, width), crop)
    if changes:
        sentences.append(changes)
    if seen.transparent and channels != 4:
        sentences.append(
            f"{seen.transparent} transparent pictures are put on white (not with --channels=4)"
        )
    grey = sum(count for mode, count in seen.modes.items() if mode in decoding.GREY_MODES)
    if channels == 1 and grey < len(seen):
        sentences.append(f"{len(seen) - grey} colour pictures become grey")
    elif channels == 1:
        sentences.append("all pictures are grey, and so are the images")
    elif grey:
        sentences.append(f"{grey} grey pictures become colour pictures without colour")
    deep = sum(count for mode, count in seen.modes.items() if mode.startswith("I"))
    if deep:
        sentences.append(f"{deep} pictures of 16 bits are rounded to 8")
    return sentences


def text(facts: dict[str, Any]) -> str:
    """The report as lines for a terminal."""
    sizes = facts["sizes"]
    shape = "x".join(map(str, facts["image_shape"]))
    rows = [
        ("pictures", f"{facts['pictures']:,}, and {facts['unreadable']:,} that can't be read"),
        (
            "sizes",
            f"{sizes['distinct']}: {sizes['smallest']} to {sizes['largest']}, median"
            f" {sizes['median']}, most often {sizes['most_common']}",
        ),
        ("width/height", "{min:.2f} to {max:.2f}, median {median:.2f}".format(**sizes["aspect"])),
        ("modes", ", ".join(f"{count} {mode}" for mode, count in facts["modes"].items())),
        ("classes", _classes(facts["classes"])),
        ("near copies", f"{facts['duplicates']:,} in {facts['duplicate_groups']:,} groups"),
        ("left/right", _left_and_right(facts["asymmetry"])),
        ("images", f"{shape}, as the model sees them"),
    ]
    lines = [f"{name:<13} {value}" for name, value in rows]
    lines += [f"{'':<13} {sentence}" for sentence in facts["pipeline"]]
    lines += [f"unreadable    {f['file']}: {f['reason']}" for f in facts["unreadable_files"][:20]]
    for group in facts["duplicate_files"][:10]:
        lines.append("near copies   " + ", ".join(map(str, group)))
    return "\n".join(lines)


def contact_sheet(source: Source, files: list[pathlib.Path] | None) -> np.ndarray:
    """Pictures, evenly spaced over the data: each original, and right of it the model's image.

    Args:
        source: the data.
        files: the original of each image, or None: only the images are shown.

    Returns:
        uint8 [h, w, 3].
    """
    indices = np.unique(np.linspace(0, len(source) - 1, SHOWN).astype(int))
    images = source.fetch(indices)[0]
    cells = []
    for index, image in zip(indices, images):
        original = _original(files[index]) if files else None
        cells.append(_cell(original) if original else np.full((CELL, 0, 3), 255, np.uint8))
        cells[-1] = np.concatenate([cells[-1], _cell(_picture(image))], 1)
    columns = min(4 if files else 8, len(cells))
    while len(cells) % columns:
        cells.append(np.full_like(cells[0], 255))
    gap = np.full((CELL, 8, 3), 255, np.uint8)
    cells = [np.concatenate([cell, gap], 1) for cell in cells]
    rows = [np.concatenate(cells[i : i + columns], 1) for i in range(0, len(cells), columns)]
    return np.concatenate([np.pad(r, ((0, 8), (0, 0), (0, 0)), constant_values=255) for r in rows])


def _readable(seen, source):
    """The file of each image, or None if the data are no files."""
    if seen.files is None:
        return None
    skipped = set(source.skipped)
    return [file for file in seen.files if str(file) not in skipped]


def _name(seen, file):
    return os.path.relpath(file, seen.listing.root)


def _unreadable(seen, source):
    return [
        {"file": _name(seen, file), "reason": folder.why_skipped(pathlib.Path(file))}
        for file in source.skipped[:LISTED]
    ]


def _fingerprints(source):
    starts = range(0, len(source), CHUNK)
    hashes, thumbnails = [], []
    quiet = None if len(source) >= folder.MANY else True
    bar = tqdm.tqdm(total=len(source), desc="comparing pictures", disable=quiet)
    with bar:
        for start in starts:
            indices = np.arange(start, min(start + CHUNK, len(source)))
            part = duplicates.fingerprints(source.fetch(indices)[0])
            hashes.append(part[0])
            thumbnails.append(part[1])
            bar.update(len(indices))
    return np.concatenate(hashes), np.concatenate(thumbnails)


def _sizes(sizes):
    areas = sorted(set(sizes), key=lambda size: size[0] * size[1])
    aspects = np.array([width / height for height, width in sizes])
    median = np.median(np.array(sizes), axis=0)
    return {
        "distinct": len(areas),
        "smallest": _x(areas[0]),
        "median": _x(median),
        "largest": _x(areas[-1]),
        "most_common": _x(collections.Counter(sizes).most_common(1)[0][0]),
        "aspect": {
            "min": float(aspects.min()),
            "median": float(np.median(aspects)),
            "max": float(aspects.max()),
        },
    }


def _x(size):
    return f"{int(size[0])}x{int(size[1])}"


def _left_and_right(asymmetry):
    alike = asymmetry <= symmetry.ASYMMETRIC
    said = "alike, so --mirror may help" if alike else "differ, so --mirror would be wrong"
    return f"{said} ({asymmetry:.1%} of the variance)"


def _classes(classes):
    if not classes:
        return "no labels"
    counts = [f"{name} {count}" for name, count in list(classes.items())[:20]]
    more = ", …" if len(classes) > len(counts) else ""
    return f"{len(classes)}: {', '.join(counts)}{more}"


def _original(file):
    """A picture as a viewer shows it, in the size of a cell; None if it can't be read."""
    try:
        with Image.open(file) as picture:
            picture.draft("RGB", (2 * CELL, 2 * CELL))  # quicker for large JPEGs
            ImageOps.exif_transpose(picture, in_place=True)
            return _picture(decoding.to_array(picture, 3))
    except decoding.UNREADABLE:
        return None


def _picture(image):
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).convert("RGBA")


def _cell(picture):
    """A picture of any size in the middle of a white cell."""
    nearest = max(picture.size) <= CELL // 2
    size = Image.Resampling.NEAREST if nearest else Image.Resampling.BICUBIC
    scaled = ImageOps.contain(picture, (CELL - 4, CELL - 4), size)
    cell = Image.new("RGBA", (CELL, CELL), (255, 255, 255, 255))
    corner = ((CELL - scaled.width) // 2, (CELL - scaled.height) // 2)
    cell.alpha_composite(scaled, corner)
    return np.asarray(cell.convert("RGB"))
