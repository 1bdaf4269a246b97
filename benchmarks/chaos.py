"""Kills a run at random and compares what comes out: `make chaos`.

One run goes to its end undisturbed; another with the same settings is killed (SIGKILL) again and
again, each time at a random moment counted from the first step after a start, and every fifth time
while a checkpoint is being written. Both must leave the same variables bit for bit, and the same
rows in readings.jsonl, events.jsonl and scores.csv. Health and roll-back are on, so that they are
part of what has to come back.

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
UNEQUAL = ("run_dir", "seconds")  # columns of scores.csv that two runs can't share


def start(run_dir, flags):
    """A process that trains `run_dir`; returns its id, and a pipe that tells its first step."""
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

    def tell(self, batch, logs=None):
        if batch == 0:
            os.write(first_step, b"1")
        after_step(self, batch, logs)

    StopOnSignal.on_train_batch_end = tell
    command = ["chaos", *SETTINGS, f"--run_dir={run_dir}", *flags]
    return cli.main(command, lambda: models.REGISTRY)


def wait(child):
    """The exit status of a process, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def undisturbed(run_dir, flags):
    """Trains to the end; returns seconds from the first step."""
    child, pipe = start(run_dir, flags)
    os.read(pipe, 1)
    began = time.monotonic()
    status = wait(child)
    os.close(pipe)
    if status:
        raise SystemExit(f"the undisturbed run ended with status {status}, see {run_dir}.log")
    return time.monotonic() - began


def disturb(run_dir, flags, kills, longest, draw):
    """Kills the run `kills` times, then lets it end; returns the kills' kinds and the statuses."""
    hit, early = {"at random": 0, "in a checkpoint's write": 0}, 0
    while sum(hit.values()) < kills:
        child, pipe = start(run_dir, flags)
        alive = bool(os.read(pipe, 1))
        os.close(pipe)
        in_write = sum(hit.values()) % 5 == 4
        deadline = time.monotonic() + draw.uniform(0, longest)
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


def rows(run_dir, name):
    """The rows of one of the run's files, without what can't be equal."""
    path = pathlib.Path(run_dir) / name
    if not path.exists():
        return []
    if name.endswith(".csv"):
        with open(path, newline="") as file:
            return [
                {k: v for k, v in row.items() if k not in UNEQUAL} for row in csv.DictReader(file)
            ]
    return [json.loads(line) for line in path.read_text().splitlines()]


def variables(run_dir):
    """The newest checkpoint's arrays, and its step."""
    folder = max((pathlib.Path(run_dir) / "checkpoints").glob("step-*"))
    with np.load(folder / "state.npz") as file:
        return {name: file[name] for name in file.files}, int(folder.name[5:])


def compare(one, other):
    """What differs between two runs: name of a file or variable → how."""
    found = {}
    (ours, step), (theirs, their_step) = variables(one), variables(other)
    if step != their_step or ours.keys() != theirs.keys():
        found["checkpoint"] = f"steps {step} and {their_step}"
    else:
        for name, array in ours.items():
            if array.tobytes() != theirs[name].tobytes():
                found[name] = "other bytes"
    for name in ("readings.jsonl", "events.jsonl", "scores.csv"):
        a, b = rows(one, name), rows(other, name)
        if repr(a) != repr(b):  # as text, since NaN differs from itself
            first = next((i for i, (x, y) in enumerate(zip(a, b)) if repr(x) != repr(y)), None)
            found[name] = f"{len(a)} and {len(b)} rows, first difference at {first}"
    return found


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--xla", action="store_true")
    parser.add_argument("--dir", default=None, help="where the two runs are left")
    options = parser.parse_args(argv)

    # Before the forks, so that each start is short.
    import models  # noqa: F401
    from keras_gan.run import train  # noqa: F401

    folder = pathlib.Path(options.dir or tempfile.mkdtemp(prefix="keras_gan_chaos_"))
    folder.mkdir(parents=True, exist_ok=True)
    flags = [f"--steps={options.steps}", f"--xla={str(options.xla).lower()}"]
    whole, broken = str(folder / "whole"), str(folder / "broken")
    seconds = undisturbed(whole, flags)
    print(f"undisturbed: {options.steps} steps in {seconds:.1f} s", flush=True)
    # On average every life does a little less than its share, so the run outlives the kills.
    longest = 1.2 * seconds / options.kills
    hit, status = disturb(broken, flags, options.kills, longest, random.Random(options.seed))
    different = compare(whole, broken)
    print(f"killed: {', '.join(f'{count} times {kind}' for kind, count in hit.items())}")
    for name in ("readings.jsonl", "events.jsonl", "scores.csv"):
        print(f"{name}: {len(rows(whole, name))} rows and {len(rows(broken, name))}")
    rolled = sum(event["signal"] == "rolled back" for event in rows(whole, "events.jsonl"))
    print(f"roll-backs in the run: {rolled}")
    print(f"variables: {len(variables(whole)[0])}, exit status {status}, folder {folder}")
    for name, how in different.items():
        print(f"DIFFERS: {name}: {how}")
    print("identical" if not different and status == 0 else "NOT IDENTICAL")
    return bool(different) or bool(status)


if __name__ == "__main__":
    sys.exit(main())
