"""Division of the data, reference statistics, their cache and the floor."""

import json

import numpy as np
import pytest

from keras_gan.errors import StorageError, UsageError
from keras_gan.evaluation import protocol, reference, storage
from keras_gan.evaluation.extractors import base
from keras_gan.evaluation.metrics import frechet


class Means(base.Extractor):
    """Four means of an image: quick, and enough for a distance."""

    name, title, hash, size = "means", "FD (means)", "1", 4

    def both(self, images):
        images = np.asarray(images, np.float32)
        quarters = [images[:, i::2, j::2].mean((1, 2, 3)) for i in (0, 1) for j in (0, 1)]
        spread = images.std((1, 2, 3))
        return np.stack([*quarters[:3], spread], axis=1).astype(np.float32), None


@pytest.fixture
def division(small):
    return protocol.divide(small.source(1200, 200))


def statistics(folder):
    (file,) = folder.rglob("reference-*.npz")
    return file


def test_without_a_test_split_a_quarter_is_held_out_and_described_so(small):
    division = protocol.divide(small.source(1000, test=0))
    parts = division.cnn, division.reference, division.held_out
    assert [len(part) for part in parts] == [250, 500, 250]
    assert len(np.unique(np.concatenate(parts))) == 1000
    assert division.held_source is division.source
    assert "which the generator has seen" in division.words[1]
    assert not np.intersect1d(division.training(), division.held_out).size


def test_the_floor_is_that_of_held_out_reals_against_the_reference(division, tmp_path):
    computed = reference.open_reference(division, Means(), 200, tmp_path)
    extractor = Means()
    held = frechet.moments(extractor.features(division.held_source.images[:200]))
    reals = frechet.moments(extractor.features(division.source.images[division.reference]))
    assert computed.floor == pytest.approx(frechet.frechet_distance(held, reals), rel=1e-6)
    assert 0 < computed.floor_sd < 20 * computed.floor
    np.testing.assert_allclose(computed.moments.covariance(), reals.covariance(), rtol=1e-6)


def test_a_draw_changes_places_with_the_held_out_images():
    x = np.random.RandomState(0).normal(size=(300, 3))
    held = np.random.RandomState(1).normal(size=(60, 3))
    parts = np.split(x, 5)
    distances = reference.swapped_distances(
        frechet.moments(x), [frechet.moments(part) for part in parts], frechet.moments(held)
    )
    for draw, distance in enumerate(distances):
        others = np.concatenate([*parts[:draw], *parts[draw + 1 :], held])
        expected = frechet.frechet_distance(frechet.moments(parts[draw]), frechet.moments(others))
        assert distance == pytest.approx(expected, rel=1e-9)


def test_statistics_are_cached_with_their_metadata(division, tmp_path, monkeypatch):
    first = reference.open_reference(division, Means(), 200, tmp_path)
    metadata = storage.load(statistics(tmp_path))[1]
    for name in ("data", "split", "images", "extractor_hash", "resize", "quantisation"):
        assert name in metadata
    monkeypatch.setattr(reference, "_make", None)  # must not be needed
    again = reference.open_reference(division, Means(), 200, tmp_path)
    assert again.floor == first.floor
    np.testing.assert_array_equal(again.moments.scatter, first.moments.scatter)


def test_other_data_or_weights_get_other_statistics(division, small, tmp_path):
    reference.open_reference(division, Means(), 200, tmp_path)
    other = Means()
    other.hash = "2"
    reference.open_reference(division, other, 200, tmp_path)
    reference.open_reference(division, Means(), 100, tmp_path)
    changed = protocol.divide(small.source(1200, 200, seed=5))
    reference.open_reference(changed, Means(), 200, tmp_path)
    assert len(list(tmp_path.rglob("reference-*.npz"))) == 4


def test_statistics_of_another_protocol_are_refused(division, tmp_path):
    reference.open_reference(division, Means(), 200, tmp_path)
    file = statistics(tmp_path)
    arrays, metadata = storage.load(file)
    storage.save(file, arrays, {**metadata, "extractor_hash": "another"})
    with pytest.raises(StorageError, match="does not fit: its extractor_hash is another, needed"):
        reference.open_reference(division, Means(), 200, tmp_path)


@pytest.mark.parametrize("damage", ["cut", "empty", "bit", "arrays"])
def test_damaged_statistics_are_refused(division, tmp_path, damage):
    reference.open_reference(division, Means(), 200, tmp_path)
    file = statistics(tmp_path)
    data = bytearray(file.read_bytes())
    if damage == "cut":
        file.write_bytes(data[: len(data) // 2])
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "bit":
        data[len(data) // 3] ^= 0xFF
        file.write_bytes(data)
    else:  # an intact archive with other numbers
        arrays, metadata = storage.load(file)
        arrays["mean"] = arrays["mean"] + 1e-9
        np.savez(file, metadata=np.array(json.dumps(metadata)), **arrays)
    with pytest.raises(StorageError, match="is damaged"):
        reference.open_reference(division, Means(), 200, tmp_path)


def test_too_few_samples_are_refused(division, tmp_path, small):
    with pytest.raises(UsageError, match="4 samples are too few for a covariance of 4 features"):
        reference.open_reference(division, Means(), 4, tmp_path)
    tiny = protocol.divide(small.source(5, test=0))
    with pytest.raises(UsageError, match="too few to hold some out"):
        reference.largest_count(tiny, 100)
    assert reference.largest_count(division, 10_000) == 200
