"""Runs a study: a base, variants of it, seeds; a line of JSON a run, never a run twice.

The runs of a variant share a process and its traces: a seed is a variable of the game, so another
seed is other values, not another graph. Seeds are paired: the same number gives the same data
order, and the same initial weights wherever the networks' shapes agree.
"""

import concurrent.futures
import dataclasses
import datetime
import json
import math
import multiprocessing
import os
import pathlib
import shlex
import subprocess
import sys
import threading
import time

import tqdm

from keras_gan.errors import StorageError, UsageError, refuse
from keras_gan.quiet import silence
from keras_gan.settings import flags
from keras_gan.settings.config import Config
from keras_gan.settings.resolve import resolve
from keras_gan.studies.results import BASE, read

VARIANTS_A_WORKER = 6  # then a new process takes over, so that traces don't pile up


class Variant:
    """What is run under a name.

    Attributes:
        name: of the variant.
        config: its settings, complete.
        against: the names of the variants that it is compared with.
    """

    def __init__(self, name, config, against):
        self.name, self.config, self.against = name, config, against

    def about(self):
        """What makes a run of it what it is, as JSON holds it."""
        settings = {
            field.name: getattr(self.config, field.name)
            for field in dataclasses.fields(self.config)
            if not field.metadata["flag"]["may_change"] and field.name not in ("seed", "data_dir")
        }
        return {**settings, "steps": self.config.steps}


def variants(given, registry):
    """The study's variants by name, the base first.

    Args:
        given: the study's command line, by flag name. Each of its `variant`s is a text
            "NAME: FLAGS", or "NAME vs OTHER, …: FLAGS" to be compared with others than the base.
        registry: the zoo: name → model class.

    Raises:
        UsageError: a variant that can't be read, twice the same name, an unknown one to compare
            with, or settings that contradict.
    """
    base = {**given, "mode": "study", "variant": ()}
    found = {BASE: Variant(BASE, resolve(base, registry), ())}
    for text in given.get("variant", ()):
        head, colon, line = text.partition(":")
        name, _, others = (part.strip() for part in head.partition(" vs "))
        others = [other.strip() for other in others.split(",") if other.strip()]
        if not colon or not name:
            refuse(
                "variant",
                text,
                "not a variant",
                "NAME: --FLAG=VALUE …, or NAME vs OTHER: --FLAG=VALUE …",
            )
        if name in found:
            refuse("variant", name, "the name is used twice")
        for other in others:
            if other not in found:
                refuse(
                    "variant",
                    head.strip(),
                    "to be compared with a variant that does not come before it",
                    ", ".join(found),
                )
        own = flags.parse(Config, ["variant", *shlex.split(line)])
        found[name] = Variant(name, resolve({**base, **own}, registry), tuple(others) or (BASE,))
    return found


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

    study = variants(given, registry)
    settings = study[BASE].config
    runs = [(name, seed) for name in study for seed in range(settings.seeds)]
    mine = [runs[i] for i in share(settings.shard, len(runs))]
    folder = pathlib.Path(settings.run_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror}") from error
    _same_study(folder, study)

    found = (
        f"a difference of {report.detectable(settings.seeds):.2f} standard deviations (of the"
        " paired difference) is found with power 0.8"
        if settings.seeds > 1
        else "no difference can be told from chance"
    )
    print(f"{len(study)} variants, {settings.seeds} seeds: {found}", flush=True)
    missing = {}
    done = _done(folder)
    for name, seed in mine:
        if (name, seed) not in done:
            missing.setdefault(name, []).append(seed)
    names = list(missing)
    each = settings.jobs * VARIANTS_A_WORKER
    with tqdm.tqdm(total=len(mine), unit="run", file=sys.stderr) as bar:
        bar.update(len(done.intersection(mine)))
        for start in range(0, len(names), each):
            tasks = [(study[name], missing[name]) for name in names[start : start + each]]
            for _ in _together(tasks, settings, load_zoo, folder):
                bar.update(len(_done(folder).intersection(mine)) - bar.n)
    report.write(folder)
    print(f"results {folder / 'results.jsonl'}\nreport  {folder / 'report.md'}")
    return 0


def _together(tasks, settings, load_zoo, folder):
    """Runs tasks (variant, seeds) in workers of their own; yields now and then until all ended."""
    # Not with max_tasks_per_child, which in Python 3.11 forgets to start the next worker.
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
                task.result()
            yield


def _done(folder):
    return {(row["variant"], row["seed"]) for row in read(folder)}


def _same_study(folder, study):
    """Refuses to add runs to a study that was another one; keeps what it is for the report."""
    about = {name: {**v.about(), "against": list(v.against)} for name, v in study.items()}
    path = folder / "study.json"
    if path.exists():
        old = json.loads(path.read_text())
        for name in old.keys() & about.keys():
            if _settings(old[name]) != _settings(about[name]):
                refuse(
                    "run_dir",
                    folder,
                    f"variant {name} was run with other settings",
                    "another folder",
                )
        about = {**old, **about}
    path.write_text(json.dumps(about, indent=1) + "\n")


def _settings(about):
    """What was run, whatever it is compared with."""
    return {name: value for name, value in about.items() if name != "against"}


def _start_worker(load_zoo, jobs):
    """What a worker does once: starts TensorFlow, on one core where others work beside it."""
    global _registry
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silence():
        _registry = load_zoo()
        import tensorflow as tf

        if jobs > 1:
            tf.config.threading.set_intra_op_parallelism_threads(1)
            tf.config.threading.set_inter_op_parallelism_threads(1)


_registry = None  # a worker's zoo


def _leave_with_parent():
    """Ends a worker whose runner was killed: it would run its variant to the end unseen."""
    multiprocessing.parent_process().join()
    os._exit(1)


def run_variant(variant, base, seeds, folder):
    """Runs the seeds of a variant in this process; appends a line each."""
    import keras
    import tensorflow as tf

    from keras_gan.studies.seed_runs import Table

    keras.backend.clear_session()  # the variant before
    table = None
    for seed in seeds:
        began, worked = time.monotonic(), time.process_time()
        try:
            table = table or Table(variant.config, base, _registry)
            result = {"failed": False, **table.play(seed)}
        except Exception as error:  # a run that breaks is a result, not a reason to stop
            result = {"failed": True, "reason": f"{type(error).__name__}: {error}"[:300]}
        row = {
            "variant": variant.name,
            "seed": seed,
            **{k: v if not _bad(v) else None for k, v in result.items()},
            "seconds": round(time.monotonic() - began, 2),
            "processor_seconds": round(time.process_time() - worked, 2),
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
    return {k: v for k, v in variant.about().items() if base.about()[k] != v}


def _commit():
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            capture_output=True,
            text=True,
            timeout=10,
            cwd=pathlib.Path(__file__).parent,
        )
    except OSError:
        return ""
    return found.stdout.strip()
