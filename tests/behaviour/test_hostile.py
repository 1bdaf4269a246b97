"""What a hostile or unlucky user does: nothing is lost, nothing is silently wrong, no traceback."""

import json
import os
import pathlib
import shutil
import tempfile

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import models
from keras_gan.errors import UsageError
from keras_gan.run import build, checkpoints, memory
from keras_gan.settings.config import Config
from keras_gan.settings.flags import parse
from keras_gan.settings.resolve import resolve
from tests.behaviour.command_line import TINY, contents, here


def write_classes(root, *names, each=8, size=28):
    rng = np.random.default_rng(0)
    for name in names:
        (root / name).mkdir(parents=True)
        for index in range(each):
            picture = rng.integers(0, 256, (size, size), dtype=np.uint8)
            Image.fromarray(picture).save(root / name / f"{index}.png")


class TestNothingIsLost:
    @pytest.mark.parametrize(
        "name", ["export/thesis.txt", "checkpoints/writing-thesis", "health.md", ".lock/mine"]
    )
    def test_a_folder_that_is_no_run_is_not_touched(self, tmp_path, images, refused, name):
        file = tmp_path / "mine" / name
        file.parent.mkdir(parents=True)
        file.write_text("x")
        before = contents(tmp_path)
        message = refused(
            *TINY,
            f"--dataset=npz:{images}",
            f"--run_dir={tmp_path / 'mine'}",
            status=4 if name.startswith(".lock") else 2,
        )
        assert "--run_dir=" in message or "run directory" in message
        assert contents(tmp_path) == before

    def test_a_users_file_in_the_export_is_kept(self, run, tmp_path, refused):
        shutil.rmtree(run / "export")
        (run / "export").mkdir()
        (run / "export" / "thesis.txt").write_text("x")
        assert "is no export" in refused("--mode=export", f"--run_dir={run}")
        assert (run / "export" / "thesis.txt").read_text() == "x"

    @pytest.mark.parametrize(
        "flags",
        [
            ["--dataset=folder:/nowhere"],
            ["--dataset=npz:/nowhere.npz"],
            ["--model=acgan", "--dataset=npz:{images}"],
            ["--batch_size=64", "--dataset=npz:{images}"],
        ],
    )
    def test_a_refused_start_leaves_nothing(self, tmp_path, images, refused, flags):
        flags = [flag.format(images=images) for flag in flags]
        refused(*TINY, f"--run_dir={tmp_path / 'a' / 'b'}", *flags)
        assert contents(tmp_path) == {}

    def test_a_refused_start_leaves_an_empty_folder_empty(self, tmp_path, refused):
        (tmp_path / "run").mkdir()
        refused(*TINY, f"--run_dir={tmp_path / 'run'}", "--dataset=folder:/nowhere")
        assert contents(tmp_path) == {str(tmp_path / "run"): None}

    def test_vanished_checkpoints_are_no_new_beginning(self, run, refused):
        shutil.rmtree(run / "checkpoints")
        before = contents(run)
        message = refused(f"--run_dir={run}", "--steps=4", status=4)
        assert "checkpoints are gone" in message
        assert contents(run) == before

    def test_a_lower_number_of_steps_changes_nothing(self, run, refused):
        before = contents(run)
        assert "is at step 2" in refused(f"--run_dir={run}", "--steps=1")
        assert contents(run) == before

    @pytest.mark.parametrize(
        "path", ["", "gs://bucket/run", "s3://b", " run", "run\n", "run\x7f", "run\udcff"]
    )
    def test_run_directories_that_are_none(self, tmp_path, monkeypatch, refused, path):
        monkeypatch.chdir(tmp_path)
        assert "--run_dir=" in refused(*TINY, "--dataset=ring8", f"--run_dir={path}")
        assert contents(tmp_path) == {}

    def test_the_home_directory_is_meant_by_a_tilde(self, tmp_path, monkeypatch):
        from keras_gan.run.directory import RunDirectory

        monkeypatch.setenv("HOME", str(tmp_path))
        assert RunDirectory("~/runs/x").path == tmp_path / "runs" / "x"


