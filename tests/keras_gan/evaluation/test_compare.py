"""Any two sets of pictures."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_gan.data import opening as sources
from keras_gan.errors import StorageError, UsageError
from keras_gan.evaluation import compare as module
from keras_gan.evaluation import report
from keras_gan.evaluation.compare import compare
from keras_gan.evaluation.extractors import base as extractors
from keras_gan.evaluation.extractors import cnn as small_cnn
from keras_gan.evaluation.metrics import frechet


@pytest.fixture(scope="module")
def images_dir(small, tmp_path_factory):
    """An .npz of reals and one of fakes, and the fakes as a folder of PNGs."""
    images_dir = tmp_path_factory.mktemp("pictures")
    reals, fakes = small.pictures(1000, 0)[0], small.pictures(400, 1)[0]
    np.savez(images_dir / "reals.npz", images=reals)
    np.savez(images_dir / "fakes.npz", images=fakes)
    (images_dir / "fakes").mkdir()
    for number, image in enumerate(fakes):
        Image.fromarray(image[..., 0]).save(images_dir / "fakes" / f"{number:04d}.png")
    return images_dir


@pytest.fixture(scope="module")
def scores(images_dir, cache):
    return score(images_dir, cache)


def score(images_dir, cache, fakes="fakes.npz", reals="reals.npz", **options):
    options = {"extractor": "fashion_mnist_cnn", **options}
    return compare(str(images_dir / fakes), str(images_dir / reals), data_dir=cache, **options)


def test_the_distance_uses_all_pictures(images_dir, cache, scores, small):
    extractor = small_cnn.open_shipped()
    sets = [extractor.features(small.pictures(*pair)[0]) for pair in ((400, 1), (1000, 0))]
    expected = frechet.frechet_distance(*map(frechet.moments, sets))
    assert scores["fd_cnn"] == pytest.approx(expected, rel=1e-6)
    assert scores["fakes"] == 400 and scores["reals"] == 1000
    assert scores["fd_cnn_over_floor"] < 2.5 and scores["fd_cnn_floor_sd"] > 0
    assert "400 reals against the other 600" in scores["floor_of"]
    assert "| fd_cnn |" in report.table(scores)


def test_a_folder_gives_the_same_as_an_npz(images_dir, cache, scores):
    folder = score(images_dir, cache, "fakes")
    different = {k for k in scores if isinstance(scores[k], float) and folder[k] != scores[k]}
    assert all(folder[k] == pytest.approx(scores[k], rel=1e-6) for k in different)


def test_identical_sets_are_at_zero(images_dir, cache):
    scores = score(images_dir, cache, "reals.npz")
    assert abs(scores["fd_cnn"]) < 1e-6 * scores["fd_cnn_floor"] + 1e-6
    assert scores["precision"] == scores["recall"] == scores["coverage"] == 1


class FirstPixels(extractors.Extractor):
    name, title, hash, size = "first", "FD (first)", "none", 24

    def both(self, images):
        return images.reshape(len(images), -1)[:, : self.size].astype(np.float32), None


@pytest.mark.parametrize("fakes", [100, 400, 1600])
def test_the_floor_is_scaled_to_the_numbers_of_pictures(fakes):
    # Fakes of the same distribution are at the floor on average, whatever their number.
    ratios = []
    for seed in range(8):
        images = np.random.RandomState(seed).randint(256, size=(800 + fakes, 6, 6, 1), dtype="u1")
        reals = sources.Source("noise", (6, 6, 1), images=images[:800])
        extractor = FirstPixels()
        sets = [frechet.moments(extractor.features(x)) for x in (images[800:], images[:800])]
        distance = frechet.frechet_distance(*sets)
        half = min(fakes, 400)
        numbers = fakes, 800
        scores = module._floor("fd", distance, half, numbers, reals, np.arange(800), extractor)
        ratios.append(scores["fd_over_floor"])
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.1)


def test_a_corrupt_picture_is_counted_and_named(images_dir, cache, scores, caplog):
    broken = images_dir / "fakes" / "0000.png"
    whole = broken.read_bytes()
    broken.write_bytes(whole[:60])
    try:
        with caplog.at_level("WARNING"):
            counted = score(images_dir, cache, "fakes")
    finally:
        broken.write_bytes(whole)
    assert counted["fakes_unreadable"] == 1 and counted["fakes"] == 399
    assert scores["fakes_unreadable"] == 0


def test_a_saved_model_with_a_sample_endpoint_is_scored(images_dir, cache, small, tmp_path):
    class Samples(tf.Module):
        def __init__(self):
            super().__init__()
            self.images = tf.constant(small.pictures(1500, 2)[0])

        @tf.function(input_signature=[tf.TensorSpec([], tf.int32)] * 2)
        def sample(self, count, seed):
            return self.images[seed * 1000 : seed * 1000 + count]

    tf.saved_model.save(Samples(), str(tmp_path / "model"))
    options = {"extractor": "fashion_mnist_cnn", "data_dir": cache}
    scores = compare(str(tmp_path / "model"), str(images_dir / "reals.npz"), count=500, **options)
    assert scores["fakes"] == 500 and scores["fd_cnn_over_floor"] < 2.5
    tf.saved_model.save(tf.Module(), str(tmp_path / "empty"))
    with pytest.raises(UsageError, match="no endpoint “sample”"):
        compare(str(tmp_path / "empty"), str(images_dir / "reals.npz"), **options)
    (tmp_path / "empty" / "saved_model.pb").write_bytes(b"damaged")
    with pytest.raises(StorageError, match="can't be loaded"):
        compare(str(tmp_path / "empty"), str(images_dir / "reals.npz"), **options)


def test_the_extractor_is_required(images_dir, cache):
    with pytest.raises(UsageError, match=r"--extractor=.*allowed: cnn"):
        score(images_dir, cache, extractor="")


def test_errors_name_their_flag(images_dir, cache, tmp_path, small):
    with pytest.raises(UsageError, match=r"--fakes=.*no such file"):
        score(images_dir, cache, "missing.npz")
    with pytest.raises(UsageError, match=r"--reals=.*no such folder"):
        score(images_dir, cache, reals="missing")
    (images_dir / "broken.npz").write_bytes(b"PK not an archive")
    with pytest.raises(UsageError, match=r"--fakes=.*can't be read"):
        score(images_dir, cache, "broken.npz")
    np.savez(images_dir / "large.npz", images=small.pictures(100, shape=(32, 32, 1))[0])
    with pytest.raises(UsageError, match=r"--fakes=.*32x32x1 here and 28x28x1 for the reals"):
        score(images_dir, cache, "large.npz")
    np.savez(images_dir / "few.npz", images=small.pictures(5)[0])
    with pytest.raises(UsageError, match="5 fakes are too few to score; at least 6 needed"):
        score(images_dir, cache, "few.npz")


def test_few_pictures_are_scored_without_a_frechet_distance(images_dir, cache, small, caplog):
    np.savez(images_dir / "some.npz", images=small.pictures(50, 3)[0])
    with caplog.at_level("WARNING"):
        scores = score(images_dir, cache, "some.npz")
    assert "50 fakes give no covariance of 64 features, at least 65 are needed" in caplog.text
    assert not [name for name in scores if name.startswith("fd_")]
    assert np.isfinite(scores["kid_cnn"]) and scores["precision"] > 0.5 < scores["recall"]
