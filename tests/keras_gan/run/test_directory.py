"""The run directory: locked by one process, rows neither lost nor mixed, damage reported."""

import json
import os
import subprocess
import sys

import pytest

from keras_gan.errors import StorageError
from keras_gan.run.directory import RunDirectory
from keras_gan.settings.resolve import complete


@pytest.fixture
def run(tmp_path):
    with RunDirectory(tmp_path / "run") as run:
        yield run


def test_a_second_process_is_refused(run, root):
    code = (
        "import sys; from keras_gan.run.directory import RunDirectory\n"
        "try:\n    RunDirectory(sys.argv[1]).__enter__()\n"
        "except Exception as e:\n    print(e); sys.exit(e.exit_status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(run.path)], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 4 and "another process is using it" in done.stdout
    with pytest.raises(StorageError):
        RunDirectory(run.path).__enter__()


def test_the_lock_is_released_on_exit(tmp_path):
    for _ in range(2):
        with RunDirectory(tmp_path):
            pass


def test_unwritable(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="run directory"):
        RunDirectory(tmp_path / "file" / "run").__enter__()


def test_rows_beyond_the_restored_step_are_cut(run):
    for step in (10, 20, 30):
        run.append_reading(step, {"loss": step / 7})
        run.append_event({"step": step, "attempt": 0, "signal": "s"})
        run.append_score({"step": step, "attempt": 0, "fd": step / 7, "name": 'a,"b"'})
    run.cut_after(20)
    assert [r["step"] for r in run.readings()] == [10, 20]
    assert [r["step"] for r in run.events()] == [10, 20]
    assert [r["step"] for r in run.scores()] == ["10", "20"]
    assert run.scores()[0]["name"] == 'a,"b"'


def test_events_of_earlier_attempts_stay(run):
    """They explain why the run was rolled back; those of a discarded attempt are written again."""
    events = [(40, 0), (20, 1), (30, 1), (25, 2)]
    for step, attempt in events:
        run.append_event({"step": step, "attempt": attempt})
    run.cut_after(20, attempt=1)
    assert [(r["step"], r["attempt"]) for r in run.events()] == [(40, 0), (20, 1)]


def test_a_line_cut_short_does_not_count(run):
    run.append_event({"step": 1, "attempt": 0})
    with open(run.path / "events.jsonl", "a") as file:
        file.write('{"step": 2, "att')
    assert [r["step"] for r in run.events()] == [1]
    run.append_event({"step": 2, "attempt": 0})
    assert [r["step"] for r in run.events()] == [1, 2]


@pytest.mark.parametrize(
    "name, text",
    [
        ("events.jsonl", '{"step": 1, "attempt": 0}\n{"step": "x", "attempt": 0}\n'),
        ("events.jsonl", "not JSON\n"),
        ("events.jsonl", "[1]\n"),
        ("readings.jsonl", '{"loss": 1.0}\n'),
        ("scores.csv", "step,attempt\nx,0\n"),
        ("readings.jsonl", b"\xff\xfe\n"),
    ],
)
def test_damaged_rows_are_reported(run, name, text):
    (run.path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(StorageError, match=name):
        run.cut_after(0)


def test_settings_come_back(run):
    config = complete({"steps": 123, "real_target": "0.7,1.2", "xla": False})
    run.write_settings(config)
    assert complete(run.given()) == config


def test_damaged_settings_are_reported(run):
    run.flagfile.write_text("--no_such_flag=1\n")
    with pytest.raises(StorageError, match=r"operative\.flags"):
        run.given()


def test_full_disk(run, monkeypatch):
    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        run.write_text("page.md", "text")
    with pytest.raises(StorageError, match="No space left"):
        run.append_event({"step": 1, "attempt": 0})


def test_a_worker_that_is_not_the_chief_leaves_nothing(tmp_path):
    with RunDirectory(tmp_path / "run", writes=False) as run:
        run.write_text("page.md", "text")
        run.append_event({"step": 1, "attempt": 0})
        run.append_score({"step": 1, "attempt": 0})
        run.cut_after(0)
    assert not (tmp_path / "run").exists()


def test_a_worker_reads_while_the_chief_writes(run):
    run.append_event({"step": 1, "attempt": 0})
    with RunDirectory(run.path, writes=False) as other:
        assert other.events() == [json.loads('{"step": 1, "attempt": 0}')]
