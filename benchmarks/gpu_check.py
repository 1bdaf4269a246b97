"""What a GPU changes, checked in ten minutes: a report to paste into an issue.

    make quickstart GPU=1                     # once: the environment with CUDA's libraries
    .venv/bin/python -m benchmarks.gpu_check  # writes gpu_check.md

It compares the GPU with the CPU over the first steps, all GPUs with one, XLA with graph mode and
half precision with float32; it checks that a resumed run is bit for bit the uninterrupted one, that
memory is taken as needed, and measures steps per second. Each training is a process of its own
(`gpu_check_run.py`), on images drawn at random, so no data set is needed. Without a GPU it makes
the same report, and says for each check what it could not check.
"""

import argparse
import dataclasses
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np

# Largest difference of a weight after 3 steps, in units of its tensor's largest. Of SGD: Adam moves
# a weight as far for a gradient that is rounding noise as for any other.
TOLERANCE = 1e-3
SKIPPED = 0.1  # share of steps that float16 may skip
PASSED, FAILED, NOT_CHECKED = "passed", "FAILED", "not checked"


@dataclasses.dataclass
class Outcome:
    """What a check has found.

    Attributes:
        result: "passed", "FAILED" or "not checked".
        seen: str, the numbers, or why it could not be checked.
    """

    result: str
    seen: str


class Runs:
    """Trainings in processes of their own.

    Args:
        folder: path, for their weights.
        gpus: int, number of GPUs.
        batch_size, width: int, of the model.
        steps: int, steps of a timed training.
    """

    def __init__(self, folder: pathlib.Path, gpus: int, batch_size: int, width: int, steps: int):
        self.folder, self.gpus, self.steps = folder, gpus, steps
        self.size, self.done = [f"--batch_size={batch_size}", f"--width={width}"], {}

    def train(self, *flags: str, cpu: bool = False) -> dict:
        """Trains with flags of `gpu_check_run`; the same run is not repeated."""
        key = (*flags, cpu)
        if key not in self.done:
            path = self.folder / f"{len(self.done)}.npz"
            environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
            if cpu:
                environment["CUDA_VISIBLE_DEVICES"] = ""
            command = [sys.executable, "-m", "benchmarks.gpu_check_run", *self.size, *flags]
            done = subprocess.run(
                [*command, f"--out={path}"], env=environment, capture_output=True, text=True
            )
            if done.returncode:
                lines = done.stderr.strip().splitlines()[-3:] or [f"exit status {done.returncode}"]
                raise RuntimeError(" ".join(" ".join(lines).split())[-300:])
            self.done[key] = {**json.loads(done.stdout.splitlines()[-1]), "weights": path}
        return self.done[key]


def difference(one: dict, other: dict, whole: bool = False) -> float:
    """The largest difference of two runs' networks, in units of each tensor's largest number.

    Args:
        one, other: results of `Runs.train`.
        whole: bool, whether optimizers and metrics are compared too. Defaults to False.
    """
    with np.load(one["weights"]) as a, np.load(other["weights"]) as b:
        names = [n for n in a.files if whole or not n.startswith("recorder/")]
        names = [n for n in names if whole or "optimizer" not in n]
        return max(
            float(np.abs(a[name] - b[name]).max() / max(np.abs(a[name]).max(), 1e-3))
            for name in names
        )


def _compared(one, other, what, tolerance=TOLERANCE):
    largest = difference(one, other, whole=not tolerance)
    result = PASSED if largest <= tolerance else FAILED
    return Outcome(result, f"{what}: largest difference {largest:.1e}, allowed {tolerance:.0e}")


def equals_cpu(runs: Runs) -> Outcome:
    """The first steps on the GPU are those on the CPU."""
    if not runs.gpus:
        return Outcome(NOT_CHECKED, "no GPU to compare with the CPU")
    gpu, cpu = runs.train("--noxla", "--sgd"), runs.train("--noxla", "--sgd", cpu=True)
    return _compared(gpu, cpu, "3 steps, float32 without TF32, GPU and CPU")


def xla(runs: Runs) -> Outcome:
    """XLA changes nothing but the time."""
    without, compiled = runs.train("--noxla", "--sgd"), runs.train("--xla", "--sgd")
    outcome = _compared(without, compiled, "3 steps with XLA and without")
    return outcome if runs.gpus else Outcome(outcome.result, f"on the CPU only. {outcome.seen}")


def replicas(runs: Runs) -> Outcome:
    """Several replicas give the update of one device."""
    if runs.gpus == 1:
        return Outcome(NOT_CHECKED, "one GPU only")
    several = runs.train("--noxla", "--sgd", "--replicas", "--layer_norm")
    one = runs.train("--noxla", "--sgd", "--layer_norm")
    what = f"{runs.gpus} GPUs" if runs.gpus else "on logical CPUs only. 2 of them"
    return _compared(several, one, f"{what} and one device, 3 steps")


def precision(runs: Runs) -> Outcome:
    """Half precision trains: finite, and few steps skipped."""
    seen, good = [], True
    for name in ("mixed_float16", "mixed_bfloat16"):
        run = runs.train(f"--precision={name}", f"--steps={max(20, runs.steps // 10)}")
        good &= run["moved"] and run["skipped"] <= SKIPPED
        seen.append(f"{name}: {100 * run['skipped']:.0f} % of steps skipped")
    where = "" if runs.gpus else "on the CPU only. "
    return Outcome(PASSED if good else FAILED, where + ", ".join(seen))


