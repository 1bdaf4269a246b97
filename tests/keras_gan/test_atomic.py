"""After a kill or on a full disk, a file or folder is either the old one or the new one."""

import os
import pathlib
import subprocess
import sys

import pytest

from keras_gan import atomic

ROOT = pathlib.Path(__file__).parents[2]

# Replaces argv[1], a file or a folder (argv[2]); exits before call argv[3] of os.replace.
KILLED = """
import os, sys
from keras_gan import atomic

path, kind, last = sys.argv[1], sys.argv[2], int(sys.argv[3])
replace, calls = os.replace, []


def counted(source, target):
    if len(calls) == last:
        os._exit(9)
    calls.append(source)
    replace(source, target)


os.replace = counted
if kind == "file":
    with atomic.replacing(path) as file:
        file.write(b"new")
else:
    with atomic.replacing_folder(path) as folder:
        (folder / "content").write_text("new")
"""


def killed(path, kind, last):
    command = [sys.executable, "-c", KILLED, str(path), kind, str(last)]
    return subprocess.run(command, cwd=ROOT, check=False, timeout=60).returncode


@pytest.fixture
def file(tmp_path):
    (tmp_path / "page").write_text("old")
    return tmp_path / "page"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "content").write_text("old")
    (tmp_path / "export" / "more").write_text("old")
    return tmp_path / "export"


def names(path):
    return sorted(other.name for other in path.iterdir())


def full(*arguments, **options):
    raise OSError(28, "No space left on device")


def test_a_file_is_replaced(file):
    with atomic.replacing(file) as opened:
        opened.write(b"new")
        assert file.read_text() == "old"
    assert file.read_text() == "new" and names(file.parent) == ["page"]


def test_a_folder_is_replaced_with_all_its_content(folder):
    with atomic.replacing_folder(folder) as temporary:
        (temporary / "deep").mkdir()
        (temporary / "deep" / "content").write_text("new")
        assert names(folder) == ["content", "more"]
    assert names(folder) == ["deep"] and names(folder.parent) == ["export"]


def test_parent_folders_are_created(tmp_path):
    with atomic.replacing(tmp_path / "a" / "b" / "page") as opened:
        opened.write(b"new")
    with atomic.replacing_folder(tmp_path / "c" / "export") as temporary:
        (temporary / "content").write_text("new")
    assert (tmp_path / "a" / "b" / "page").read_bytes() == b"new"
    assert (tmp_path / "c" / "export" / "content").read_text() == "new"


def test_permissions_are_those_of_a_new_file(file):
    (file.parent / "usual").write_text("")
    with atomic.replacing(file) as opened:
        opened.write(b"new")
    assert file.stat().st_mode == (file.parent / "usual").stat().st_mode


def test_file_and_folder_entry_are_synced_in_this_order(file, monkeypatch):
    """Otherwise a power cut may leave the new name without content."""
    order, sync, replace = [], os.fsync, os.replace

    def synced(number):
        order.append(os.readlink(f"/proc/self/fd/{number}"))
        sync(number)

    def replaced(source, target):
        order.append("renamed")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    with atomic.replacing(file) as opened:
        opened.write(b"new")
    assert order[0].endswith(".writing")
    assert order[1:] == ["renamed", str(file.parent)]


def test_each_file_of_a_folder_is_synced_before_the_folder_is_renamed(folder, monkeypatch):
    order, sync, replace = [], os.fsync, os.replace

    def synced(number):
        order.append(pathlib.Path(os.readlink(f"/proc/self/fd/{number}")).name)
        sync(number)

    def replaced(source, target):
        order.append(f"renamed to {pathlib.Path(target).name}")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    with atomic.replacing_folder(folder) as temporary:
        (temporary / "deep").mkdir()
        (temporary / "deep" / "content").write_text("new")
        (temporary / "page").write_text("new")
    first = order.index("renamed to .export.replaced")
    assert {"page", "content", "deep"} <= {*order[:first]}
    assert order[first + 1 :] == ["renamed to export", folder.parent.name]


def test_a_kill_before_the_rename_leaves_the_old_file(file):
    assert killed(file, "file", 0) == 9
    assert file.read_text() == "old" and len(names(file.parent)) == 2
    atomic.remove_leftovers(file.parent)
    assert names(file.parent) == ["page"]


@pytest.mark.parametrize("last", [0, 1])
def test_a_kill_before_either_rename_leaves_the_old_folder(folder, last):
    assert killed(folder, "folder", last) == 9
    assert folder.exists() == (last == 0)
    atomic.take_back(folder.parent)
    assert names(folder) == ["content", "more"]
    assert (folder / "content").read_text() == "old"
    atomic.remove_leftovers(folder.parent)
    assert names(folder.parent) == ["export"]


def test_an_uninterrupted_process_replaces_both(file, folder):
    assert killed(file, "file", 9) == killed(folder, "folder", 9) == 0
    assert file.read_text() == "new" and names(folder) == ["content"]


def test_a_folder_that_was_replaced_already_is_not_taken_back(folder):
    aside = folder.with_name(".export.replaced")
    aside.mkdir()
    (aside / "content").write_text("older")
    atomic.take_back(folder.parent)
    assert (folder / "content").read_text() == "old" and names(folder.parent) == ["export"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_no_other_file(file, monkeypatch, call):
    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="No space left"), atomic.replacing(file) as opened:
        opened.write(b"new")
    assert file.read_text() == "old" and names(file.parent) == ["page"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_folder_and_no_other_file(folder, monkeypatch, call):
    monkeypatch.setattr(os, call, full)
    with (
        pytest.raises(OSError, match="No space left"),
        atomic.replacing_folder(folder) as temporary,
    ):
        (temporary / "content").write_text("new")
    assert names(folder) == ["content", "more"] and names(folder.parent) == ["export"]


def test_a_second_rename_that_fails_brings_the_old_folder_back(folder, monkeypatch):
    replace = os.replace

    def fails(source, target):
        if str(source).endswith(".writing"):
            full()
        replace(source, target)

    monkeypatch.setattr(os, "replace", fails)
    with (
        pytest.raises(OSError, match="No space left"),
        atomic.replacing_folder(folder) as temporary,
    ):
        (temporary / "content").write_text("new")
    assert names(folder) == ["content", "more"] and names(folder.parent) == ["export"]


def test_an_error_of_the_writer_keeps_the_old_content(file, folder):
    with pytest.raises(ValueError), atomic.replacing(file):
        raise ValueError
    with pytest.raises(ValueError), atomic.replacing_folder(folder):
        raise ValueError
    assert file.read_text() == "old" and names(folder) == ["content", "more"]
    assert names(file.parent) == ["export", "page"]


def test_two_writers_of_one_file_do_not_mix(file):
    with atomic.replacing(file) as first, atomic.replacing(file) as second:
        first.write(b"first")
        second.write(b"second")
    assert file.read_text() == "first"  # the last to finish
