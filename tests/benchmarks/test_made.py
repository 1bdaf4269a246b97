"""Stamps: every figure of the docs has one, and is what its command wrote."""

import json

import pytest

from benchmarks import common, made


@pytest.fixture
def docs(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "one.png").write_bytes(b"picture")
    (tmp_path / "page.md").write_text("# A\n\n<!-- table: begin -->\n\n1\n\n<!-- table: end -->\n")
    (tmp_path / made.STAMPS).write_text("{}")
    return tmp_path


def test_every_figure_of_the_docs_is_what_its_command_wrote(root):
    assert made.problems(root / "docs") == []
    assert made.page(root / "docs") == (root / "docs" / "made.md").read_text()


def test_what_lacks_a_stamp_or_was_changed_is_named(docs):
    assert len(made.problems(docs)) == 2 and "one.png: has no stamp" in made.problems(docs)[0]
    made.stamp("images/one.png", "make picture", docs)
    common.replace_section(docs / "page.md", "table", ["2"])  # stamps by itself
    assert made.problems(docs) == []
    (docs / "page.md").write_text((docs / "page.md").read_text().replace("2", "3"))
    (docs / "images" / "one.png").unlink()
    assert [line.split(": ")[1][:9] for line in made.problems(docs)] == ["is stampe", "is not wh"]


def test_a_stamp_names_command_and_commit(docs):
    made.stamp("page.md#table", "make table", docs)
    (of,) = json.loads((docs / made.STAMPS).read_text()).values()
    assert of["command"] == "make table" and of["commit"] and of["date"][:2] == "20"
    assert f"| `make table` | {of['commit']} | {of['date']} | `page.md#table` |" in made.page(docs)
