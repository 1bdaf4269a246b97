"""Runs a study: a base and variants of it, each for many seeds; one line of JSON per run.

A run is never repeated. The runs of a variant share a process and its traces: the seed is a
variable of the model, so another seed needs no other graph. Seeds are paired: the same seed gives
the same data order, and the same initial weights wherever the networks' shapes agree.
"""

import concurrent.futures
import datetime
import json
import math
import multiprocessing
import os
import pathlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import tqdm
from absl import logging

from keras_gan.errors import KerasGanError, StorageError, UsageError, refuse
from keras_gan.quiet import silence
from keras_gan.run.studies.results import BASE, read
from keras_gan.run.studies.variants import Variant, variants
from keras_gan.settings.config import Config

NEEDED = (
    "pandas and SciPy write the report (`pip install pandas scipy`); the runs are made and kept"
    " without them, and the same command writes it later"
)
VARIANTS_PER_WORKER = 6  # then a new process starts, so that traces don't accumulate


def share(text: str, count: int) -> range:
    """The indices below `count` that belong to `--shard`.

    Args:
        text: "i/n" for the i-th of n shares, or "" for all.
        count: number of runs.

    Returns:
        A range.

    Raises:
        UsageError: not a share.
    """
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


def main(
    command_line: Mapping[str, object],
    registry: Mapping[str, type],
    load_zoo: Callable[[], Mapping[str, type]],
) -> int:
    """Runs the missing runs of a study and writes its report.

    Args:
        command_line: the study's flags, values by name.
        registry: model classes by name.
        load_zoo: function that returns the registry; called in each worker.

    Returns:
        The exit status.
    """
    study = variants(command_line, registry)
    settings = study[BASE].config
    seeds = range(settings.seed, settings.seed + settings.seeds)
    runs = [(name, seed) for name in study for seed in seeds]
    mine = [runs[i] for i in share(settings.shard, len(runs))]
    report = _report()
    folder = pathlib.Path(settings.run_dir).expanduser()
    _check_owner(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror}") from error
    _same_study(folder, study)

    power = (
        "pandas and SciPy are needed to say which difference can be seen"
        if report is None
        else f"a difference of {_detectable(report, settings.seeds, len(study) - 1):.2f} standard"
        " deviations (of the paired difference) is detected with power 0.8"
        if settings.seeds > 1
        else "no difference can be distinguished from chance"
    )
    print(f"{len(study)} variants, {settings.seeds} seeds: {power}", flush=True)
    missing = {}
    done = _done(folder)
    for name, seed in mine:
        if (name, seed) not in done:
            missing.setdefault(name, []).append(seed)
    names = list(missing)
    each = settings.jobs * VARIANTS_PER_WORKER
    with tqdm.tqdm(total=len(mine), unit="run", file=sys.stderr) as bar:
        bar.update(len(done.intersection(mine)))
        for start in range(0, len(names), each):
            tasks = [(study[name], missing[name]) for name in names[start : start + each]]
            for _ in _together(tasks, settings, load_zoo, folder):
                bar.update(len(_done(folder).intersection(mine)) - bar.n)
    print(f"results {folder / 'results.jsonl'}")
    if report is None:
        print(f"report  not written: {NEEDED}")
    else:
        report.write(folder)
        print(f"report  {folder / 'report.md'}")
    return 0


def _report():
    """The module of the report, or None without the packages that it needs."""
    try:
        from keras_gan.run.studies import report  # the workers need neither
    except ModuleNotFoundError as error:
        logging.warning("the package %s is missing: %s", error.name, NEEDED)
        return None
    return report


def _detectable(report, seeds, comparisons):
    """What `seeds` can show, with a spread that is pooled over the comparisons."""
    return report.comparisons.detectable(seeds, max(1, comparisons) * (seeds - 1))


