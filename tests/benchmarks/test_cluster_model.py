"""The α-β model: its bytes match the variables, its seconds the closed form."""

import json
import math
import subprocess
import sys

import pytest

import models
from benchmarks import cluster_model


def test_a_ring_all_reduce():
    """2(p-1) messages of n/p bytes each; nothing with one process."""
    operations = [("reduce", 4_000), ("reduce", 8_000)]
    assert cluster_model.seconds(operations, 1, 1.0, 1.0) == 0.0
    assert cluster_model.seconds(operations, 2, 0.0, 1e3) == pytest.approx(12.0)
    assert cluster_model.seconds(operations, 5, 0.0, 1e3) == pytest.approx(2 * 4 / 5 * 12.0)
    assert cluster_model.seconds(operations, 5, 1e-3, 1e30) == pytest.approx(2 * 2 * 4 * 1e-3)


def test_a_gather():
    """p-1 messages, each with everything that a process has."""
    assert cluster_model.seconds([("gather", 4_000)], 5, 1.0, 1e3) == pytest.approx(4 * (1 + 4))


@pytest.mark.slow
@pytest.mark.parametrize("flags", [["--width=16"], ["--width=16", "--replay_rate=0.5"]])
def test_bytes_match_the_variables(root, flags):
    """A player's gradients are its trainable variables; its statistics go with its loss."""
    command = [sys.executable, "-m", "benchmarks.cluster_model", "--step_ms=100", "--json", "--"]
    flags = ["--model=dcgan", "--batch_size=8", *flags]
    done = subprocess.run([*command, *flags], cwd=root, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    sizes = [size for kind, size in report["collectives"] if kind == "reduce"]
    gan = models.DCGAN(image_shape=(28, 28, 1), width=16)
    for network in gan.networks.values():
        for variables, further in (
            (network.trainable_variables, 0),
            (network.non_trainable_variables, 4),
        ):
            sizes.remove(sum(4 * math.prod(v.shape) for v in variables) + further)
    assert sizes and all(size < 1_000 and size % 4 == 0 for size in sizes)  # metrics
    gathered = [size for kind, size in report["collectives"] if kind == "gather"]
    if "--replay_rate=0.5" in flags:
        assert 4 * 28 * 28 * 4 in gathered  # a replica's fakes, float32
    else:
        assert not gathered
