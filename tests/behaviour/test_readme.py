"""What the README shows runs as it is."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image


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