def resume(runs: Runs) -> Outcome:
    """With determinism on, 3 + 3 steps are 6 steps, bit for bit."""
    whole = runs.train("--deterministic", "--steps=6")
    half = runs.train("--deterministic", "--steps=3")
    again = runs.train("--deterministic", "--steps=3", f"--start={half['weights']}")
    outcome = _compared(whole, again, "6 steps, and 3 + 3 in two processes", 0.0)
    return outcome if runs.gpus else Outcome(outcome.result, f"on the CPU only. {outcome.seen}")


def memory_growth(runs: Runs) -> Outcome:
    """TensorFlow takes a GPU's memory as it needs it, not all at once."""
    if not runs.gpus:
        return Outcome(NOT_CHECKED, "no GPU")
    run = runs.train("--noxla", "--sgd")
    seen = f"peak {run['gpu_bytes'] / 2**20:.0f} MiB by TensorFlow's count"
    return Outcome(PASSED if run["memory_growth"] else FAILED, seen)


def speed(runs: Runs) -> Outcome:
    """Steps per second of DCGAN, beside PyTorch's where it is installed."""
    steps = f"--steps={runs.steps}"
    rates = {
        "graph mode": runs.train("--noxla", steps)["rate"],
        "XLA": runs.train("--xla", steps)["rate"],
    }
    if runs.gpus:
        name = "XLA, mixed_float16"
        rates[name] = runs.train("--xla", "--precision=mixed_float16", steps)["rate"]
    seen = ", ".join(f"{name} {rate:.1f}" for name, rate in rates.items()) + " steps/s"
    if importlib.util.find_spec("torch") is None:
        return Outcome(PASSED, f"{seen}; PyTorch is not installed")
    command = [sys.executable, "-m", "benchmarks.contenders", "PyTorch", f"--steps={runs.steps}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return Outcome(PASSED, f"{seen}; PyTorch's step failed (it needs Fashion-MNIST)")
    rate = json.loads(done.stdout.splitlines()[-1])["steps_per_second"]
    return Outcome(PASSED, f"{seen}; PyTorch {rate:.1f} (DCGAN of width 64, batch 64)")


CHECKS = {
    "equality with the CPU": equals_cpu,
    "XLA": xla,
    "replicas": replicas,
    "mixed precision": precision,
    "exact resume": resume,
    "memory growth": memory_growth,
    "speed": speed,
}


def found_devices() -> dict:
    """GPUs and versions, asked in a process of its own, so that this one takes no GPU."""
    command = [sys.executable, "-m", "benchmarks.gpu_check_run", "--devices"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def _driver():
    if shutil.which("nvidia-smi") is None:
        return "none found (no nvidia-smi)"
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    done = subprocess.run(query, capture_output=True, text=True)
    return ", ".join(sorted(set(done.stdout.split()))) or "unknown"


def report(devices: dict, rows: list[tuple], seconds: float) -> str:
    """The report, Markdown."""
    versions = {name: importlib.metadata.version(name) for name in ("keras", "numpy")}
    facts = {
        "keras-gan": devices["keras_gan"],
        "TensorFlow": f"{devices['tensorflow']} (built for CUDA {devices['cuda']})",
        **{name.capitalize(): version for name, version in versions.items()},
        "Python": platform.python_version(),
        "GPUs": ", ".join(devices["gpus"]) or "none",
        "driver": _driver(),
        "CPU": f"{platform.machine()}, {os.cpu_count()} cores",
        "time": f"{seconds:.0f} s",
    }
    lines = ["# GPU check", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in facts.items()]
    lines += ["", "| check | result | seen | seconds |", "|---|---|---|---|"]
    for name, outcome, took in rows:
        seen = outcome.seen.replace("|", "/")
        lines.append(f"| {name} | {outcome.result} | {seen} | {took:.0f} |")
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> int:
    """Runs the checks; returns 1 if one has failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="gpu_check.md")
    parser.add_argument("--steps", type=int, default=500, help="of a timed training")
    parser.add_argument("--batch_size", type=int, default=64)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--checks", default=",".join(CHECKS), help="comma-separated")
    given = parser.parse_args(argv)
    began, devices, rows = time.perf_counter(), found_devices(), []
    with tempfile.TemporaryDirectory() as folder:
        gpus = len(devices["gpus"])
        runs = Runs(pathlib.Path(folder), gpus, given.batch_size, given.width, given.steps)
        for name in given.checks.split(","):
            started = time.perf_counter()
            try:
                outcome = CHECKS[name](runs)
            except RuntimeError as error:
                outcome = Outcome(FAILED, str(error))
            rows.append((name, outcome, time.perf_counter() - started))
            print(f"{name}: {outcome.result}: {outcome.seen}", flush=True)
    text = report(devices, rows, time.perf_counter() - began)
    pathlib.Path(given.out).write_text(text)
    print(f"report: {given.out}")
    return int(any(outcome.result == FAILED for _, outcome, _ in rows))


if __name__ == "__main__":
    sys.exit(main())