def _check_owner(folder):
    """Raises a `UsageError` if a folder holds files that are not a study's."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "study.json").is_file():
        refuse(
            "run_dir",
            folder,
            "holds files and is no study's folder",
            "a new folder, an empty one, or a study's",
        )


def _together(tasks, settings, load_zoo, folder):
    """Runs tasks (variant, seeds) in worker processes; yields at intervals until all have ended."""
    # Without max_tasks_per_child: in Python 3.11 it may fail to start the next worker.
    with concurrent.futures.ProcessPoolExecutor(
        settings.jobs,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(load_zoo, settings.jobs),
    ) as pool:
        waiting = {
            pool.submit(run_variant, variant, settings, seeds, folder) for variant, seeds in tasks
        }
        while waiting:
            finished, waiting = concurrent.futures.wait(waiting, timeout=2)
            for task in finished:
                if task.exception() is not None:
                    pool.shutdown(cancel_futures=True)
                task.result()
            yield


def _done(folder):
    return {(row["variant"], row["seed"]) for row in read(folder)}


def _same_study(folder, study):
    """Refuses to add runs with other settings to a study; saves its settings for the report."""
    settings = {name: {**v.settings(), "against": list(v.against)} for name, v in study.items()}
    path = folder / "study.json"
    if path.exists():
        old = json.loads(path.read_text())
        for name in old.keys() & settings.keys():
            if _without_against(old[name]) != _without_against(settings[name]):
                refuse(
                    "run_dir",
                    folder,
                    f"variant {name} was run with other settings",
                    "another folder",
                )
        settings = {**old, **settings}
    path.write_text(json.dumps(settings, indent=1) + "\n")


def _without_against(settings):
    """The settings of a variant, whatever it is compared with."""
    return {name: value for name, value in settings.items() if name != "against"}


def _start_worker(load_zoo, jobs):
    """Starts TensorFlow in a worker, on one core if there are several workers."""
    global _registry
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silence():
        _registry = load_zoo()
        import tensorflow as tf

        if jobs > 1:
            tf.config.threading.set_intra_op_parallelism_threads(1)
            tf.config.threading.set_inter_op_parallelism_threads(1)


_registry = None  # the model classes, in a worker


def _exit_with_parent():
    """Ends a worker whose runner was killed; else it would finish its variant."""
    multiprocessing.parent_process().join()
    os._exit(1)


def run_variant(variant: Variant, base: Config, seeds: Sequence[int], folder: pathlib.Path) -> None:
    """Runs a variant for several seeds in this process; appends a result line for each.

    Args:
        variant: the `Variant`.
        base: the `Config` of the base.
        seeds: list of ints.
        folder: of the study.
    """
    import keras
    import tensorflow as tf

    from keras_gan.run.studies.seed_runs import SeedRuns

    keras.backend.clear_session()  # frees the previous variant
    runs = None
    for seed in seeds:
        started, processor = time.monotonic(), time.process_time()
        try:
            runs = runs or SeedRuns(variant.config, base, _registry)
            result = {"failed": False, **runs.run(seed)}
        except KerasGanError:  # wrong settings or data, which say nothing about the variant
            raise
        except Exception as error:  # a failed run is a result too
            result = {"failed": True, "reason": f"{type(error).__name__}: {error}"[:300]}
        row = {
            "variant": variant.name,
            "seed": seed,
            **{k: v if not _bad(v) else None for k, v in result.items()},
            "seconds": round(time.monotonic() - started, 2),
            "processor_seconds": round(time.process_time() - processor, 2),
            "steps": variant.config.steps,
            "settings": _difference(variant, Variant(BASE, base, ())),
            "versions": {
                "tensorflow": tf.__version__,
                "keras": keras.__version__,
                "python": sys.version.split()[0],
            },
            "commit": _commit(),
            "ended": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        }
        with open(folder / "results.jsonl", "a") as file:
            file.write(json.dumps(row) + "\n")


def _bad(value):
    return isinstance(value, float) and not math.isfinite(value)


def _difference(variant, base):
    return {k: v for k, v in variant.settings().items() if base.settings()[k] != v}


def _commit():
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            capture_output=True,
            text=True,
            timeout=10,
            cwd=pathlib.Path(__file__).parent,
        )
    except OSError:
        return ""
    return described.stdout.strip()
