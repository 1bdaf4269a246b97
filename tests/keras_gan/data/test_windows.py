"""Random crops: every window, uniformly, as a function of the sample's number."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_gan.data import open_source, pipeline
from keras_gan.data.windows import WindowSource


@pytest.fixture(params=["memory", "files", "arrays"])
def source(request, tmp_path):
    """Eight pictures whose pixels hold their column; windows of 32 begin at columns 0 to 16."""
    columns = np.broadcast_to(np.arange(48, dtype=np.uint8)[:, None], (32, 48, 1))
    if request.param == "arrays":
        np.savez(tmp_path / "a.npz", images=np.stack([columns] * 8))
        return open_source(f"npz:{tmp_path / 'a.npz'}", image_size=(32, 32), crop="random")
    for number in range(8):
        Image.fromarray(columns[..., 0]).save(tmp_path / f"{number}.png")
    limit = 2**20 if request.param == "memory" else 0
    return open_source(f"folder:{tmp_path}", image_size=(32, 32), crop="random", memory_limit=limit)


def starts(batch):
    """The first columns of windows, checked to be windows."""
    images = np.asarray(batch)
    first = images[..., 0, 0, 0].astype(int)
    np.testing.assert_array_equal(images[..., 5, :, 0], first[..., None] + np.arange(32))
    return first


def batches(source, **options):
    options = {"batch_size": 8, "turns": 2, "seed": 3, **options}
    return [starts(batch) for batch in pipeline.batches(source, **options)]


def test_windows_are_anywhere_and_a_resumed_run_sees_the_same(source):
    assert isinstance(source, WindowSource)
    whole = batches(source, steps=16)
    assert set(np.concatenate(whole).ravel()) == set(range(17))
    np.testing.assert_array_equal(batches(source, start_step=10, steps=6), whole[10:])
    assert not np.array_equal(batches(source, seed=4, steps=2), whole[:2])
    assert not np.array_equal(batches(source, attempt=1, steps=2), whole[:2])


def test_scores_and_facts_see_the_middle(source):
    assert starts(source.fetch([0, 3])[0]).tolist() == [8, 8]
    assert source.facts()["image shape"] == [32, 32, 1]


def test_replicas_see_the_windows_of_one_device(source):
    devices = [device.name for device in tf.config.list_logical_devices("CPU")[:2]]
    strategy = tf.distribute.MirroredStrategy(devices)
    data = pipeline.batches(
        source, batch_size=8, turns=2, seed=3, steps=3, strategy=strategy, mirror=False
    )
    shares = [strategy.experimental_local_results(batch) for batch in data]
    together = [np.concatenate([starts(part) for part in parts]) for parts in shares]
    np.testing.assert_array_equal(together, batches(source, steps=3))


def test_positions_are_uniform_and_not_the_order():
    numbers = tf.range(20_000, dtype=tf.int64)
    where = pipeline.positions(numbers, seed=1).numpy()
    assert where.min() >= 0 and where.max() < 1
    # Kolmogorov-Smirnov: 1.63 / sqrt(n) is the bound at 1 %.
    uniform = (np.arange(20_000) + 0.5) / 20_000
    assert np.abs(np.sort(where) - uniform).max() < 1.63 / np.sqrt(20_000)
    index = pipeline.order(numbers, 20_000, 1).numpy()
    assert abs(np.corrcoef(where, index)[0, 1]) < 4 / np.sqrt(20_000)
    assert abs(np.corrcoef(where[1:], where[:-1])[0, 1]) < 4 / np.sqrt(20_000)
