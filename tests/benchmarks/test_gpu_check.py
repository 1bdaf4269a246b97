"""The GPU check: what it compares, and a whole report on this machine."""

import importlib.util
import subprocess
import types

import numpy as np
import pytest

from benchmarks import contenders, gpu_check


def saved(path, **arrays):
    np.savez(path, **arrays)
    return {"weights": path}


def test_differences_are_relative_to_the_largest_weight(tmp_path):
    one = saved(tmp_path / "one.npz", w=np.array([2.0, -4.0]), b=np.zeros(2))
    other = saved(tmp_path / "other.npz", w=np.array([2.0, -4.2]), b=np.zeros(2))
    assert gpu_check.difference(one, one) == 0.0
    assert gpu_check.difference(one, other) == pytest.approx(0.05)
    noisy = saved(tmp_path / "noisy.npz", **{"w": np.ones(2), "recorder/0000": np.zeros(2)})
    other = saved(tmp_path / "last.npz", **{"w": np.ones(2), "recorder/0000": np.ones(2)})
    assert gpu_check.difference(noisy, other) == 0.0
    assert gpu_check.difference(noisy, other, whole=True) > 0.0


def test_the_report_has_versions_devices_and_a_row_per_check():
    devices = {"keras_gan": "1", "tensorflow": "2", "cuda": "12.5", "gpus": ["A", "A"]}
    outcome = gpu_check.Outcome(gpu_check.NOT_CHECKED, "a | b")
    text = gpu_check.report(devices, [("XLA", outcome, 2.6)], 60.0)
    assert "| GPUs | A, A |" in text and "| XLA | not checked | a / b | 3 |" in text


def test_pytorch_runs_beside_it_where_it_is_installed(monkeypatch):
    asked = []

    def answer(command, **given):
        asked.append(command[command.index("benchmarks.contenders") + 1])
        return subprocess.CompletedProcess(command, 0, stdout='{"steps_per_second": 3.0}')

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(subprocess, "run", answer)
    runs = types.SimpleNamespace(gpus=0, steps=12, train=lambda *flags: {"rate": 2.0})
    assert gpu_check.speed(runs).seen.startswith("graph mode 2.0, XLA 2.0 steps/s; PyTorch 3.0")
    assert asked and asked[0] in contenders.CONTENDERS


@pytest.mark.slow
def test_a_machine_without_a_gpu_gets_the_whole_report(tmp_path, monkeypatch, root):
    monkeypatch.chdir(root)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    out = tmp_path / "report.md"
    small = ["--steps=12", "--batch_size=8", "--width=4"]
    assert gpu_check.main([*small, f"--out={out}"]) == 0
    rows = [line for line in out.read_text().splitlines() if line.startswith("| ")]
    assert "| GPUs | none |" in rows
    for name in gpu_check.CHECKS:
        row = next(line for line in rows if line.startswith(f"| {name} |"))
        assert "no GPU" in row or "CPU" in row or name == "speed"
        assert "FAILED" not in row
