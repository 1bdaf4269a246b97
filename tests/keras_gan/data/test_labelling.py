"""Files of labels: right, or refused in one sentence."""

import json

import numpy as np
import pytest
from PIL import Image

from keras_gan.data import open_source
from keras_gan.data.labelling import numbered


@pytest.fixture
def folder(tmp_path):
    """Four pictures, one of them in a subfolder."""
    (tmp_path / "x").mkdir()
    for number, name in enumerate(["a.png", "b.png", "c.png", "x/d.png"]):
        Image.fromarray(np.full((28, 28), number, np.uint8)).save(tmp_path / name)
    return tmp_path


def opened(folder, labels="auto"):
    return open_source(f"folder:{folder}", labels=labels)


def by_value(source):
    """The class name of each picture, by its grey value."""
    return {int(i.max()): source.label_names[c] for i, c in zip(source.images, source.labels)}


WANTED = {0: "dog", 1: "cat", 2: "dog", 3: "eel"}
ROWS = [("b.png", "cat"), ("x/d.png", "eel"), ("a.png", "dog"), ("c.png", "dog")]


@pytest.mark.parametrize(
    ("name", "column", "delimiter", "start"),
    [
        ("labels.csv", "file", ",", ""),
        ("labels.csv", "file_name", ";", "\ufeff"),
        ("metadata.csv", "file_name", "\t", ""),
    ],
)
def test_tables(folder, name, column, delimiter, start):
    lines = [delimiter.join(row) for row in [(column, "label"), *ROWS]]
    (folder / name).write_text(start + "\n".join(lines) + "\n")
    source = opened(folder)
    assert source.label_names == ["cat", "dog", "eel"] and by_value(source) == WANTED
    assert source.facts()["class names"] == ["cat", "dog", "eel"]
    assert opened(folder, "none").labels is None
    assert opened(folder, "file").num_classes == 3


def test_metadata_of_hugging_face(folder):
    rows = [{"file_name": f, "label": v, "text": "other"} for f, v in ROWS]
    (folder / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    assert by_value(opened(folder)) == WANTED


def test_metadata_above_the_parts(folder):
    """file_name begins with the part; other parts may be labelled too."""
    (folder / "train").mkdir()
    (folder / "test").mkdir()
    for name in ("a", "b", "c"):
        part = "test" if name == "c" else "train"
        (folder / f"{name}.png").rename(folder / part / f"{name}.png")
    (folder / "x" / "d.png").unlink()
    (folder / "x").rmdir()
    rows = {"train/a.png": 1, "train/b.png": 10, "test/c.png": 2}
    lines = [json.dumps({"file_name": f, "label": v}) for f, v in rows.items()]
    (folder / "metadata.jsonl").write_text("\n".join(lines))
    source = opened(folder)
    assert source.label_names == ["1", "10"] and by_value(source) == {0: "1", 1: "10"}


def test_whole_numbers_are_sorted_as_numbers():
    numbers, names = numbered(["10", "9", "10", "0"])
    assert names == ["0", "9", "10"] and numbers.tolist() == [2, 1, 2, 0]
    assert numbered(["b10", "b9"])[1] == ["b10", "b9"]


def test_metadata_without_labels_is_no_file_of_labels(folder, refused):
    (folder / "metadata.jsonl").write_text('{"file_name": "a.png", "text": "a"}\n')
    assert opened(folder).labels is None
    refused(lambda: opened(folder, "file"), "columns file_name, text", "label")


def test_the_file_is_required_on_request(folder, refused):
    refused(lambda: opened(folder, "file"), "no file of labels", "labels.csv", flag="labels")


def test_an_unreadable_picture_may_have_a_label(folder):
    (folder / "bad.png").write_bytes(b"x")
    rows = [("file", "label"), *ROWS, ("bad.png", "zebra")]
    (folder / "labels.csv").write_text("\n".join(",".join(row) for row in rows))
    assert opened(folder).label_names == ["cat", "dog", "eel"]


GOOD = "file,label\n" + "\n".join(",".join(row) for row in ROWS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + "\ne.png,cat", ("labels 1 (e.png), not there", "--labels=none")),
        (GOOD + "\n../e.png,cat", ("labels 1 (../e.png), not there",)),
        (GOOD.replace("a.png,dog", ""), ("1 (a.png) of 4 pictures have no label",)),
        (GOOD + "\na.png,cat", ("gives a.png two labels, dog and cat",)),
        (GOOD.replace("a.png,dog", "a.png,"), ("row 3", "no label but ''")),
        (GOOD.replace("a.png,dog", "a.png"), ("row 3", "no label but None")),
        (GOOD.replace("a.png,dog", ",dog"), ("row 3", "names no file")),
        (GOOD.replace("a.png,dog", "a.png,dog,7"), ("longer than its header",)),
        (GOOD.replace("label", "class"), ("columns file, class", "label")),
        ("", ("no rows",)),
        ("file,label\n", ("no rows",)),
    ],
)
def test_labels_that_do_not_fit(folder, refused, text, words):
    (folder / "labels.csv").write_text(text)
    refused(lambda: opened(folder), "labels.csv", *words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"file_name": "a.png", "label": ["x"]}', ("no label but ['x']",)),
        (b'{"file_name": "a.png", "label": 0.5}', ("no label but 0.5",)),
        (b'{"file_name": 3, "label": 1}', ("names no file",)),
        (b"[1, 2]\n", ("no rows with columns",)),
        (b'{"file_name": \n', ("can't be read",)),
        (b"\xff\xfe{}", ("can't be read",)),
        (b"[" * 100_000, ("can't be read",)),
    ],
)
def test_metadata_that_is_wrong(folder, refused, content, words):
    (folder / "metadata.jsonl").write_bytes(content)
    refused(lambda: opened(folder), "metadata.jsonl", *words)


def test_the_same_label_twice_is_right(folder):
    (folder / "labels.csv").write_text(GOOD + "\n./a.png,dog")
    assert by_value(opened(folder)) == WANTED
