"""How time and memory grow with the batch, the image size, the width, the steps and the files."""

import json
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from benchmarks import common

GROWTH = {
    "batch": [f"--batch_size={n}" for n in (16, 64, 256, 1024)],
    "image size": [f"--image_size={n} --batch_size=16" for n in (28, 64, 128)],
    "width": [f"--width={n}" for n in (16, 32, 64, 128)],
}
STEPS, SHORT = 120, 40  # SHORT for runs with slow steps
FILES = 100_000


def measure() -> dict[str, dict]:
    """All measurements, as JSON values."""
    return {"growth": growth(), "memory": memory(), "files": files()}


def growth() -> dict[str, dict]:
    """Steps per second and peak memory of the reference step, by its flags."""
    measured = {}
    for flags in (f for group in GROWTH.values() for f in group):
        long = any(word in flags for word in ("1024", "256", "128", "=64 "))
        steps = SHORT if long else STEPS
        measured[flags] = common.measure_apart("contenders", f"ours {flags}", f"--steps={steps}")
        print(f"{flags}: {measured[flags]}", flush=True)
    return measured


def memory(steps: int = 10_000) -> dict[str, float]:
    """Resident memory in MB at some steps of a run with all callbacks, by step."""
    wanted, measured = [1000, 2000, 5000, steps], {}
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [
                *(sys.executable, "main.py", "--model=dcgan", "--dataset=fashion_mnist"),
                *("--width=8", "--batch_size=16", f"--steps={steps + 500}", "--score_every=0"),
                *("--log_every=50", "--sample_every=500", "--checkpoint_every=1000"),
                *("--progress=false", f"--run_dir={folder}"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        readings = pathlib.Path(folder) / "readings.jsonl"
        while process.poll() is None and wanted:
            time.sleep(0.2)
            step = _last_step(readings)
            if step >= wanted[0]:
                measured[str(step)] = _resident(process.pid)
                wanted.pop(0)
        if process.wait() or wanted:
            raise RuntimeError(
                f"the run for the memory ended with exit status {process.returncode}"
            )
    print(f"memory: {measured}", flush=True)
    return measured


def _last_step(readings):
    if not readings.exists():
        return -1
    rows = readings.read_text().rpartition("\n")[0].splitlines()
    return json.loads(rows[-1])["step"] if rows else -1


def _resident(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def files(count: int = FILES, batches: int = 300) -> dict[str, float]:
    """Batches of 64 per second, from a folder of files that are read as needed and from memory."""
    import numpy as np
    from PIL import Image

    from keras_gan.data import open_source, pipeline

    source = open_source("fashion_mnist", labels="none")
    with tempfile.TemporaryDirectory() as folder:
        for index in range(count):
            image = np.roll(source.images[index % len(source)], index // len(source), 1)
            Image.fromarray(image[..., 0]).save(f"{folder}/{index:06d}.png")
        started = time.perf_counter()
        read = open_source(f"folder:{folder}", memory_limit=0)
        measured = {"files": count, "open": time.perf_counter() - started}
        for name, data in (("from files", read), ("from memory", source)):
            iterator = iter(pipeline.batches(data, batch_size=64, steps=batches + 20))
            for _ in range(20):
                next(iterator)
            started = time.perf_counter()
            for _ in range(batches):
                next(iterator)
            measured[name] = batches / (time.perf_counter() - started)
    print(f"files: {measured}", flush=True)
    return measured


def lines(measured: dict[str, dict]) -> Iterator[str]:
    """The measurements as lines of Markdown."""
    yield "The reference step with one setting changed; peak memory of the whole process."
    yield ""
    yield "| | steps/s | images/s | memory |"
    yield "|---" * 4 + "|"
    for flags, row in measured["growth"].items():
        batch = int(flags.split("--batch_size=")[1]) if "--batch_size" in flags else 64
        rate = row["steps_per_second"]
        memory = row["peak_mb"]
        yield f"| `{flags}` | {rate:.1f} | {rate * batch:.0f} | {memory:.0f} MB |"
    steps = list(measured["memory"])
    first, last = (measured["memory"][s] for s in (steps[0], steps[-1]))
    readings = ", ".join(f"{mb:.0f} MB at step {s}" for s, mb in measured["memory"].items())
    yield ""
    yield (
        "Memory of a long run with pictures, checkpoints and TensorBoard (narrow, batch 16):"
        f" {readings}: {last / first - 1:+.1%} from step {steps[0]} to {steps[-1]}."
    )
    rates = measured["files"]
    yield ""
    yield (
        f"A folder of {rates['files']:,} PNGs that is read as needed (28×28, opened in"
        f" {rates['open']:.0f} s) gives {rates['from files']:.0f} batches of 64 per second, the"
        f" same images in memory {rates['from memory']:.0f}; nothing else ran at the same time."
    )
