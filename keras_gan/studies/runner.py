"""Runs a study: a base, variants of it, seeds; a line of JSON a run, never a run twice.

The runs of a variant share a process and its traces: a seed is a variable of the game, so another
seed is other values, not another graph. Seeds are paired: the same number gives the same data
order, and the same initial weights wherever the networks' shapes agree.
"""

import concurrent.futures
import dataclasses
import json
import math
import multiprocessing
import os
import pathlib
import shlex
import subprocess
import sys
import time

import tqdm

from keras_gan import compatibility, flags
from keras_gan import config as config_module
from keras_gan.errors import StorageError, UsageError
from keras_gan.quiet import silence
from keras_gan.settings import Config
from keras_gan.studies.results import BASE, read


def variants(given, registry):
    """The study's configs by name, the base first.

    Args:
        given: the study's command line, by flag name; its `variant`s are texts "NAME: FLAGS".

    Raises:
        UsageError: a variant that can't be read, twice the same name, or settings that contradict.
    """
    base = {k: v for k, v in given.items() if k not in ("variant", "mode")}
    texts = [(BASE, "")]
    for text in given.get("variant", ()):
        name, colon, line = text.partition(":")
        if not colon or not name.strip():
            raise UsageError(
                "not a variant", flag="variant", value=text, allowed="NAME: --FLAG=VALUE …"
            )
        texts.append((name.strip(), line))
    found = {}
    for name, line in texts:
        if name in found:
            raise UsageError("the name stands twice", flag="variant", value=name)
        own = flags.parse(Config, ["variant", *shlex.split(line)])
        model = registry_model({**base, **own}, registry)
        config = config_module.make({**base, **own}, model.defaults())
        compatibility.check(config, model)
        found[name] = config
    return found


def registry_model(given, registry):
    """The model class that settings name."""
    name = given.get("model", Config.model)
    if name not in registry:
        raise UsageError(
            "unknown model", flag="model", value=name, allowed=", ".join(sorted(registry))
        )
    return registry[name]


def share(text, count):
    """`--shard` i/n as the indices, out of `count`, that belong to it."""
    if not text:
        return range(count)
    try:
        index, shares = map(int, text.split("/"))
        if not 1 <= index <= shares:
            raise ValueError
    except ValueError:
        raise UsageError(
            "not a share", flag="shard", value=text, allowed="i/n, 1 ≤ i ≤ n"
        ) from None
    return range(index - 1, count, shares)


def main(given, registry, load_zoo):
    """Runs what is missing of a study and writes its report; returns the exit status."""
    from keras_gan.studies import report  # the workers need no pandas

    configs = variants(given, registry)
    settings = configs[BASE]
    folder = pathlib.Path(settings.run_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror}") from error
    done = {(row["variant"], row["seed"]) for row in read(folder)}
    _same_study(folder, configs)
    runs = [(name, seed) for name in configs for seed in range(settings.seeds)]
    mine = [runs[i] for i in share(settings.shard, len(runs))]
    missing = {}
    for name, seed in mine:
        if (name, seed) not in done:
            missing.setdefault(name, []).append(seed)
    total = sum(map(len, missing.values()))
    bar = tqdm.tqdm(total=len(mine), initial=len(mine) - total, unit="run", file=sys.stderr)
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(
        settings.jobs, mp_context=context, max_tasks_per_child=1
    ) as pool:
        tasks = [
            pool.submit(run_variant, name, configs, seeds, load_zoo, folder, settings.jobs)
            for name, seeds in missing.items()
        ]
        waiting = set(tasks)
        while waiting:
            finished, waiting = concurrent.futures.wait(waiting, timeout=2)
            bar.n = (
                len(mine)
                - total
                + sum(
                    (name, seed) in {(r["variant"], r["seed"]) for r in read(folder)}
                    for name, seeds in missing.items()
                    for seed in seeds
                )
            )
            bar.refresh()
            for task in finished:
                task.result()
    bar.close()
    report.write(folder)
    print(f"results {folder / 'results.jsonl'}\nreport  {folder / 'report.md'}")
    return 0


def _same_study(folder, configs):
    """Refuses to add runs to a study that was another one."""
    about = {name: _shown(config) for name, config in configs.items()}
    path = folder / "study.json"
    if path.exists():
        old = json.loads(path.read_text())
        for name in old.keys() & about.keys():
            if old[name] != about[name]:
                raise UsageError(
                    f"variant {name} was run with other settings",
                    flag="run_dir",
                    value=folder,
                    allowed="another folder",
                )
        about = {**old, **about}
    path.write_text(json.dumps(about, indent=1) + "\n")


def _shown(config):
    """What makes a run what it is."""
    kept = {
        field.name: getattr(config, field.name)
        for field in dataclasses.fields(config)
        if not field.metadata["flag"]["may_change"] and field.name not in ("seed", "data_dir")
    }
    return {**kept, "steps": config.steps}


def run_variant(name, configs, seeds, load_zoo, folder, jobs):
    """Runs the seeds of a variant in this process; appends a line each."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silence():
        registry = load_zoo()
    import tensorflow as tf

    if jobs > 1:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    from keras_gan.studies.player import Table

    config = configs[name]
    table = Table(config, configs[BASE], registry)
    for seed in seeds:
        began = time.monotonic()
        try:
            result = {"failed": False, **table.play(seed)}
        except Exception as error:  # a run that breaks is a result, not a reason to stop
            result = {"failed": True, "reason": f"{type(error).__name__}: {error}"[:300]}
        row = {
            "variant": name,
            "seed": seed,
            **{k: v if not _bad(v) else None for k, v in result.items()},
            "seconds": round(time.monotonic() - began, 2),
            "steps": config.steps,
            "settings": _difference(config, configs[BASE]),
            "versions": {"tensorflow": tf.__version__, "python": sys.version.split()[0]},
            "commit": _commit(),
        }
        with open(folder / "results.jsonl", "a") as file:
            file.write(json.dumps(row) + "\n")


def _bad(value):
    return isinstance(value, float) and not math.isfinite(value)


def _difference(config, base):
    return {k: v for k, v in _shown(config).items() if _shown(base)[k] != v}


def _commit():
    try:
        found = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            capture_output=True,
            text=True,
            timeout=10,
            cwd=pathlib.Path(__file__).parent,
        )
    except OSError:
        return ""
    return found.stdout.strip()