class TestNothingIsSilentlyWrong:
    def test_renamed_classes_are_refused(self, tmp_path, refused):
        write_classes(tmp_path / "d", "a", "b")
        flags = [*TINY, "--model=cgan", f"--dataset=folder:{tmp_path / 'd'}"]
        assert here(*flags, f"--run_dir={tmp_path / 'run'}") == 0
        about = json.loads((tmp_path / "run" / "export" / "model.json").read_text())
        assert about["class_names"] == ["a", "b"]
        export = tf.saved_model.load(tmp_path / "run" / "export")
        assert [name.decode() for name in export.class_names().numpy()] == ["a", "b"]
        for label in (2, -1, 99):
            with pytest.raises(tf.errors.InvalidArgumentError, match="labels are 0 to 1"):
                export.sample(4, 0, [label] * 4)
            with pytest.raises(tf.errors.InvalidArgumentError, match="labels are 0 to 1"):
                export.interpolate(tf.zeros(4), tf.ones(4), 3, label)
        with pytest.raises(tf.errors.InvalidArgumentError, match="one label per image"):
            export.discriminate(export.sample(4, 0, [0] * 4), [0])
        (tmp_path / "d" / "a").rename(tmp_path / "d" / "zzz")
        message = refused(f"--run_dir={tmp_path / 'run'}", "--steps=4")
        assert "(0 b, 1 zzz)" in message and "(0 a, 1 b)" in message

    def test_changed_images_are_warned_of(self, tmp_path, run, capfd):
        rng = np.random.default_rng(1)
        np.savez(tmp_path / "x.npz", images=rng.integers(0, 256, (16, 28, 28, 1), dtype=np.uint8))
        shutil.copy(tmp_path / "x.npz", tmp_path / "y.npz")
        flags = [*TINY, f"--dataset=npz:{tmp_path / 'x.npz'}", f"--run_dir={tmp_path / 'other'}"]
        assert here(*flags) == 0
        np.savez(tmp_path / "x.npz", images=rng.integers(0, 256, (16, 28, 28, 1), dtype=np.uint8))
        capfd.readouterr()
        assert here(*flags, "--steps=3") == 0
        assert "sample of the images was" in capfd.readouterr().err

    def test_images_of_another_size_are_refused_in_words(self, tmp_path, refused):
        file = tmp_path / "x.npz"
        flags = [*TINY, f"--dataset=npz:{file}", f"--run_dir={tmp_path / 'run'}"]
        np.savez(file, images=np.zeros((16, 28, 28, 1), np.uint8))
        assert here(*flags) == 0
        np.savez(file, images=np.zeros((16, 32, 32, 1), np.uint8))
        assert "images are 32x32x1, and the run was started with 28x28x1" in refused(
            *flags, "--steps=4"
        )

    def test_a_checkpoint_without_a_description_of_the_data_is_named(self, run, capfd):
        newest = run / "checkpoints" / "step-00000002"
        manifest = json.loads((newest / "manifest.json").read_text())
        for name in ("image shape", "number of classes", "class names"):
            del manifest["environment"][name]
        del manifest["seal"]
        manifest["seal"] = checkpoints._seal(manifest)
        (newest / "manifest.json").write_text(json.dumps(manifest))
        capfd.readouterr()
        assert here("--mode=sample", "--count=2", f"--run_dir={run}") == 0
        assert "no description of the data, which are opened" in capfd.readouterr().err
        assert here("--steps=3", f"--run_dir={run}") == 0
        assert "step 2 does not describe the data" in capfd.readouterr().err

    @pytest.mark.parametrize(
        "flag",
        [
            "--kl_weight=inf",
            "--gradient_penalty=inf",
            "--gradient_penalty=1e30",
            "--d_threshold=inf",
            "--d_threshold=nan",
            "--clip_norm=-inf",
        ],
    )
    def test_weights_beyond_reason(self, tmp_path, refused, flag):
        message = refused(*TINY, f"--run_dir={tmp_path / 'run'}", flag)
        assert message.startswith(flag.partition("=")[0]) and "None" not in message

    def test_scores_say_their_protocol(self, tmp_path):
        import csv

        flags = [*TINY, "--dataset=ring8", "--score_every=2", "--score_samples=100"]
        assert here(*flags, f"--run_dir={tmp_path / 'run'}") == 0
        with open(tmp_path / "run" / "scores.csv", newline="") as file:
            last = list(csv.DictReader(file))[-1]
        assert last["fakes"] == "100"
        about = json.loads((tmp_path / "run" / "export" / "model.json").read_text())
        assert about["scores"]["fakes"] == 100 and about["scores"]["step"] == 2
        assert "width" not in about["scores"]

    def test_final_scores_are_of_other_latents_than_those_in_training(
        self, tmp_path, fashion_mnist
    ):
        """The checkpoint was chosen by the latter."""
        flags = [*TINY, "--dataset=fashion_mnist", "--score_every=2", "--score_samples=500"]
        assert here(*flags, f"--run_dir={tmp_path / 'run'}") == 0
        about = json.loads((tmp_path / "run" / "export" / "model.json").read_text())
        assert here("--mode=evaluate", "--json", f"--run_dir={tmp_path / 'run'}") == 0
        final = json.loads((tmp_path / "run" / "evaluation.json").read_text())
        in_training = about["scores"]
        assert final["fd_cnn_floor"] == pytest.approx(in_training["fd_cnn_floor"], rel=1e-5)
        assert final["fd_cnn"] != pytest.approx(in_training["fd_cnn"], rel=1e-5)

    def test_json_is_json(self, tmp_path, capfd):
        flags = [*TINY, "--dataset=ring8", f"--run_dir={tmp_path / 'run'}"]
        assert here(*flags) == 0
        capfd.readouterr()
        status = here("--mode=evaluate", "--json", "--score_samples=100", flags[-1])
        printed = capfd.readouterr()
        assert status == 0, printed.err

        def strict(name):
            raise ValueError(name)

        assert json.loads(printed.out, parse_constant=strict)["step"] == 2
        text = (tmp_path / "run" / "evaluation.json").read_text()
        assert json.loads(text, parse_constant=strict)["step"] == 2


