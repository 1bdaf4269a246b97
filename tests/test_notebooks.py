"""The notebooks run, and are stored as they were run."""

import base64
import itertools
import os

import nbformat
import pytest

from tools import notebooks


def cell(count, *outputs):
    new = nbformat.v4.new_code_cell("1", execution_count=count, outputs=list(outputs))
    return new


def texts(*cells):
    return " ".join(notebooks.problems(nbformat.v4.new_notebook(cells=list(cells))))


def picture(size):
    data = {"image/png": base64.b64encode(b"0" * size).decode()}
    return nbformat.v4.new_output("display_data", data=data)


def stream(text, name="stdout"):
    return nbformat.v4.new_output("stream", text=text, name=name)


def test_there_are_three_in_reading_order():
    assert notebooks.names() == ["1_first_gan", "2_own_pictures", "3_reading_a_run"]


@pytest.mark.parametrize("name", notebooks.names())
def test_stored_outputs_are_complete_and_clean(name):
    notebook = notebooks.read(name)
    assert not list(notebooks.problems(notebook))
    assert notebook == notebooks.normalised(notebooks.read(name)), "run: make notebooks"


@pytest.mark.parametrize("name", notebooks.names())
def test_each_code_cell_is_introduced(name):
    """Text comes first, and between any two cells of code."""
    kinds = [cell.cell_type for cell in notebooks.read(name).cells]
    assert kinds[0] == "markdown"
    assert ("code", "code") not in set(itertools.pairwise(kinds))


def test_what_may_not_be_stored_is_found():
    shown = stream("1")
    assert not texts(cell(1, shown), cell(2))
    assert "in order" in texts(cell(2, shown), cell(1))
    assert "in order" in texts(cell(None, shown))
    assert "no outputs" in texts(cell(1))
    assert "stderr" in texts(cell(1, stream("a warning", "stderr")))
    assert "path" in texts(cell(1, stream("in /home/" + "me/x")))
    assert "address" in texts(cell(1, stream("<History at 0x7f00aa>")))
    assert "an image" in texts(cell(1, picture(notebooks.LARGEST_IMAGE + 1)))
    error = nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=[])
    assert "ValueError: no" in texts(cell(1, error))


@pytest.mark.slow
@pytest.mark.parametrize("name", notebooks.names())
def test_runs(name, request, tmp_path):
    if not os.environ.get("CI"):  # there a notebook that can't run is a failure, not skipped
        request.getfixturevalue("fashion_mnist")
    executed = notebooks.normalised(notebooks.execute(notebooks.read(name), tmp_path))
    assert not list(notebooks.problems(executed))
    stored = notebooks.read(name)
    kinds = [[o.output_type for o in c.get("outputs", ())] for c in executed.cells]
    assert kinds == [[o.output_type for o in c.get("outputs", ())] for c in stored.cells]
