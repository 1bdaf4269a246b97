"""The command line as users run it: exit statuses, one line per error, a complete run."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[2]


def command_line(*arguments, timeout=300):
    return subprocess.run(
        [sys.executable, "main.py", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "images.npz"
    rng = np.random.default_rng(0)
    np.savez(path, images=rng.integers(0, 256, (64, 28, 32, 3), dtype=np.uint8))
    return path


@pytest.fixture(scope="module")
def run(pictures, tmp_path_factory):
    """A small run, trained from the command line: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("run") / "run"
    done = command_line(
        f"--dataset=npz:{pictures}",
        f"--run_dir={folder}",
        "--width=4",
        "--steps=6",
        "--batch_size=8",
        "--log_every=2",
        "--sample_every=3",
        "--checkpoint_every=3",
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_help_is_quick_and_exits_0():
    done = command_line("--help", timeout=20)
    assert done.returncode == 0
    assert "--batch_size" in done.stdout


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--stepz=3"], "--stepz: unknown flag; did you mean --steps?"),
        (["--loss=foo"], "--loss=foo"),
        (["--model=dcgn"], "--model=dcgn: unknown model; allowed: "),
        (["--dataset=folder:/nowhere"], "--dataset=folder:/nowhere: no such folder"),
        (["--mode=sample", "--run_dir=/nowhere"], "--run_dir=/nowhere: no run there"),
        (["--loss=hinge", "--real_target=0.7,1.2"], "--real_target=0.7,1.2"),
    ],
)
def test_a_wrong_flag_is_one_line_and_status_2(arguments, message, tmp_path):
    done = command_line(f"--run_dir={tmp_path / 'run'}", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "run" / "operative.flags").exists()
    if not arguments[0].startswith("--dataset"):  # the data is opened once the run has its folder
        assert not (tmp_path / "run").exists()


def test_an_unwritable_run_directory_is_status_4():
    done = command_line("--run_dir=/proc/nothing")
    assert done.returncode == 4
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_run_leaves_what_the_readme_says(run):
    folder, printed = run
    for name in ("operative.flags", "health.md", "health.png", "run.png", "export/model.json"):
        assert (folder / name).stat().st_size > 0, name
    assert sorted(p.name for p in (folder / "checkpoints").iterdir()) == [
        "step-00000003",
        "step-00000006",
    ]
    assert list((folder / "samples").glob("samples-*.png"))
    assert list((folder / "tensorboard").iterdir())
    assert f"tensorboard --logdir {folder / 'tensorboard'}" in printed


def test_a_finished_run_says_so_and_more_steps_continue_it(run):
    folder, _ = run
    done = command_line(f"--run_dir={folder}")
    assert done.returncode == 0
    assert "finished: step 6 of 6" in done.stdout
    done = command_line(f"--run_dir={folder}", "--loss=least_squares")
    assert done.returncode == 2
    assert "--loss=least_squares" in done.stderr
    done = command_line(f"--run_dir={folder}", "--steps=8")
    assert done.returncode == 0, done.stderr
    assert (folder / "checkpoints" / "step-00000008").is_dir()


def test_sample_and_interpolate_write_pictures(run):
    folder, _ = run
    assert command_line("--mode=sample", f"--run_dir={folder}", "--count=5").returncode == 0
    images = np.load(folder / "samples" / "seed-0" / "samples.npz")["images"]
    assert images.shape == (5, 28, 32, 3) and images.dtype == np.uint8
    assert command_line("--mode=interpolate", f"--run_dir={folder}", "--count=4").returncode == 0
    assert (folder / "samples" / "interpolation-seed-0.png").exists()


def test_tensorboard_has_scalars_pictures_histograms_and_settings(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder, _ = run
    events = EventAccumulator(str(folder / "tensorboard" / "run"), size_guidance={"tensors": 0})
    events.Reload()
    tags = set(events.Tags()["tensors"])
    for player in ("discriminator", "generator"):
        for name in ("loss", "gradient_norm", "learning_rate"):
            assert f"{player}/{name}" in tags
    assert {"samples/samples", "samples/interpolation", "logits/real", "logits/fake"} <= tags
    assert "operative flags" in tags
    steps = [event.step for event in events.Tensors("discriminator/loss")]
    assert steps[:3] == [2, 4, 6]


SERVE = """
import sys
import numpy as np
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
assert not any("keras_gan" in name for name in sys.modules)
latents = tf.random.normal([3, 128])
one = model.generate(latents)
assert one.dtype == tf.uint8 and one.shape == (3, 28, 32, 3), one
np.testing.assert_array_equal(model.signatures["serving_default"](latents=latents)["images"], one)
five = model.sample(tf.constant(5), tf.constant(1))
np.testing.assert_array_equal(five, model.sample(tf.constant(5), tf.constant(1)))
path = model.interpolate(latents[0], latents[1], tf.constant(4))
np.testing.assert_array_equal(path[0], one[0])
np.testing.assert_array_equal(path[-1], one[1])
assert model.discriminate(five).shape == (5,)
assert model.discriminate(five).dtype == tf.float32
"""


def test_the_export_serves_without_the_project(run):
    folder, _ = run
    done = subprocess.run(
        [sys.executable, "-c", SERVE, str(folder / "export")],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    metadata = json.loads((folder / "export" / "model.json").read_text())
    assert metadata["image_shape"] == [28, 32, 3]
    assert metadata["settings"]["width"] == 4
