"""Random command lines, data files and run directories.

Whatever is asked for: an exit status of the contract, one line of reasons, no traceback, bounded
time, and nothing changed outside the run directory. A hundred cases by default; `make fuzz` runs
2,000 with the seed KERAS_GAN_FUZZ_SEED.
"""

import contextlib
import dataclasses
import io
import json
import pathlib
import re
import shutil
import tempfile
import time

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from PIL import Image

import models
from keras_gan import cli
from keras_gan.data.npz import open_npz
from keras_gan.errors import KerasGanError
from keras_gan.run import commands, memory, train
from keras_gan.settings import compatibility
from keras_gan.settings.config import Config
from keras_gan.settings.flags import check
from tests.behaviour.fuzzing import CASES, MANY, NUMBERS, PYTHON_WORDS, TEXTS, elsewhere, fuzz

TRAININGS = 60 if MANY else 4  # command lines that are run to their end, not only accepted
SECONDS = 120  # for a command line; most take milliseconds
# And so may these, which name a folder first.
UNREAD = re.compile(r"\d+ of \d+ pictures in .* can't be read$|.*: other parts, left out$")
STATUSES = {0, 2, 3, 4}
NOTES = (
    "unreadable picture skipped",
    "the subfolders of ",
    "not taken for pictures in ",
)  # may come before a refusal
__all__ = ["elsewhere"]  # a fixture
FIELDS = {field.name: field.metadata["flag"] for field in dataclasses.fields(Config)}
TINY = {
    "model": "gan",
    "width": "4",
    "latent_dim": "4",
    "batch_size": "8",
    "steps": "1",
    "log_every": "1",
    "sample_every": "0",
    "checkpoint_every": "1",
    "tensorboard": "false",
    "progress": "false",
    "xla": "false",
    "score_samples": "65",
}
# Not these: they start other processes, or other devices than this process has.
LEFT = {"strategy", "logical_devices", "jobs", "mode", "run_dir", "steps", "variant"}


def values(name):
    """Values for a flag: mostly of its kind, often of its choices, sometimes anything."""
    about = FIELDS[name]
    options = [NUMBERS, TEXTS]
    if about["choices"]:
        options += [st.sampled_from([str(choice) for choice in about["choices"]])] * 4
    if about["kind"] is bool:
        options += [st.sampled_from(["true", "false"])] * 4
    if about["kind"] in (int, float):
        low = about["low"] if about["low"] is not None else -1
        high = about["high"] if about["high"] is not None else 64
        kind = st.integers if about["kind"] is int else st.floats
        options += [kind(about["kind"](low), about["kind"](max(low, min(high, 64))))] * 4
    return st.one_of(options).map(str)


FLAGS = st.lists(
    st.sampled_from(sorted(FIELDS.keys() - LEFT)).flatmap(
        lambda name: st.tuples(st.just(name), values(name))
    ),
    max_size=3,
)


def npz_file(path, draw):
    kind = draw(st.sampled_from(["good", "shape", "dtype", "bytes", "labels", "range"]))
    rng = np.random.default_rng(draw(st.integers(0, 9)))
    images = rng.integers(0, 256, (12, 28, 28, 1), dtype=np.uint8)
    labels = np.arange(12) % 3
    if kind == "shape":
        images = np.zeros(draw(st.lists(st.integers(0, 40), max_size=5)), np.uint8)
    elif kind == "dtype":
        dtypes = ["f2", "f4", "f8", "i8", "c8", "S3", "U3", "?"]
        images = images.astype(draw(st.sampled_from(dtypes)))
    elif kind == "labels":
        odd = [labels - 1, labels[:5], labels * 1.5, labels.astype(str), labels * 10**6]
        labels = odd[draw(st.integers(0, len(odd) - 1))]
    elif kind == "range":
        low, high = sorted(draw(st.tuples(st.floats(-300, 300), st.floats(-300, 300))))
        images = rng.uniform(low, high, images.shape)
    if kind == "bytes":
        path.write_bytes(draw(st.binary(max_size=200)))
    else:
        np.savez(path, images=images, labels=labels)


def picture_folder(path, draw):
    path.mkdir()
    for name in draw(st.sets(st.sampled_from(["a", "b", "train", "test", ".h"]), max_size=3)):
        (path / name).mkdir()
        for index in range(draw(st.integers(0, 9))):
            ending = draw(st.sampled_from(["png", "jpg", "gif", "tif", "txt"]))
            file = path / name / f"{index}.{ending}"
            if ending == "txt" or draw(st.integers(0, 9)) == 0:
                file.write_bytes(draw(st.binary(max_size=40)))
            else:
                size = draw(st.sampled_from([(28, 28), (28, 28), (28, 28), (5, 60)]))
                Image.new(draw(st.sampled_from(["L", "RGB"])), size).save(file)


def run_folder(path, draw):
    """A run directory as a start may find it."""
    kind = draw(st.sampled_from(["new", "new", "new", "empty", "file", "foreign", "run"]))
    if kind == "file":
        path.write_text("mine")
    elif kind != "new":
        path.mkdir()
    if kind == "foreign":
        for name in draw(st.sets(st.sampled_from(["export", "checkpoints", ".lock", "health.md"]))):
            (path / name).mkdir()
            (path / name / "mine").write_text("mine")
    if kind == "run":
        shutil.rmtree(path)
        shutil.copytree(finished_run(), path)
        files = sorted(p for p in path.rglob("*") if p.is_file())
        file = files[draw(st.integers(0, len(files) - 1))]
        damage = draw(st.sampled_from(["none", "cut", "bytes", "gone"]))
        if damage == "cut":
            file.write_bytes(file.read_bytes()[: draw(st.integers(0, 50))])
        elif damage == "bytes":
            file.write_bytes(draw(st.binary(max_size=60)))
        elif damage == "gone":
            file.unlink()
    return kind


