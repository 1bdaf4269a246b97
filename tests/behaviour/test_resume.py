"""A stopped or killed run continues bit for bit and row for row as an uninterrupted one."""

import csv
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import models
from keras_gan import cli

BARE = (
    "--width=8 --latent_dim=8 --batch_size=8 --log_every=2 --sample_every=0 --tensorboard=false"
    " --progress=false"
).split()
POINTS = [*BARE, "--model=gan", "--dataset=ring8", "--batch_size=32", "--xla=false"]


def run(root, run_dir, *flags, **options):
    return subprocess.run(
        [sys.executable, "main.py", f"--run_dir={run_dir}", *flags],
        cwd=root,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=600,
        **options,
    )


def launch(root, run_dir, *flags):
    return subprocess.Popen(
        [sys.executable, "main.py", f"--run_dir={run_dir}", *flags],
        cwd=root,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def saved(run_dir):
    folder = pathlib.Path(run_dir) / "checkpoints"
    return sorted(int(p.name[5:]) for p in folder.glob("step-*")) if folder.is_dir() else []


def last_reading(run_dir):
    """The newest step in readings.jsonl, 0 without one."""
    path = pathlib.Path(run_dir) / "readings.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return json.loads(lines[-1])["step"] if lines else 0


def until(condition, process, limit=300):
    began = time.monotonic()
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() - began < limit
        time.sleep(0.02)


def variables(run_dir):
    with np.load(
        pathlib.Path(run_dir) / "checkpoints" / f"step-{saved(run_dir)[-1]:08d}" / "state.npz"
    ) as file:
        return {name: file[name] for name in file.files}


def rows(run_dir):
    """All rows that a run writes, without the two columns that no two runs share."""
    rows = {}
    for name in ("readings.jsonl", "events.jsonl"):
        path = pathlib.Path(run_dir) / name
        rows[name] = path.read_text().splitlines() if path.exists() else []
    path = pathlib.Path(run_dir) / "scores.csv"
    if path.exists():
        with open(path, newline="") as file:
            rows["scores.csv"] = [
                {k: v for k, v in row.items() if k not in ("run_dir", "seconds")}
                for row in csv.DictReader(file)
            ]
    return rows


def assert_same(one, other):
    ours, theirs = variables(one), variables(other)
    assert ours.keys() == theirs.keys() and len(ours) > 20
    different = [n for n in ours if ours[n].tobytes() != theirs[n].tobytes()]
    assert not different
    assert rows(one) == rows(other)


@pytest.fixture(scope="module")
def small_images(tmp_path_factory, fashion_mnist):
    """A thousand real images with their labels, as an .npz file."""
    path = tmp_path_factory.mktemp("data") / "images.npz"
    images, labels = fashion_mnist.fetch(np.arange(1000))
    np.savez(path, images=images, labels=labels)
    return path


def here(run_dir, *flags):
    """As `run`, in this process: the exit status."""
    return cli.main(["main.py", f"--run_dir={run_dir}", *flags], lambda: models.REGISTRY)


def test_parts_equal_the_whole(tmp_path, capsys):
    """A run stopped by SIGTERM continues exactly; other settings are refused."""
    flags = [*POINTS, "--replay_rate=0.5", "--replay_size=100", "--input_noise=0.1"]
    flags += ["--input_noise_steps=20", "--checkpoint_every=4"]
    parts, whole = tmp_path / "parts", tmp_path / "whole"

    def stop():
        while not saved(parts):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop, daemon=True).start()
    assert here(parts, *flags, "--steps=100000") == 143
    end = saved(parts)[-1] + 6
    capsys.readouterr()

    assert here(parts, "--batch_size=16") == 2
    error = capsys.readouterr().err.strip()
    assert "--batch_size=16" in error and "can't be continued exactly" in error
    assert len(error.splitlines()) == 1

    assert here(parts, f"--steps={end}") == 0
    assert here(whole, *flags, f"--steps={end}") == 0
    assert_same(whole, parts)


@pytest.mark.slow
def test_what_can_not_stay_equal_is_reported(tmp_path, capsys):
    """The settings are the same, but not the data, on which the numbers also depend."""
    points = np.random.default_rng(0).integers(0, 256, (80, 28, 28, 1), dtype=np.uint8)
    np.savez(tmp_path / "data.npz", images=points)
    flags = [*BARE, f"--dataset=npz:{tmp_path / 'data.npz'}", "--model=gan", "--xla=false"]
    assert here(tmp_path / "run", *flags, "--steps=2") == 0
    assert "bit for bit" not in capsys.readouterr().err
    assert here(tmp_path / "run", "--steps=4") == 0
    assert "bit for bit" not in capsys.readouterr().err
    np.savez(tmp_path / "data.npz", images=points[:70])
    assert here(tmp_path / "run", "--steps=6") == 0
    assert "images was 80 and is 70 now: the run continues, but not bit-identically" in (
        capsys.readouterr().err
    )


