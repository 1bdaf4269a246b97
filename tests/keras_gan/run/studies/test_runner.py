"""A study's runs, and how it continues after a kill."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import models
from keras_gan.errors import UsageError
from keras_gan.run.checkpoints import named_state
from keras_gan.run.studies import runner, seed_runs
from tests.keras_gan.run.studies.test_variants import BASE, study


def test_seeds_share_a_model_without_affecting_each_other():
    """Each run depends on its seed alone, whatever ran before."""
    base = study()["base"].config
    shared, alone = (seed_runs.SeedRuns(base, base, models.REGISTRY) for _ in range(2))

    def weights(runs, seed):
        runs.run(seed)
        assert int(runs.gan.step.numpy()) == base.steps
        return np.concatenate([w.ravel() for w in runs.gan.get_weights()])

    first, other, again = (weights(shared, seed) for seed in (0, 1, 0))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(weights(alone, 1), other)


def test_the_extractor_that_is_given_scores_and_is_part_of_the_settings():
    flags = ["--model=dcgan", "--dataset=fashion_mnist", "--width=4", "--latent_dim=4"]
    given = study(*flags, "--steps=1", "--score_samples=2000", "--extractor=pixels")["base"]
    assert given.settings()["extractor"] == "pixels"
    results = seed_runs.SeedRuns(given.config, given.config, models.REGISTRY).run(0)
    assert results["fd_pixels"] > 0 and "fd_cnn" not in results
    assert "extractor" not in study()["base"].settings()  # as older results have it


def test_variants_start_from_the_bases_weights():
    variants = study("--variant=hinge: --loss=hinge")
    base, hinge = (
        named_state(
            seed_runs.SeedRuns(
                variants[name].config, variants["base"].config, models.REGISTRY
            )._fresh(3)
        )
        for name in ("base", "hinge")
    )
    for name in base.keys() & hinge.keys():
        if name.startswith(("generator/", "discriminator/")):
            np.testing.assert_array_equal(np.asarray(base[name]), np.asarray(hinge[name]))


def test_a_small_last_layer_stays_small():
    variants = study("--variant=small: --last_layer_init=0.003")
    runs = seed_runs.SeedRuns(variants["small"].config, variants["base"].config, models.REGISTRY)
    for network in runs._fresh(0).networks.values():
        first, *_, last, _ = network.get_weights()
        assert np.abs(last).max() <= 0.003 < np.abs(first).max()


def test_a_norm_keeps_its_own_initial_scale():
    """Kernels come from the base, γ stays 1: the base's next variable is a bias of that shape."""
    variants = study("--variant=norm: --normalization=batch --d_normalization=batch")
    base, norm = (
        seed_runs.SeedRuns(variants[name].config, variants["base"].config, models.REGISTRY)._fresh(
            3
        )
        for name in ("base", "norm")
    )
    for name, network in norm.networks.items():
        kernels, others = (
            [np.asarray(v) for v in n.trainable_variables if v.name == "kernel"]
            for n in (network, base.networks[name])
        )
        for kernel, other in zip(kernels, others, strict=True):
            np.testing.assert_array_equal(kernel, other)
        scales = [v for v in network.trainable_variables if v.name == "gamma"]
        assert scales and all(np.all(np.asarray(v) == 1.0) for v in scales)


def test_missing_data_are_an_error_and_no_failed_run(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "_registry", models.REGISTRY)
    base = study("--model=dcgan", "--dataset=folder:gone", "--image_size=28")["base"]
    with pytest.raises(UsageError, match="--dataset=folder:gone: no such folder"):
        runner.run_variant(base, base.config, [0], tmp_path)
    assert not (tmp_path / "results.jsonl").exists()


@pytest.mark.slow
def test_a_killed_study_continues_and_repeats_no_run(root, tmp_path):
    command = [
        *(sys.executable, "main.py", *BASE, f"--run_dir={tmp_path}", "--seeds=3", "--jobs=2"),
        "--variant=hinge: --loss=hinge",
        "--variant=broken: --d_optimizer=sgd --d_learning_rate=1",
    ]
    results = tmp_path / "results.jsonl"
    process = subprocess.Popen(
        command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    started = time.monotonic()
    while not results.exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() - started < 300
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    time.sleep(5)  # the workers exit with the runner
    before = results.read_text()
    time.sleep(3)
    assert results.read_text() == before
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert results.read_text().startswith(before)
    rows = [json.loads(line) for line in results.read_text().splitlines()]
    runs = sorted((row["variant"], row["seed"]) for row in rows)
    assert runs == sorted((n, s) for n in ("base", "hinge", "broken") for s in range(3))
    assert {"settings", "versions", "commit", "ended", "seconds", "modes"} <= rows[0].keys()
    report = (tmp_path / "report.md").read_bytes()
    subprocess.run(
        [sys.executable, "-m", "keras_gan.run.studies.report", str(tmp_path)], cwd=root, check=True
    )
    assert (tmp_path / "report.md").read_bytes() == report
