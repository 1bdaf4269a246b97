"""Executes the notebooks of notebooks/ and stores their outputs.

python -m tools.notebooks              # executes them in a temporary folder, stores nothing
python -m tools.notebooks --write      # stores the outputs, without what differs between machines
python -m tools.notebooks --write 1_first_gan 3_reading_a_run
"""

import argparse
import base64
import os
import pathlib
import re
import sys
import tempfile
from collections.abc import Iterator

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
SHOWN = ("image/png", "text/plain")  # of the forms of an output the first that there is
LARGEST_IMAGE, LARGEST_NOTEBOOK = 100_000, 300_000  # bytes
SECONDS = 600  # for one cell, on a busy machine
ADDRESS = re.compile(r"0x[0-9a-f]{6}")
ABSOLUTE = re.compile(r"(?<![\w./:])/[\w.-]+/[\w.-]")


def names() -> list[str]:
    """The notebooks, in the order in which they are read."""
    return [path.stem for path in sorted(FOLDER.glob("*.ipynb"))]


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def execute(notebook: nbformat.NotebookNode, folder: str | os.PathLike) -> nbformat.NotebookNode:
    """Runs all cells, in order, in a folder that they may write to.

    What compiled libraries print on their own is not stored.

    Raises:
        CellExecutionError: a cell failed.
    """
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",
        coalesce_streams=True,
        record_timing=False,
        extra_arguments=["--IPKernelApp.capture_fd_output=False"],
        resources={"metadata": {"path": str(folder)}},
    )
    # Pictures are drawn in the notebook, whatever this process uses.
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    environment |= {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}
    return client.execute(env=environment)


def normalised(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook without what differs from one machine or execution to the next."""
    count = 0
    for number, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"cell-{number}", {}
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        for output in cell.outputs:
            if "metadata" in output:
                output.metadata = {}
            if "data" in output:
                form = next(form for form in SHOWN if form in output.data)
                output.data = {form: output.data[form]}
            if "execution_count" in output:
                output.execution_count = count
    notebook.metadata = METADATA
    return notebook


def problems(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """What a stored notebook must not be: not executed, in disorder, too large, of one machine."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    counts = [cell.execution_count for cell in code]
    if counts != list(range(1, len(code) + 1)):
        yield f"cells are not executed in order: {counts}"
    if not any(cell.outputs for cell in code):
        yield "no outputs are stored"
    size = len(nbformat.writes(notebook))
    if size > LARGEST_NOTEBOOK:
        yield f"{size} bytes, more than {LARGEST_NOTEBOOK}"
    for cell in code:
        for output in cell.outputs:
            yield from (f"cell {cell.execution_count}: {text}" for text in _wrong(output))


def _wrong(output: nbformat.NotebookNode) -> Iterator[str]:
    if output.output_type == "error":
        yield f"{output.ename}: {output.evalue}"
        return
    data = output.get("data", {})
    text = output.get("text", data.get("text/plain", ""))
    if output.get("name") == "stderr":
        yield f"prints to stderr: {text[:200]}"
    elif ADDRESS.search(text):
        yield f"shows an address in memory: {text[:200]}"
    elif ABSOLUTE.search(text):
        yield f"shows a path of this machine: {text[:200]}"
    size = len(base64.b64decode(data.get("image/png", "")))
    if size > LARGEST_IMAGE:
        yield f"an image of {size} bytes, more than {LARGEST_IMAGE}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="notebooks, without .ipynb; all by default")
    parser.add_argument("--write", action="store_true", help="store the outputs")
    options = parser.parse_args(argv)
    wrong = 0
    for name in options.names or names():
        with tempfile.TemporaryDirectory() as folder:
            try:
                notebook = normalised(execute(read(name), folder))
                texts = list(problems(notebook))
            except CellExecutionError as error:
                texts = [str(error)]
        wrong += len(texts)
        print(f"{name}: {'; '.join(texts) or 'done'}", flush=True)
        if options.write and not texts:
            nbformat.write(notebook, FOLDER / f"{name}.ipynb")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
