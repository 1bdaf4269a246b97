"""Kills a run at random times and compares the results: `make chaos`.

One run is undisturbed; another with the same settings is killed (SIGKILL) many times, at a random
time after the first step since its start, and every fifth time while a checkpoint is being written.
Both must end with the same variables, bit for bit, and the same rows in readings.jsonl,
events.jsonl and scores.csv. Monitoring and roll-back are on, so their state has to be restored too.

Each start is a forked process, which saves the import of TensorFlow.
"""

import argparse
import csv
import json
import os
import pathlib
import random
import signal
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np

SETTINGS = (
    "--model=gan --dataset=ring8 --width=32 --latent_dim=8 --batch_size=32 --loss=hinge"
    " --d_learning_rate=0.05 --g_learning_rate=0.05 --on_failure=rollback --rollback_rate=0.25"
    " --replay_rate=0.25 --replay_size=256 --past_players=3 --past_players_every=20"
    " --prior=ornstein_uhlenbeck --input_noise=0.1 --layer_noise=0.05 --d_weight_decay=0.0001"
    " --log_every=5 --checkpoint_every=10 --sample_every=0 --score_every=50 --score_samples=256"
    " --tensorboard=false --progress=false"
).split()
UNEQUAL = ("run_dir", "seconds")  # columns of scores.csv that differ between runs


def start(run_dir: str, flags: list[str]) -> tuple[int, int]:
    """Starts training in a new process; returns its id and a pipe that signals the first step."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    status = 70
    try:
        os.close(reading)
        with open(f"{run_dir}.log", "a") as log:
            for stream in (1, 2):
                os.dup2(log.fileno(), stream)
        status = _train(run_dir, flags, writing)
    finally:
        sys.stdout.flush()
        os._exit(status)


def _train(run_dir, flags, first_step):
    import models
    from keras_gan import cli
    from keras_gan.monitoring.stopping import StopOnSignal

    after_step = StopOnSignal.on_train_batch_end

    def report(self, batch, logs=None):
        if batch == 0:
            os.write(first_step, b"1")
        after_step(self, batch, logs)

    StopOnSignal.on_train_batch_end = report
    command = ["chaos", *SETTINGS, f"--run_dir={run_dir}", *flags]
    return cli.main(command, lambda: models.REGISTRY)


def wait(child: int) -> int:
    """The exit status of a process, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def undisturbed(run_dir: str, flags: list[str]) -> float:
    """Trains to the end; returns the seconds since the first step."""
    child, pipe = start(run_dir, flags)
    os.read(pipe, 1)
    started = time.monotonic()
    status = wait(child)
    os.close(pipe)
    if status:
        raise SystemExit(f"the undisturbed run ended with status {status}, see {run_dir}.log")
    return time.monotonic() - started


def disturb(
    run_dir: str, flags: list[str], kills: int, longest: float, generator: random.Random
) -> tuple[dict[str, int], int]:
    """Kills the run `kills` times, then lets it end; returns kills by kind, and the exit status."""
    hit, early = {"at random": 0, "in a checkpoint's write": 0}, 0
    while sum(hit.values()) < kills:
        child, pipe = start(run_dir, flags)
        alive = bool(os.read(pipe, 1))
        os.close(pipe)
        in_write = sum(hit.values()) % 5 == 4
        deadline = time.monotonic() + generator.uniform(0, longest)
        if in_write:
            folder = pathlib.Path(run_dir) / "checkpoints"
            while time.monotonic() < deadline + longest and not any(folder.glob(".*.writing")):
                pass
        else:
            time.sleep(max(0.0, deadline - time.monotonic()))
        kind = "in a checkpoint's write" if in_write else "at random"
        os.kill(child, signal.SIGKILL)
        status = wait(child)
        if status == -signal.SIGKILL and alive:
            hit[kind] += 1
        else:
            early += 1
            if early > 3:
                raise SystemExit(
                    f"the run ended (status {status}) after {sum(hit.values())} kills;"
                    " raise --steps"
                )
    child, pipe = start(run_dir, flags)
    status = wait(child)
    os.close(pipe)
    return hit, status


def rows(run_dir: str, name: str) -> list[dict]:
    """The rows of one of the run's files, without columns that always differ."""
    path = pathlib.Path(run_dir) / name
    if not path.exists():
        return []
    if name.endswith(".csv"):
        with open(path, newline="") as file:
            return [
                {k: v for k, v in row.items() if k not in UNEQUAL} for row in csv.DictReader(file)
            ]
    return [json.loads(line) for line in path.read_text().splitlines()]


def variables(run_dir: str) -> tuple[dict[str, np.ndarray], int]:
    """The arrays of the newest checkpoint, and its step."""
    folder = max((pathlib.Path(run_dir) / "checkpoints").glob("step-*"))
    with np.load(folder / "state.npz") as file:
        return {name: file[name] for name in file.files}, int(folder.name[5:])


def compare(one: str, other: str) -> dict[str, str]:
    """The differences between two runs, by file or variable."""
    differences = {}
    (ours, step), (theirs, their_step) = variables(one), variables(other)
    if step != their_step or ours.keys() != theirs.keys():
        differences["checkpoint"] = f"steps {step} and {their_step}"
    else:
        for name, array in ours.items():
            if array.tobytes() != theirs[name].tobytes():
                differences[name] = "other bytes"
    for name in ("readings.jsonl", "events.jsonl", "scores.csv"):
        a, b = rows(one, name), rows(other, name)
        if repr(a) != repr(b):  # as text, since NaN differs from itself
            first = next((i for i, (x, y) in enumerate(zip(a, b)) if repr(x) != repr(y)), None)
            differences[name] = f"{len(a)} and {len(b)} rows, first difference at {first}"
    return differences


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--xla", action="store_true")
    parser.add_argument("--dir", default=None, help="folder for the two runs")
    options = parser.parse_args(argv)

    # Imported before the forks, so that each start is quick.
    import models  # noqa: F401
    from keras_gan.run import train  # noqa: F401

    folder = pathlib.Path(options.dir or tempfile.mkdtemp(prefix="keras_gan_chaos_"))
    folder.mkdir(parents=True, exist_ok=True)
    flags = [f"--steps={options.steps}", f"--xla={str(options.xla).lower()}"]
    complete, killed = str(folder / "whole"), str(folder / "broken")
    seconds = undisturbed(complete, flags)
    print(f"undisturbed: {options.steps} steps in {seconds:.1f} s", flush=True)
    # Each start runs a little less than its share on average, so the run outlasts the kills.
    longest = 1.2 * seconds / options.kills
    hit, status = disturb(killed, flags, options.kills, longest, random.Random(options.seed))
    differences = compare(complete, killed)
    print(f"killed: {', '.join(f'{count} times {kind}' for kind, count in hit.items())}")
    for name in ("readings.jsonl", "events.jsonl", "scores.csv"):
        print(f"{name}: {len(rows(complete, name))} rows and {len(rows(killed, name))}")
    rolled = sum(event["signal"] == "rolled back" for event in rows(complete, "events.jsonl"))
    print(f"roll-backs in the run: {rolled}")
    print(f"variables: {len(variables(complete)[0])}, exit status {status}, folder {folder}")
    for name, how in differences.items():
        print(f"DIFFERS: {name}: {how}")
    print("identical" if not differences and status == 0 else "NOT IDENTICAL")
    return bool(differences) or bool(status)


if __name__ == "__main__":
    sys.exit(main())