class TestModes:
    def test_samples_need_the_run_alone(self, run, tmp_path, images, monkeypatch):
        data = images.with_suffix(".away")
        images.rename(data)
        monkeypatch.chdir(tmp_path)
        try:
            for seed in (7, 8):
                flags = ["--mode=sample", f"--seed={seed}", f"--run_dir={run}"]
                assert here(*flags, "--count=6") == 0
                assert here(*flags, "--count=3") == 0
                folder = run / "samples" / f"seed-{seed}"
                names = sorted(path.name for path in folder.iterdir())
                assert names == ["00000.png", "00001.png", "00002.png", "samples.npz"]
                assert (run / "samples" / f"seed-{seed}-grid.png").is_file()
            assert here("--mode=interpolate", "--seed=7", f"--run_dir={run}", "--count=3") == 0
            assert here("--mode=export", f"--run_dir={run}") == 0
        finally:
            data.rename(images)
        first, second = (
            np.load(run / "samples" / f"seed-{seed}" / "samples.npz")["images"] for seed in (7, 8)
        )
        assert first.shape == second.shape and (first != second).any()

    def test_samples_go_where_they_are_asked_to_and_replace_only_samples(
        self, run, tmp_path, refused
    ):
        flags = ["--mode=sample", "--count=2", f"--run_dir={run}"]
        before = contents(run)
        out = tmp_path / "out"
        assert here(*flags, f"--out={out}") == 0
        assert here(*flags, f"--out={out}") == 0
        assert contents(run) == before
        (out / "mine.txt").write_text("x")
        assert "mine.txt" in refused(*flags, f"--out={out}")
        assert (out / "mine.txt").read_text() == "x"

    def test_a_run_that_is_training_can_be_sampled(self, run):
        from keras_gan.run.directory import RunDirectory

        with RunDirectory(run):
            assert here("--mode=sample", "--count=2", f"--run_dir={run}") == 0

    def test_a_run_that_can_only_be_read_is_sampled_elsewhere(self, run, tmp_path, refused):
        """As a user who may read the run but not write it."""
        if os.geteuid() != 0:
            pytest.skip("needs another user to become")
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            shared = shutil.copytree(run, pathlib.Path(folder) / "run")
            (pathlib.Path(folder) / "out").mkdir(mode=0o777)
            os.chmod(pathlib.Path(folder) / "out", 0o777)
            before = contents(shared)
            os.seteuid(65534)
            try:
                message = refused("--mode=sample", f"--run_dir={shared}", status=4)
                assert "--out=FOLDER writes elsewhere" in message
                out = pathlib.Path(folder) / "out" / "samples"
                assert (
                    here("--mode=sample", "--count=2", f"--run_dir={shared}", f"--out={out}") == 0
                )
            finally:
                os.seteuid(0)
            assert (out / "00001.png").exists() and contents(shared) == before

    def test_the_slash_at_the_end_of_a_folder_is_no_other_data_set(self, tmp_path):
        from keras_gan.settings.resolve import _refuse_changes

        _refuse_changes({"dataset": "folder:a/b/"}, {"dataset": "folder:a/b"})

    def test_logs_that_can_not_be_written(self, run, refused, capfd):
        (run / "tensorboard").write_text("x")
        flags = [f"--run_dir={run}", "--steps=3", "--tensorboard"]
        assert here(*flags) == 4
        last = capfd.readouterr().err.splitlines()[-1]
        assert last.startswith(f"{run / 'tensorboard'}: ") and "ot a directory" in last
        assert last.endswith("; --notensorboard trains without")

    def test_another_setting_is_refused_in_the_words_of_the_mode(self, run, refused):
        message = refused("--mode=sample", "--batch_size=9", f"--run_dir={run}")
        assert "--batch_size=9" in message and "continued" not in message

    def test_a_run_without_checkpoints(self, run, refused):
        shutil.rmtree(run / "checkpoints")
        assert "no checkpoint" in refused("--mode=sample", f"--run_dir={run}")


