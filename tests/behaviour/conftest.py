"""A finished run, and command lines that are to be refused."""

import shutil

import numpy as np
import pytest

from tests.behaviour.command_line import TINY, here


@pytest.fixture
def refused(capfd):
    """A function that runs a command line and returns the one line it is refused with."""

    def run(*flags, status=2):
        capfd.readouterr()
        results = here(*flags)
        text = capfd.readouterr().err.strip()
        assert results == status, text
        assert text and len(text.splitlines()) == 1 and "Traceback" not in text, text
        return text

    return run


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "images.npz"
    rng = np.random.default_rng(0)
    np.savez(path, images=rng.integers(0, 256, (16, 28, 28, 1), dtype=np.uint8))
    return path


@pytest.fixture(scope="module")
def trained(images, tmp_path_factory):
    """A finished run; tests that change it copy it."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    assert here(*TINY, f"--dataset=npz:{images}", f"--run_dir={folder}") == 0
    return folder


@pytest.fixture
def run(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "run")
