"""Real processes on the loopback: they train as one, and all end when one dies."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import types

import numpy as np
import pytest
import tensorflow as tf

from keras_gan.errors import UsageError
from keras_gan.run import cluster
from keras_gan.run.checkpoints import Restored

SETTINGS = (
    "--model=gan --dataset=ring8 --width=16 --latent_dim=8 --batch_size=32 --log_every=5"
    " --checkpoint_every=10 --sample_every=0 --tensorboard=false --progress=false --xla=false"
).split()


@pytest.fixture
def environment(monkeypatch):
    for name in ("TF_CONFIG", "SLURM_PROCID", "SLURM_NTASKS"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_alone(environment):
    assert cluster.task() == (0, 1)


@pytest.mark.parametrize("step", [0, 40])
@pytest.mark.parametrize("chief", [True, False])
def test_all_restore_what_the_chief_took(monkeypatch, chief, step):
    """Also a checkpoint of step 0, which a run that fails at once is rolled back to."""
    workers = cluster.Workers(tf.distribute.get_strategy())
    workers.chief, workers.count, asked = chief, 2, []
    monkeypatch.setattr(workers, "all_gather", lambda value: [step, value])

    def restore(gan, at_most=None, exactly=None):
        asked.append((at_most, exactly))
        return Restored(step)

    checkpoints = types.SimpleNamespace(restore=restore)
    assert workers.restore(checkpoints, None, at_most=50).step == step
    assert asked == [(50, None) if chief else (None, step)]


@pytest.mark.parametrize("chief", [True, False])
def test_none_restores_where_the_chief_has_nothing(monkeypatch, chief):
    workers = cluster.Workers(tf.distribute.get_strategy())
    workers.chief, workers.count = chief, 2
    monkeypatch.setattr(workers, "all_gather", lambda value: [-1, value])
    checkpoints = types.SimpleNamespace(restore=lambda gan, at_most=None, exactly=None: None)
    assert workers.restore(checkpoints, None) is None


@pytest.mark.parametrize(
    "jobs, kind, index, expected",
    [
        ({"worker": ["a:1", "b:1"]}, "worker", 0, (0, 2)),
        ({"worker": ["a:1", "b:1"]}, "worker", 1, (1, 2)),
        ({"chief": ["a:1"], "worker": ["b:1", "c:1"]}, "chief", 0, (0, 3)),
        ({"chief": ["a:1"], "worker": ["b:1", "c:1"]}, "worker", 1, (2, 3)),
    ],
)
def test_tf_config(environment, jobs, kind, index, expected):
    config = {"cluster": jobs, "task": {"type": kind, "index": index}}
    environment.setenv("TF_CONFIG", json.dumps(config))
    assert cluster.task() == expected


@pytest.mark.parametrize(
    "text",
    [
        "not JSON",
        '{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}, "task": {"type": "worker"}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "evaluator", "index": 0}}',
    ],
)
def test_tf_config_refused(environment, text):
    environment.setenv("TF_CONFIG", text)
    with pytest.raises(UsageError, match="TF_CONFIG"):
        cluster.task()


def test_slurm(environment):
    environment.setenv("SLURM_PROCID", "3")
    environment.setenv("SLURM_NTASKS", "8")
    assert cluster.task() == (3, 8)


def test_slurm_without_gpus(environment):
    """TensorFlow's resolver divides by the GPUs of a task."""
    environment.setenv("SLURM_PROCID", "1")
    for name, value in {"NUM_TASKS": 4, "NODELIST": "a[1-2]", "TASKS_PER_NODE": "2(x2)"}.items():
        environment.setenv(f"SLURM_STEP_{name}", str(value))
    environment.setenv("SLURM_NTASKS", "4")
    environment.setenv("PATH", "")  # nor nvidia-smi
    resolver = cluster.slurm()
    places = [f"a{node}:{port}" for node in (1, 2) for port in (8888, 8889)]
    assert resolver.cluster_spec().as_dict() == {"worker": places}
    assert resolver.task_id == 1


def test_joining_has_an_end():
    """A worker that never starts ends the others, within the time limit, with a message."""
    lines = (
        "import time",
        "from keras_gan.run import cluster",
        "with cluster.joining(0.2): time.sleep(60)",
    )
    code = "\n".join(lines)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50)
    assert done.returncode == 1 and "not all workers have started" in done.stderr


# Two processes ------------------------------------------------------------------------------------