_made = {}


def finished_run():
    if "run" not in _made:
        folder = pathlib.Path(tempfile.mkdtemp()) / "run"
        status, _, text = command([*flags_of(TINY), "--dataset=ring8", f"--run_dir={folder}"])
        assert status == 0, text
        _made["run"] = folder
    return _made["run"]


def flags_of(values):
    return [f"--{name}={value}" for name, value in values.items()]


def command(flags):
    """Status, stdout and stderr of a command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = cli.main(["main.py", *flags], lambda: models.REGISTRY)
    return status, out.getvalue(), err.getvalue()


def contents(folder, but):
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for path in pathlib.Path(folder).rglob("*")
        if path != but and but not in path.parents
    }


class Accepted(KerasGanError):
    """A command line that needs no training to show that it is accepted."""

    exit_status = 0


_trainings = 0


@pytest.fixture(autouse=True)
def few_trainings(monkeypatch):
    """Lets `finish["wanted"]` decide whether a command line goes beyond its data and checks."""
    finish = {"wanted": True}

    def build(config, model_class, source, *prepare):
        global _trainings
        if not finish["wanted"] or _trainings >= TRAININGS:
            options = {
                n: v for n, v in vars(config).items() if n in compatibility.options(model_class)
            }
            memory.check(config, model_class, {**options, "image_shape": source.image_shape})
            raise Accepted("accepted")
        _trainings += 1
        return whole(config, model_class, source, *prepare)

    whole = train.build_model
    for module in (train, commands):
        monkeypatch.setattr(module, "build_model", build)
    return finish


@pytest.mark.filterwarnings("ignore")
@fuzz(CASES)
@hypothesis.given(data=st.data())
def test_command_lines(few_trainings, data):
    draw = data.draw
    _ = finished_run()
    few_trainings["wanted"] = draw(st.integers(0, 7)) == 7
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        run = scratch / "run"
        kind = run_folder(run, draw)
        flags = {} if kind == "run" else dict(TINY)
        flags["data_dir"] = str(run / "data")
        source = draw(st.sampled_from(["ring8", "npz", "npz", "folder", "none"]))
        if source == "npz":
            npz_file(scratch / "x.npz", draw)
            flags["dataset"] = f"npz:{scratch / 'x.npz'}"
        elif source == "folder":
            picture_folder(scratch / "pics", draw)
            flags["dataset"] = f"folder:{scratch / 'pics'}"
        elif kind != "run":
            flags["dataset"] = "ring8"
        flags.update(draw(FLAGS))
        mode = draw(st.sampled_from(["train"] * 4 + ["sample", "interpolate", "evaluate"]))
        if kind == "run" and mode == "train":
            flags["steps"] = draw(st.sampled_from(["1", "2"]))
        flags |= {"mode": mode, "run_dir": str(run)}
        hypothesis.note(flags)
        before = contents(scratch, but=run)
        foreign = contents(run, but=None) if kind in ("foreign", "file") else None
        began = time.monotonic()
        status, out, err = command(flags_of(flags))
        assert time.monotonic() - began < SECONDS
        assert status in STATUSES
        assert not any(word in err + out for word in PYTHON_WORDS), err
        if status:
            lines = err.splitlines()
            reasons = [x for x in lines if not x.startswith(NOTES) and not UNREAD.match(x)]
            assert len(reasons) == 1 or status != 2, err
            assert reasons, "a failure without a reason"
        assert contents(scratch, but=run) == before
        if foreign and run.is_dir() and not (run / "operative.flags").exists():
            assert contents(run, but=None) == foreign


@fuzz(3 * CASES)
@hypothesis.given(words=st.lists(st.one_of(TEXTS, FLAGS.map(dict).map(flags_of)), max_size=4))
def test_flags_alone(words):
    """Parsing: a `UsageError` of one line, or values that may be kept and read again."""
    from keras_gan.settings import flags as parser

    line = [part for word in words for part in (word if isinstance(word, list) else [word])]
    line = [part for part in line if "flagfile" not in part]
    try:
        given_values = parser.parse(Config, ["main.py", *line])
    except parser.HelpRequested:
        return
    except KerasGanError as error:
        assert error.exit_status == 2 and "\n" not in str(error)
        assert not any(word in str(error) for word in PYTHON_WORDS), str(error)
        return
    check(Config, given_values)


@pytest.mark.filterwarnings("ignore")
@fuzz(CASES)
@hypothesis.given(data=st.data())
def test_arrays(data):
    """An .npz is read as it is meant, or refused in one line."""
    with tempfile.TemporaryDirectory() as scratch:
        file = pathlib.Path(scratch) / "x.npz"
        npz_file(file, data.draw)
        options = dict(image_size=None, channels=None, labels="auto", memory_limit=2**30)
        try:
            source = open_npz("npz:x", file, **options)
        except KerasGanError as error:
            assert not any(word in str(error) for word in PYTHON_WORDS), str(error)
            return
        images, _ = source.fetch(np.arange(len(source)))
        assert images.dtype == np.uint8
        json.dumps(source.facts())
