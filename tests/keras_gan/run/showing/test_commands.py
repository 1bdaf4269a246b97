"""Whole command lines: samples from latents, truncation, films, projection, and what is refused."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import models
from keras_gan import cli
from keras_gan.run import export
from keras_gan.run.directory import RunDirectory
from keras_gan.run.showing import latents
from keras_gan.settings.resolve import complete


def load_zoo():
    return models.REGISTRY


def main(*arguments):
    return cli.main(["main.py", *arguments], load_zoo)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of three steps on 96 random pictures of 28×28, its training filmed."""
    folder = tmp_path_factory.mktemp("commands")
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (96, 28, 28), np.uint8)
    np.savez(folder / "data.npz", images=images, labels=np.arange(96) % 3)
    settings = ["--model=acgan", f"--dataset=npz:{folder / 'data.npz'}", "--batch_size=8"]
    settings += ["--width=4", "--latent_dim=8", "--steps=3", "--sample_every=1", "--log_every=1"]
    settings += ["--tensorboard=false", "--progress=false", "--training_film=gif"]
    assert main(*settings, f"--run_dir={folder / 'run'}") == 0
    return folder / "run"


def test_a_run_is_filmed(run):
    steps = len(list((run / "samples").glob("samples-*.png")))
    with Image.open(run / "training.gif") as film:
        assert 1 < film.n_frames <= steps  # equal frames in a row are shown as one


def test_latents_from_a_file_are_what_is_sampled(run, tmp_path):
    z = np.random.default_rng(1).normal(size=(5, 8)).astype(np.float32)
    latents.save(tmp_path / "mine.npz", z, np.array([2, 0, 1, 2, 2]))
    given = [f"--run_dir={run}", "--mode=sample", f"--latents={tmp_path / 'mine.npz'}"]
    assert main(*given, f"--out={tmp_path / 'out'}") == 0
    results = np.load(tmp_path / "out" / "samples.npz")
    served = tf.saved_model.load(run / "export")
    expected = served.generate(tf.constant(z), tf.constant([2, 0, 1, 2, 2]))
    np.testing.assert_array_equal(results["images"], expected)
    assert results["labels"].tolist() == [2, 0, 1, 2, 2]
    assert main(*given) == 0 and (run / "samples" / "latents-mine-grid.png").exists()


def test_truncation_is_the_export_s(run, tmp_path):
    given = [f"--run_dir={run}", "--mode=sample", "--count=6", "--truncation=0.5"]
    assert main(*given, f"--out={tmp_path}") == 0
    results = np.load(tmp_path / "samples.npz")
    served = tf.saved_model.load(run / "export")
    labels = tf.constant(results["labels"])
    expected = served.sample_truncated(6, 0, 0.5, labels)
    np.testing.assert_array_equal(results["images"], expected)
    plain = served.sample(6, 0, labels).numpy()
    np.testing.assert_array_equal(served.sample_truncated(6, 0, 1.0, labels), plain)
    assert (expected.numpy() != plain).any()


def test_a_sphere_s_export_has_no_truncated_samples(tmp_path):
    gan = models.REGISTRY["dcgan"](image_shape=(28, 28, 1), width=4, prior=prior_of("hypersphere"))
    gan.compile()
    export.save(gan, tmp_path / "export", complete({"prior": "hypersphere"}))
    assert not hasattr(tf.saved_model.load(tmp_path / "export"), "sample_truncated")


def prior_of(name):
    from keras_gan.rules import priors

    return priors.PRIORS[name]()


@pytest.mark.parametrize("kind", ["webp", "gif"])
def test_a_loop_has_the_length_and_size_asked_for(run, tmp_path, kind):
    given = [f"--run_dir={run}", "--mode=interpolate", f"--format={kind}", "--count=12"]
    assert main(*given, "--frame_rate=6", "--zoom=2", f"--out={tmp_path}") == 0
    with Image.open(tmp_path / f"interpolation-seed-0.{kind}") as film:
        assert film.size == (2 * (4 * 29 + 1), 2 * (4 * 29 + 1))
        lengths = []
        for number in range(film.n_frames):
            film.seek(number)
            film.load()
            lengths.append(film.info["duration"])
    assert sum(lengths) == 2000


def test_an_mp4_has_the_length_and_size_asked_for(run, tmp_path):
    av = pytest.importorskip("av")
    given = [f"--run_dir={run}", "--mode=interpolate", "--format=mp4", "--count=12"]
    assert main(*given, "--frame_rate=6", "--zoom=1", f"--out={tmp_path}") == 0
    with av.open(str(tmp_path / "interpolation-seed-0.mp4")) as film:
        stream = film.streams.video[0]
        assert (stream.width, stream.height) == (118, 118)  # 4 * 29 + 1, made even
        assert float(stream.duration * stream.time_base) == pytest.approx(2.0)


