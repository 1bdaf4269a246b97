"""The monitor in real runs: an explosion is rolled back, a hopeless run ends with status 3."""

import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[3]
FLAGS = (
    "--model=gan",
    "--dataset=ring8",
    "--width=16",
    "--steps=120",
    "--batch_size=32",
    "--log_every=10",
    "--checkpoint_every=20",
    "--sample_every=0",
    "--noprogress",
    "--notensorboard",
)


def run(folder, *flags):
    done = subprocess.run(
        [sys.executable, "main.py", f"--run_dir={folder}", *FLAGS, *flags],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    lines = (folder / "events.jsonl").read_text().splitlines()
    return done, [json.loads(line) for line in lines]


EXPLODING = ("--d_learning_rate=10", "--g_learning_rate=10", "--d_optimizer=sgd")


@pytest.mark.slow
def test_an_explosion_is_rolled_back_and_the_run_ends(tmp_path):
    done, events = run(tmp_path, *EXPLODING, "--on_failure=rollback", "--rollback_rate=0.01")
    assert done.returncode == 0, done.stderr
    back = next(e for e in events if e["signal"] == "rolled back")
    assert back["attempt"] == 1
    assert back["learning_rates"]["generator"] == pytest.approx(0.1)
    assert "Recovered" in (tmp_path / "health.md").read_text()


@pytest.mark.slow
def test_stop_ends_with_status_3_and_a_report(tmp_path):
    done, events = run(tmp_path, *EXPLODING, "--on_failure=stop")
    assert done.returncode == 3
    assert events[0]["failure"] and events[0]["value"] > events[0]["threshold"]
    assert events[0]["meaning"] in done.stderr
    assert (tmp_path / "health.png").stat().st_size > 0
    assert not (tmp_path / "export").exists()