class Workers:
    """Two workers of one run."""

    def __init__(self, root, run_dir, *flags):
        self.run_dir, self.logs = run_dir, []
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            two.bind(("127.0.0.1", 0))
            places = [f"127.0.0.1:{s.getsockname()[1]}" for s in (one, two)]
        self.processes = []
        for index in range(2):
            task = {"cluster": {"worker": places}, "task": {"type": "worker", "index": index}}
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "main.py", *SETTINGS, f"--run_dir={run_dir}", *flags]
                    + ["--strategy=multi_worker"],
                    cwd=root,
                    env={**os.environ, "TF_CONFIG": json.dumps(task), "CUDA_VISIBLE_DEVICES": ""},
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )

    def until(self, done, limit=240):
        began = time.monotonic()
        while not done():
            assert time.monotonic() - began < limit
            assert all(p.poll() is None for p in self.processes), self.finish()
            time.sleep(0.05)

    def finish(self, limit=240):
        """Exit statuses and standard error of each worker."""
        errors = [p.communicate(timeout=limit)[1] for p in self.processes]
        return [p.returncode for p in self.processes], errors

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()


def saved(run_dir):
    folder = run_dir / "checkpoints"
    return sorted(int(p.name[5:]) for p in folder.glob("step-*")) if folder.is_dir() else []


def weights(run_dir, step):
    with np.load(run_dir / "checkpoints" / f"step-{step:08d}" / "state.npz") as file:
        return {name: file[name] for name in file.files}


def distance(one, other):
    """max|Δ| / max|w| of the worst weight."""
    names = [n for n in one if n.split("/")[0] in ("generator", "discriminator")]
    assert names and one.keys() == other.keys()
    return max(np.abs(one[n] - other[n]).max() / np.abs(other[n]).max() for n in names)


@pytest.fixture(scope="module")
def alone(root, tmp_path_factory):
    """The same run in one process: its folder."""
    run_dir = tmp_path_factory.mktemp("alone") / "run"
    command = [sys.executable, "main.py", *SETTINGS, f"--run_dir={run_dir}", "--steps=40"]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    return run_dir


@pytest.mark.slow
def test_two_workers_equal_one(root, tmp_path, alone):
    with Workers(root, tmp_path / "run", "--steps=40") as workers:
        statuses, errors = workers.finish()
    assert statuses == [0, 0], errors
    assert distance(weights(tmp_path / "run", 40), weights(alone, 40)) < 1e-5
    # Only the chief writes: every row is there once.
    readings = (tmp_path / "run" / "readings.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in readings] == list(range(5, 41, 5))
    assert (tmp_path / "run" / "export" / "model.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1], ids=["chief", "worker"])
def test_a_dead_worker_ends_the_other_and_a_restart_continues(root, tmp_path, alone, victim):
    run_dir = tmp_path / "run"
    with Workers(root, run_dir, "--steps=1000000") as workers:
        workers.until(lambda: len(saved(run_dir)) > 0)
        workers.processes[victim].send_signal(signal.SIGKILL)
        began = time.monotonic()
        statuses, errors = workers.finish(limit=60)
        assert time.monotonic() - began < 60
    assert statuses[victim] == -signal.SIGKILL and statuses[1 - victim] == 1
    assert "lost another one" in errors[1 - victim] and "Traceback" not in errors[1 - victim]
    at = saved(run_dir)[-1]
    with Workers(root, run_dir, f"--steps={at + 10}") as workers:
        statuses, errors = workers.finish()
    assert statuses == [0, 0], errors
    assert f"continues at step {at}" in errors[0]
    assert saved(run_dir)[-1] == at + 10
    steps = [json.loads(r)["step"] for r in (run_dir / "readings.jsonl").read_text().splitlines()]
    assert steps == list(range(5, at + 11, 5))


@pytest.mark.slow
@pytest.mark.parametrize("asked", [0, 1], ids=["chief", "worker"])
def test_sigterm_to_one_stops_both_at_one_step(root, tmp_path, asked):
    run_dir = tmp_path / "run"
    with Workers(root, run_dir, "--steps=1000000") as workers:
        workers.until(lambda: len(saved(run_dir)) > 0)
        workers.processes[asked].send_signal(signal.SIGTERM)
        statuses, errors = workers.finish(limit=60)
    assert statuses == [143, 143], errors
    stops = {line for text in errors for line in text.splitlines() if "stopped at step" in line}
    assert len(stops) == 1 and f"step {saved(run_dir)[-1]}," in stops.pop()