def test_a_walk_leads_through_the_latents_of_a_file(run, tmp_path):
    z = np.random.default_rng(1).normal(size=(3, 8)).astype(np.float32)
    latents.save(tmp_path / "z.npz", z, np.array([1, 1, 1]))
    given = [f"--run_dir={run}", "--mode=interpolate", f"--latents={tmp_path / 'z.npz'}"]
    assert main(*given, "--count=9", f"--out={tmp_path}") == 0
    picture = np.asarray(Image.open(tmp_path / "interpolation-seed-0.png"))
    served = tf.saved_model.load(run / "export")
    ends = served.generate(tf.constant(z[[0, 2]]), tf.constant([1, 1])).numpy()[..., 0]
    assert picture.shape == (30, 9 * 29 + 1)
    np.testing.assert_allclose(picture[1:29, 1:29].astype(int), ends[0], atol=1)
    np.testing.assert_allclose(picture[1:29, -29:-1].astype(int), ends[1], atol=1)


def test_projection_leaves_latents_pictures_and_numbers(run, tmp_path):
    served = tf.saved_model.load(run / "export")
    images = served.sample(3, 7, tf.constant([0, 1, 2])).numpy()
    (tmp_path / "own").mkdir()
    for name, image in zip("abc", images):
        Image.fromarray(image[..., 0]).save(tmp_path / "own" / f"{name}.png")
    given = [f"--run_dir={run}", "--mode=project", f"--pictures={tmp_path / 'own'}"]
    given += ["--projection_steps=5", "--restarts=2", "--extractor=pixels", "--progress=false"]
    assert main(*given) == 0
    folder = run / "samples" / "projection-own"
    first = (folder / "latents.npz").read_bytes(), (folder / "errors.json").read_bytes()
    errors = json.loads(first[1])
    assert [row["picture"] for row in errors] == ["a", "b", "c"]
    assert all(0.0 <= row["pixels"] < 0.5 and row["features"] >= 0.0 for row in errors)
    assert (folder / "pairs.png").exists()
    assert main(*given) == 0  # determined by the seed
    arrays = [np.load(folder / "latents.npz")[name] for name in ("latents", "labels")]
    assert arrays[0].shape == (3, 8) and arrays[1].dtype == np.int32
    assert (folder / "errors.json").read_bytes() == first[1]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--mode=project"], "--mode=project needs --pictures=PATH"),
        (["--mode=project", "--pictures=nowhere"], "--pictures=nowhere: no such file or folder"),
        (["--mode=sample", "--latents=nowhere.npz"], "--latents=nowhere.npz: no such file"),
        (["--mode=sample", "--truncation=2"], "--truncation=2.0: out of range; allowed: 0.0 to"),
        (["--mode=interpolate", "--format=avi"], "--format=avi: unknown value"),
        (["--mode=explore", "--port=70000"], "--port=70000: out of range"),
        (["--mode=explore", "--host=1.2.3.4"], "--host=1.2.3.4: can't be listened on"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(run, capsys, arguments, message):
    assert main(f"--run_dir={run}", *arguments) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert message in lines[-1]


def test_latents_of_another_form_are_refused(run, tmp_path, capsys):
    wrong = {
        "size": dict(latents=np.zeros((2, 9))),
        "none": dict(images=np.zeros((2, 8))),
        "nan": dict(latents=np.full((2, 8), np.nan)),
        "labels": dict(latents=np.zeros((2, 8)), labels=np.array([0, 3])),
        "count": dict(latents=np.zeros((2, 8)), labels=np.array([0])),
    }
    messages = [
        "latents [2, 9]",
        "no latents in it",
        "no finite",
        "labels out of range",
        "labels [1]",
    ]
    for (name, arrays), message in zip(wrong.items(), messages):
        np.savez(tmp_path / f"{name}.npz", **arrays)
        given = ["--mode=sample", f"--latents={tmp_path / name}.npz", f"--run_dir={run}"]
        assert main(*given) == 2
        assert message in capsys.readouterr().err
    (tmp_path / "text.npz").write_text("no archive")
    assert main("--mode=sample", f"--latents={tmp_path / 'text.npz'}", f"--run_dir={run}") == 2
    assert "can't be read" in capsys.readouterr().err


def test_the_explorer_may_look_at_a_run_that_another_process_holds(run, capsys):
    """It comes as far as its address."""
    with RunDirectory(run):
        assert main(f"--run_dir={run}", "--mode=explore", "--host=1.2.3.4") == 2
        assert "--host=1.2.3.4" in capsys.readouterr().err


def test_a_run_without_a_checkpoint_has_nothing_to_explore(run, tmp_path, capsys):
    shutil.copy(run / "operative.flags", tmp_path / "operative.flags")
    assert main(f"--run_dir={tmp_path}", "--mode=explore") == 2
    assert "has no checkpoint yet" in capsys.readouterr().err