@pytest.mark.slow
def test_an_export_that_a_kill_prevented_is_made_later(tmp_path, capsys):
    assert here(tmp_path, *POINTS, "--steps=8") == 0
    shutil.rmtree(tmp_path / "export")  # it appears whole or not at all
    assert here(tmp_path) == 0 and (tmp_path / "export" / "model.json").exists()
    capsys.readouterr()
    assert here(tmp_path) == 0 and "is finished" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("xla", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize("tips", ["all", "all_alternatives", "later"])
def test_every_tip_and_method_resumes(root, tmp_path, small_images, tips, xla):
    flags = [f"--dataset=npz:{small_images}", f"--xla={str(xla).lower()}"]
    if tips == "later":
        flags += ["--augment=color,translation,cutout", "--lecam=0.3", "--r1=1", "--top_k=0.5"]
        flags += ["--d_normalization=layer", "--penalty_interval=4", "--clip_norm=10"]
        flags += ["--spectral_norm", "--ada=0.6", "--target_networks=0.05", "--g_optimizer=nadam"]
    else:
        flags += [f"--flagfile=configs/tips/{tips}.flags"]
        if xla and tips == "all_alternatives":
            flags += ["--downsampling=strided"]
    if tips == "all":
        flags += ["--past_players_every=5", "--past_players_rate=0.5", "--replay_size=64"]
    flags += [*BARE, "--checkpoint_every=5", "--steps=31"]
    if tips != "later":
        flags += ["--input_noise_steps=20"]
    # Steps after the last checkpoint are done again.
    draw = random.Random(f"{tips} {xla}")
    process = launch(root, tmp_path / "parts", *flags)
    step = draw.randint(5, 25)
    until(lambda: last_reading(tmp_path / "parts") >= step, process)
    time.sleep(draw.uniform(0, 0.2))
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL and 5 <= saved(tmp_path / "parts")[-1] < 31
    for folder in ("parts", "whole"):
        done = run(root, tmp_path / folder, *flags)
        assert done.returncode == 0, done.stderr
        assert ("continues at step" in done.stderr) == (folder == "parts")
    assert_same(tmp_path / "whole", tmp_path / "parts")


@pytest.mark.slow
def test_killed_at_random(root, tmp_path):
    """SIGKILL at whatever moment, several times; `make chaos` does the same on a larger scale."""
    flags = [*POINTS, "--steps=400", "--checkpoint_every=10", "--score_every=40"]
    flags += ["--score_samples=128", "--replay_rate=0.5", "--replay_size=100"]
    rng = np.random.default_rng(0)
    for _ in range(4):
        process = launch(root, tmp_path / "parts", *flags)
        readings = tmp_path / "parts" / "readings.jsonl"
        before = readings.stat().st_mtime_ns if readings.exists() else 0
        until(
            lambda readings=readings, before=before: (
                readings.exists() and readings.stat().st_mtime_ns != before
            ),
            process,
        )
        time.sleep(rng.uniform(0, 0.5))
        process.kill()
        process.communicate()
    assert run(root, tmp_path / "parts", *flags).returncode == 0
    assert run(root, tmp_path / "whole", *flags).returncode == 0
    assert_same(tmp_path / "whole", tmp_path / "parts")


@pytest.mark.slow
@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_while_compiling(root, tmp_path, small_images, number, status):
    """Before the first step is done: the run ends as soon as it is, with a checkpoint."""
    flags = [*BARE, f"--dataset=npz:{small_images}", "--model=dcgan", "--xla=true"]
    process = launch(root, tmp_path / "run", *flags, "--steps=100000")
    until(lambda: (tmp_path / "run" / "operative.flags").exists(), process)
    time.sleep(1)
    process.send_signal(number)
    error = process.communicate(timeout=120)[1]
    assert process.returncode == status and "Traceback" not in error, error
    assert len(saved(tmp_path / "run")) == 1


def limited(size):
    """Files end at `size` bytes, as on a full disk."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@pytest.mark.slow
def test_a_full_disk_and_a_restart(root, tmp_path):
    flags = [*POINTS, "--steps=40", "--checkpoint_every=10"]
    assert run(root, tmp_path / "run", *flags, "--steps=20").returncode == 0
    size = (tmp_path / "run/checkpoints/step-00000020/state.npz").stat().st_size
    full = run(root, tmp_path / "run", "--steps=40", preexec_fn=limited(size // 2))
    assert full.returncode == 4 and "step-00000030" in full.stderr
    assert "Traceback" not in full.stderr
    assert saved(tmp_path / "run") == [10, 20]
    assert run(root, tmp_path / "run", "--steps=40").returncode == 0
    assert run(root, tmp_path / "whole", *flags).returncode == 0
    assert_same(tmp_path / "whole", tmp_path / "run")


@pytest.mark.slow
def test_damage(root, tmp_path):
    """A damaged checkpoint gives way to the one before; damaged rows or settings end the start."""
    flags = [*POINTS, "--checkpoint_every=10"]
    assert run(root, tmp_path / "run", *flags, "--steps=30").returncode == 0
    state = tmp_path / "run/checkpoints/step-00000030/state.npz"
    whole = state.read_bytes()
    state.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    done = run(root, tmp_path / "run", "--steps=40")
    assert done.returncode == 0, done.stderr
    assert "the previous one is used" in done.stderr and "continues at step 20" in done.stderr
    assert run(root, tmp_path / "whole", *flags, "--steps=40").returncode == 0
    assert_same(tmp_path / "whole", tmp_path / "run")
    for name in ("readings.jsonl", "scores.csv", "events.jsonl", "operative.flags"):
        path = tmp_path / "run" / name
        before = path.read_bytes() if path.exists() else None
        path.write_bytes(b"step,attempt\nnothing that it should be\n")
        done = run(root, tmp_path / "run", "--steps=50")
        assert done.returncode == 4 and name in done.stderr, done.stderr
        assert "Traceback" not in done.stderr
        path.unlink() if before is None else path.write_bytes(before)
