"""What the README and the docs show runs as it is; long runs are shortened or only checked."""

import os
import pathlib
import re
import runpy
import shlex
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import models
from keras_gan.settings import flags
from keras_gan.settings.config import Config
from keras_gan.settings.resolve import resolve
from tests.behaviour.command_line import TINY, here


def blocks(root):
    """The README's Python examples, in order."""
    return re.findall(r"^```python\n(.*?)^```", (root / "README.md").read_text(), re.DOTALL | re.M)


@pytest.mark.slow
def test_the_python_quickstart_runs_in_an_empty_folder(root, tmp_path, fashion_mnist):
    environment = {**os.environ, "PYTHONPATH": str(root)}
    (tmp_path / "first.py").write_text(blocks(root)[0])
    done = subprocess.run(
        [sys.executable, "first.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert "d_loss" in done.stdout and "g_loss" in done.stdout
    grid = np.asarray(Image.open(tmp_path / "samples.png"))
    assert grid.shape == (224, 224) and grid.std() > 20  # pictures, not one grey


def test_files_that_the_readme_links_to_exist(root):
    links = re.findall(r"\]\(([^)#]+)\)", (root / "README.md").read_text())
    assert len(links) > 20
    assert not [link for link in links if "://" not in link and not (root / link).exists()]


def test_flags_that_the_readme_names_exist(root):
    from keras_gan.settings.config import Config

    names = set(re.findall(r"--([a-z_]+)[=`\s]", (root / "README.md").read_text()))
    known = {*Config.__dataclass_fields__, "help", "helpfull", "recipes", "flagfile", "logdir"}
    assert names and names <= known


PAGES = sorted(pathlib.Path(__file__).parents[2].glob("docs/*.md"))


def commands(page):
    """The command lines `python main.py …` of a page: indented, fenced and in single backticks."""
    text = page.read_text().replace("\\\n", " ")
    lines = re.findall(r"^(?: {4,}|\t)?(python main\.py .*)$", text, re.M)
    lines += re.findall(r"`(python main\.py [^`\n]*)`", text)
    for line in lines:
        line = line.partition("  #")[0].strip()
        if "…" not in line and "NAME" not in line and not line.endswith("main.py"):
            yield line


def lines_of_pages(root):
    return [(page, line) for page in (root / "README.md", *PAGES) for line in commands(page)]


def test_every_command_that_is_shown_parses_and_resolves(root, monkeypatch, tmp_path):
    """With its flagfile; data and runs that it names need not be there."""
    monkeypatch.chdir(root)
    seen = 0
    for page, line in lines_of_pages(root):
        arguments = shlex.split(line)[2:]
        try:
            given = flags.parse(Config, ["main.py", *arguments])
        except flags.HelpRequested:
            continue
        if given.get("mode", "train") == "train":
            resolve(given, models.REGISTRY)
        seen += 1
        for name in ("fakes", "reals"):
            assert given.get("mode") == "evaluate" or not given.get(name), (page, line)
    assert seen >= 10


@pytest.mark.slow
def test_the_commands_of_the_readme_run(root, monkeypatch, tmp_path):
    """In a folder of pictures of one's own, with a tiny model; then what is done with the run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    for number in range(32):
        picture = np.random.default_rng(number).integers(0, 256, (70, 64, 3), dtype=np.uint8)
        Image.fromarray(picture).save(tmp_path / "pictures" / f"{number}.png")
    (first,) = [line for line in commands(root / "README.md") if "folder:" in line]
    train = first.replace("/path/to/pictures", str(tmp_path / "pictures"))
    assert here(*shlex.split(train)[2:], *TINY) == 0
    left = re.search(r"^    runs/mine/\n(.*?)\n\n", (root / "README.md").read_text(), re.M | re.S)
    shown = set(re.findall(r"^ {6}(\S+)", left[1], re.M))
    there = {p.name + "/" * p.is_dir() for p in (tmp_path / "runs" / "mine").iterdir()}
    assert shown - there == {"scores.csv", "tensorboard/"}  # which TINY switches off
    export = next(block for block in blocks(root) if "saved_model" in block)
    export = export.replace("[16, 128]", "[16, 4]").replace("[128]", "[4]")
    (tmp_path / "export.py").write_text(export)
    scope = runpy.run_path(tmp_path / "export.py")
    assert scope["images"].shape == (16, 64, 64, 3) and scope["path"].shape == (10, 64, 64, 3)
    modes = re.findall(r"^\| `(\w+)`.*\|$", (root / "README.md").read_text(), re.M)
    for mode in {"evaluate", "sample", "interpolate", "export"} & set(modes):
        assert here(f"--mode={mode}", "--run_dir=runs/mine", "--count=8") == 0, mode
