"""The public names, and what importing them needs."""

import os
import subprocess
import sys

import keras_gan


def test_another_backend_is_refused_in_one_sentence(root):
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    found = subprocess.run(
        [sys.executable, "-c", "import keras_gan"],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    last = found.stderr.strip().splitlines()[-1]
    assert found.returncode and "backend is jax" in last and "KERAS_BACKEND=tensorflow" in last


def test_the_zoo_and_the_public_names(root):
    assert "dcgan" in keras_gan.zoo.REGISTRY
    for name in keras_gan.__all__:
        assert getattr(keras_gan, name) is not None
    for name in keras_gan.callbacks.__all__:
        assert getattr(keras_gan.callbacks, name).__doc__