class TestEveryWayIn:
    @pytest.mark.parametrize("dataset", ["ring8", "grid25", "swissroll"])
    def test_points_with_image_models(self, tmp_path, refused, dataset):
        flags = [f"--dataset={dataset}", "--model=dcgan", f"--run_dir={tmp_path / 'run'}"]
        assert "--model=gan" in refused(*flags)

    def test_a_path_is_no_name(self, tmp_path, refused):
        write_classes(tmp_path / "pics", "a")
        flags = [*TINY, f"--run_dir={tmp_path / 'run'}"]
        assert "folder:" in refused(*flags, f"--dataset={tmp_path / 'pics'}")
        np.savez(tmp_path / "x.npz", images=np.zeros((8, 28, 28, 1)))
        assert "npz:" in refused(*flags, f"--dataset={tmp_path / 'x.npz'}")

    @pytest.mark.parametrize(
        "flag",
        [
            "--channels=2",
            "--channels=5",
            "--model=",
            "--dataset=",
            "--seed=4294967296",
            "--steps=99999999999999999999",
            "--steps=1" + 5000 * "0",
            "--steps=1e3",
            "--noprogress=1",
            "--xla=maybe",
            "--steps=",
            "--dataset=a\nb",
            "--dataset=folder:",
            "--count=1000000001",
        ],
    )
    def test_wrong_flags(self, tmp_path, monkeypatch, refused, flag):
        monkeypatch.chdir(tmp_path)
        message = refused(*TINY, flag, f"--run_dir={tmp_path / 'run'}")
        for word in ("invalid literal", "argument to", "None", "Error"):
            assert word not in message
        assert contents(tmp_path) == {}

    @pytest.mark.parametrize(
        "flags",
        [
            ["--latent_dim=1000000", "--width=4000"],
            ["--width=100000"],
            ["--replay_size=1000000000", "--replay_rate=0.5"],
            ["--model=dcgan", "--width=20000"],
        ],
    )
    def test_what_does_not_fit_into_memory(self, tmp_path, images, refused, flags, monkeypatch):
        monkeypatch.setattr(memory, "available", lambda: 2**30)
        message = refused(*TINY, f"--dataset=npz:{images}", f"--run_dir={tmp_path / 'r'}", *flags)
        assert "bytes" in message
        assert contents(tmp_path) == {}

    @pytest.mark.parametrize(
        "flags, shape",
        [
            ("--model=dcgan --image_size=256 --batch_size=4096", (256, 256, 3)),
            ("--model=gan --batch_size=1000000000", (28, 28, 1)),
            ("--model=dcgan --latent_dim=1000000", (28, 28, 1)),
            ("--model=gan --replay_size=1000000000 --replay_rate=0.5", (28, 28, 1)),
            ("--model=r3gan --width=100000", (28, 28, 1)),
        ],
    )
    def test_sizes_are_estimated_before_anything_is_built(self, flags, shape, monkeypatch):
        monkeypatch.setattr(memory, "available", lambda: 2**34)
        config = resolve(parse(Config, ["main.py", *flags.split()]), models.REGISTRY)
        data = build.SavedData(shape, None, None)
        with pytest.raises(UsageError, match=r"needs [\d,]{14,} bytes of memory at least"):
            build.build_model(config, models.REGISTRY[config.model], data)

    @pytest.mark.parametrize(
        "flag, hint",
        [
            ("--lr=0.1", "did you mean --d_learning_rate, --g_learning_rate?"),
            ("--epochs=3", "did you mean --steps?"),
            ("--noprogress=1", "write --noprogress or --progress=false"),
            ("--latent_dim=100000000", "allowed: 1 to 1000000"),
        ],
    )
    def test_the_way_out_is_named(self, refused, flag, hint):
        assert hint in refused(flag)
