"""The monitor in real runs: an explosion is rolled back, a hopeless run ends with status 3."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from keras_gan.monitoring.callbacks import EveryNSteps
from keras_gan.monitoring.health.monitor import HealthMonitor
from keras_gan.monitoring.health.recovery import Recovery
from keras_gan.run import cluster, train
from keras_gan.run.build import build_model, open_data
from keras_gan.run.checkpoints import Checkpoints
from keras_gan.run.directory import RunDirectory
from keras_gan.settings import flags
from keras_gan.settings.config import Config
from keras_gan.settings.resolve import resolve
from models import REGISTRY

ROOT = pathlib.Path(__file__).parents[4]
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


def rolled_back(tmp_path, rates, *more, signal="not finite", step=60, saved=(0, 20, 40), **then):
    """A model with the learning rates `rates` by player, rolled back; and its events."""
    attempts, trained_to = then.get("attempts", 1), then.get("trained_to", 0)
    text = ["--dataset=ring8", "--width=8", "--batch_size=8", "--log_every=10", *more]
    config = resolve(flags.parse(Config, ["", *text]), REGISTRY)
    gan = build_model(config, REGISTRY[config.model], open_data(config))
    checkpoints = Checkpoints(tmp_path / "checkpoints", keep=10)
    with RunDirectory(tmp_path) as run:
        health = HealthMonitor(config, run)
        recovery = Recovery(health, checkpoints, cluster.Workers(tf.distribute.get_strategy()))
        for number in saved:
            checkpoints.save(gan, number, metadata={"healthy": True})
        for name, rate in rates.items():
            gan.players[name].optimizer.learning_rate = rate
        for _ in range(attempts):
            recovery.roll_back(gan, {"signal": signal, "step": step})
        resumed = HealthMonitor(config, run)
        resumed.load_state(checkpoints.restore(gan))
        resumed.set_model(gan)
        if trained_to:
            gan.recorder.names = ("finite",)
            resumed.on_nth_step(trained_to)
        return gan, run.events()


def rate(gan, name):
    return float(gan.players[name].optimizer.learning_rate)


IMAGES = ("--dataset=fashion_mnist", "--labels=none", "--model=vae_gan")


@pytest.mark.usefixtures("fashion_mnist")
def test_a_roll_back_lowers_every_players_rate(tmp_path):
    gan, events = rolled_back(tmp_path, {}, *IMAGES)
    assert set(gan.players) == {"discriminator", "generator", "encoder"}
    assert set(events[-1]["learning_rates"]) == set(gan.players)
    for name in gan.players:
        assert rate(gan, name) == pytest.approx(1e-4)


def test_a_rate_that_exploded_is_not_taken_over(tmp_path):
    gan, _ = rolled_back(tmp_path, {"generator": 0.2, "discriminator": 0.2}, "--model=gan")
    assert rate(gan, "generator") == rate(gan, "discriminator") == pytest.approx(1e-4)


def test_a_rate_that_was_lowered_stays_low_at_an_older_checkpoint(tmp_path):
    gan, _ = rolled_back(tmp_path, {"generator": 1e-5}, "--model=gan")
    assert rate(gan, "generator") == pytest.approx(5e-6)


def test_it_goes_back_behind_the_readings_in_which_the_condition_held(tmp_path):
    options = dict(step=240, saved=(0, 60, 120, 180))
    _, events = rolled_back(tmp_path / "a", {}, "--model=gan", signal="not finite", **options)
    assert events[-1]["step"] == 180
    _, events = rolled_back(
        tmp_path / "b", {}, "--model=gan", signal="fakes miss the data", **options
    )
    assert events[-1]["step"] == 60


def test_a_slow_signal_finds_a_checkpoint_that_is_old_enough(tmp_path):
    text = ["--model=gan", "--dataset=ring8", "--width=8", "--log_every=10"]
    given = flags.parse(Config, ["", *text, "--on_failure=rollback"])
    config = resolve(given, REGISTRY)
    gan = build_model(config, REGISTRY["gan"], open_data(config))
    checkpoints = Checkpoints(tmp_path, keep=2)
    health = HealthMonitor(config, None)
    recovery = Recovery(health, checkpoints, cluster.Workers(tf.distribute.get_strategy()))
    length = 10 * (max(s.readings for s in health.signals if s.failure) + 1)
    for step in range(0, 1001, 20):
        recovery.protect(step)
        checkpoints.save(gan, step)
        if step >= length:
            ages = [step - other for other in checkpoints.steps() if other]
            assert step < 3 * length or any(length <= age <= 3 * length for age in ages)
    assert len(checkpoints.steps()) <= 6


def test_the_rates_of_a_first_roll_back_come_back_behind_the_failure(tmp_path):
    """Failed at 60, back at 40: on trial until 80; a resumed run knows it."""
    gan, events = rolled_back(tmp_path / "a", {}, "--model=gan", trained_to=70)
    assert rate(gan, "generator") == pytest.approx(1e-4)
    gan, events = rolled_back(tmp_path / "b", {}, "--model=gan", trained_to=80)
    assert rate(gan, "generator") == rate(gan, "discriminator") == pytest.approx(2e-4)
    assert "rates restored" in [event["signal"] for event in events]


def test_the_rates_of_a_second_roll_back_stay(tmp_path):
    gan, _ = rolled_back(tmp_path, {}, "--model=gan", attempts=2, trained_to=500)
    assert rate(gan, "generator") == pytest.approx(5e-5)


class Broken(EveryNSteps):
    """Breaks a weight after the 12th step of the first attempt."""

    def on_nth_step(self, step):
        self.steps = [*getattr(self, "steps", []), step]
        if step == 12 and not int(self.model.attempt.numpy()):
            weight = self.model.generator.trainable_variables[0]
            weight.assign(np.full(weight.shape, np.nan, np.float32))


def test_a_callback_of_the_callers_own_is_called_at_each_step_and_after_a_roll_back(tmp_path):
    text = (*FLAGS, "--width=8", "--steps=30", "--on_failure=rollback", f"--run_dir={tmp_path}")
    given = flags.parse(Config, ["", *text])
    broken = Broken(1)
    with RunDirectory(tmp_path) as run:
        config = resolve(given, REGISTRY, run)
        assert train.train(config, REGISTRY["gan"], run, [broken]) == 0
        back = [e for e in run.events() if e["signal"] == "rolled back"]
    assert [(e["from_step"], e["because"]) for e in back] == [(20, "not finite")]
    assert broken.steps == [*range(1, 21), *range(back[0]["step"] + 1, 31)]
    assert np.isfinite(broken.model.generator.trainable_variables[0].numpy()).all()
