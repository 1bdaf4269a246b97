"""Archives of pictures: read as folders are, and harmless."""

import io
import os
import stat
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from keras_gan.data import archives, open_source


def png(value=0):
    buffer = io.BytesIO()
    Image.fromarray(np.full((28, 28), value, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


FILES = {"pics/dog/1.png": png(1), "pics/cat/2.png": png(2), "pics/dog/3.png": png(3)}


def write(path, files=FILES):
    if ".tar" in path.name:
        with tarfile.open(path, "w:" + path.name.rpartition(".tar")[2].lstrip(".")) as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    return path


@pytest.fixture
def place(tmp_path):
    """A folder for archives, beside a data folder."""
    (tmp_path / "user").mkdir()
    return tmp_path / "user"


def opened(path, **options):
    return open_source(f"folder:{path}", data_dir=path.parent.parent / "data", **options)


def tree(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz", "tar.xz", "tar.bz2"])
def test_an_archive_is_read_as_its_folder(place, ending):
    source = opened(write(place / f"a.{ending}"))
    assert source.label_names == ["cat", "dog"] and source.labels.tolist() == [0, 1, 1]
    assert source.images[:, 0, 0, 0].tolist() == [2, 1, 3]
    assert len(tree(place)) == 1  # nothing is unpacked beside it


def test_it_is_unpacked_once_and_again_when_it_changes(place, monkeypatch):
    file = write(place / "a.zip")
    opened(file)
    with monkeypatch.context() as patch:
        patch.setattr(archives, "_write", None)
        assert len(opened(file)) == 3
    write(file, {**FILES, "pics/cat/4.png": png(4)})
    os.utime(file, ns=(1, 1))
    assert len(opened(file)) == 4


def test_labels_in_an_archive(place):
    files = {"a.png": png(), "b.png": png(), "labels.csv": b"file,label\na.png,x\nb.png,y\n"}
    assert opened(write(place / "a.zip", files)).label_names == ["x", "y"]
    inside = {f"top/{name}": content for name, content in files.items()}
    assert opened(write(place / "b.tar", inside)).label_names == ["x", "y"]


def test_only_pictures_are_written(place):
    files = {**FILES, "run.sh": b"x", "__MACOSX/pics/._1.png": b"x", ".DS_Store": b"x"}
    assert len(opened(write(place / "a.zip", files))) == 3
    names = [path.name for path in tree(place.parent / "data")]
    assert sorted(names) == ["1.png", "2.png", "3.png"]


NAMES = ["../a.png", "x/../../a.png", "/tmp/a.png", "C:/a.png", "..\\a.png", "a\n.png"]


@pytest.mark.parametrize("ending", ["zip", "tar"])
@pytest.mark.parametrize("name", NAMES)
def test_names_that_lead_elsewhere(place, refused, name, ending):
    file = write(place / f"a.{ending}", {**FILES, name: png()})
    refused(lambda: opened(file), "may lead elsewhere")
    assert tree(place.parent) == [file]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_tar(place, refused, kind):
    file = place / "a.tar"
    with tarfile.open(file, "w") as archive:
        member = tarfile.TarInfo("a.png")
        member.type, member.linkname = kind, "../../secret.png"
        archive.addfile(member)
    refused(lambda: opened(file), "a.png, which is a")
    assert tree(place.parent) == [file]


def test_links_in_zip(place, refused):
    file = place / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        entry = zipfile.ZipInfo("a.png")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "../../secret.png")
    refused(lambda: opened(file), "a.png, which is a link")


def test_a_bomb(place, refused, monkeypatch):
    monkeypatch.setattr(archives, "SMALL", 2**20)
    for ending in ("zip", "tar.xz"):
        file = write(place / f"a.{ending}", {"a.png": bytes(2**22)})
        refused(lambda file=file: opened(file), f"{file.stat().st_size:,} bytes", f"{2**22:,}")
    monkeypatch.setattr(archives, "MOST_BYTES", 2**21)
    refused(lambda: opened(place / "a.zip"), f"more than {2**21:,} bytes")
    monkeypatch.setattr(archives, "MOST_FILES", 2)
    refused(lambda: opened(write(place / "b.zip")), "more than 2 files")
    assert not tree(place.parent / "data")


def test_a_declared_size_is_not_believed(place, refused):
    """The bytes are counted, too, where the directory of a zip file lies."""
    file = write(place / "a.zip", {"a.png": bytes(2**16)})
    content = bytearray(file.read_bytes())
    for position in (22, content.index(b"PK\x01\x02") + 24):
        content[position : position + 4] = (10).to_bytes(4, "little")
    file.write_bytes(bytes(content))
    refused(lambda: opened(file), "can't be unpacked")
    assert not tree(place.parent / "data")


def test_the_same_name_twice(place, refused):
    file = place / "a.tar"
    with tarfile.open(file, "w") as archive:
        for name in ("a.png", "./a.png"):
            member = tarfile.TarInfo(name)
            member.size = len(png())
            archive.addfile(member, io.BytesIO(png()))
    refused(lambda: opened(file), "a.png twice")


def test_damaged_and_other_archives(place, refused):
    whole = write(place / "a.zip").read_bytes()
    (place / "cut.zip").write_bytes(whole[:-30])
    refused(lambda: opened(place / "cut.zip"), "not a folder, .zip or .tar file")
    middle = whole.index(png(2)[:8]) if png(2)[:8] in whole else 60
    (place / "bad.zip").write_bytes(whole[:middle] + b"\xff" * 8 + whole[middle + 8 :])
    refused(lambda: opened(place / "bad.zip"), "can't be unpacked")
    packed = write(place / "a.tar.gz").read_bytes()
    (place / "cut.tar.gz").write_bytes(packed[: len(packed) // 2])
    refused(lambda: opened(place / "cut.tar.gz"), "can't be unpacked")
    (place / "a.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(100))
    refused(lambda: opened(place / "a.7z"), ".zip or .tar")
    refused(lambda: opened(write(place / "none.zip", {"a.txt": b"x"})), "no pictures")
    assert not tree(place.parent / "data")


def test_an_encrypted_archive(place, refused):
    content = bytearray(write(place / "a.zip").read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    (place / "a.zip").write_bytes(bytes(content))
    refused(lambda: opened(place / "a.zip"), "encrypted")


def test_a_bare_path_is_refused_with_what_to_type(place, refused):
    file = write(place / "a.zip")
    refused(lambda: open_source(str(file)), f"--dataset=folder:{file}")
