"""Pictures in .zip and .tar files: unpacked once, into the data folder, and nowhere else.

Only pictures and files of labels are written, and only if the whole archive is harmless: names
that lead outside, links, devices, two entries of one name and sizes that no data set of pictures
has are refused.
"""

import contextlib
import dataclasses
import hashlib
import os
import pathlib
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from absl import logging

from keras_gan import atomic
from keras_gan.data.listing import ENDINGS, LABEL_FILES
from keras_gan.errors import StorageError, reason, refuse

WANTED = "a .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz file of pictures, or a folder"
MOST_FILES = 1_000_000
MOST_BYTES = 2**35  # 32 GiB, unpacked
EXPANSION = 200  # of an archive above 1 GiB: pictures hardly shrink, so more is no data set
SMALL = 2**30
DAMAGED = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, ValueError, KeyError),
    *(NotImplementedError, RuntimeError, OverflowError, UnicodeError),
)


@dataclasses.dataclass(frozen=True)
class _Entry:
    """A file in an archive: its name, its size unpacked, and what opens it."""

    name: str
    size: int
    kind: str  # "file", "folder", "link" or "device"
    source: object


def is_archive(path: pathlib.Path) -> bool:
    """Whether a file is a zip or tar archive, by its content."""
    try:
        return zipfile.is_zipfile(path) or tarfile.is_tarfile(path)
    except (OSError, EOFError, zlib.error):
        return False


def unpack(name: str, path: pathlib.Path, data_dir: pathlib.Path) -> pathlib.Path:
    """Unpacks an archive of pictures into `data_dir`/unpacked, unless it is there already.

    Args:
        name: as given to `--dataset`.
        path: the archive.
        data_dir: folder of prepared data sets.

    Returns:
        The folder with the pictures; if the archive holds a single folder of folders, that one.

    Raises:
        UsageError: it is damaged, encrypted, too large, or holds what is refused; nothing is
            written then.
        StorageError: the disk is full, or the folder can't be written.
    """
    status = path.stat()
    key = f"{path.resolve()} {status.st_size} {status.st_mtime_ns}"
    mark = hashlib.sha256(os.fsencode(key)).hexdigest()[:12]
    target = data_dir / "unpacked" / f"{path.name}-{mark}"
    if not target.is_dir():
        try:
            with atomic.replacing_folder(target) as folder:
                _unpack(name, path, folder, status.st_size)
        except OSError as error:
            raise StorageError(f"{target}: {reason(error)}") from error
        logging.info("%s is unpacked in %s", path, target)
    return _single_folder(target)


def _unpack(name, path, folder, packed):
    try:
        others = _write(name, path, folder, packed)
    except DAMAGED as error:
        if hasattr(error, "flag"):  # a `UsageError` of ours
            raise
        refuse("dataset", name, f"can't be unpacked: {reason(error)}", WANTED)
    if others:
        logging.info("not unpacked from %s: %d files that are no pictures", path, others)


def _write(name, path, folder, packed):
    """Writes the archive's pictures; returns the number of other files."""
    total, others, seen = 0, 0, set()
    with _entries(path) as entries:
        for number, entry in enumerate(entries, 1):
            total += entry.size
            _check(name, entry, number, total, packed)
            place = pathlib.PurePosixPath(entry.name)
            if entry.kind == "folder" or any(part.startswith((".", "__")) for part in place.parts):
                continue
            if place.suffix.lower() not in ENDINGS and place.name not in LABEL_FILES:
                others += 1
                continue
            if str(place) in seen:
                refuse("dataset", name, f"holds {entry.name} twice", "one file of each name")
            seen.add(str(place))
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            with entry.source() as content, open(folder / place, "xb") as file:
                shutil.copyfileobj(_Bounded(content, entry.size), file)
    return others


def _check(name, entry, number, total, packed):
    """Refuses an archive at an entry that is not harmless."""
    path = pathlib.PurePosixPath(entry.name)
    outside = path.is_absolute() or ".." in path.parts or "\\" in entry.name or ":" in entry.name
    if outside or not entry.name.isprintable():
        shown = ascii(entry.name)
        refuse("dataset", name, f"holds the name {shown}, which may lead elsewhere", "plain names")
    if entry.kind in ("link", "device"):
        what = f"holds {entry.name}, which is a {entry.kind}"
        refuse("dataset", name, what, "plain files and folders")
    if number > MOST_FILES:
        refuse("dataset", name, f"holds more than {MOST_FILES:,} files", WANTED)
    if total > MOST_BYTES:
        what = f"unpacks to more than {MOST_BYTES:,} bytes"
        refuse("dataset", name, what, "a folder, unpacked by yourself")
    if total > SMALL and total > EXPANSION * packed:
        what = f"its {packed:,} bytes unpack to {total:,} or more, as no pictures do"
        refuse("dataset", name, what, WANTED)


@contextlib.contextmanager
def _entries(path) -> Iterator[Iterator[_Entry]]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield (_zip_entry(archive, info) for info in archive.infolist())
    else:
        with tarfile.open(path) as archive:
            yield (_tar_entry(archive, member) for member in archive)


def _zip_entry(archive, info):
    mode = info.external_attr >> 16
    kind = "folder" if info.is_dir() else "file"
    if stat.S_ISLNK(mode):
        kind = "link"
    elif stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        kind = "device"
    return _Entry(info.filename, info.file_size, kind, lambda: archive.open(info))


def _tar_entry(archive, member):
    kind = "file" if member.isfile() else "folder" if member.isdir() else "device"
    if member.issym() or member.islnk():
        kind = "link"
    return _Entry(member.name, member.size, kind, lambda: archive.extractfile(member))


class _Bounded:
    """A file of which no more is read than its entry declares."""

    def __init__(self, file: BinaryIO, size: int):
        self._file, self._left = file, size

    def read(self, count):
        data = self._file.read(min(count, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise zipfile.BadZipFile("a file is larger than it declares")
        return data


def _single_folder(folder):
    """The only folder in a folder, if it holds folders or a file of labels; else the folder."""
    entries = list(folder.iterdir())
    if len(entries) != 1 or not entries[0].is_dir():
        return folder
    within = list(entries[0].iterdir())
    deeper = any(entry.is_dir() or entry.name in LABEL_FILES for entry in within)
    return entries[0] if deeper else folder
