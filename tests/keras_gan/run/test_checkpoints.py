"""Checkpoints: exact, complete or absent, never silently wrong."""

import hashlib
import json
import logging
import os
import shutil

import keras
import numpy as np
import pytest

from keras_gan.errors import StorageError
from keras_gan.run import train
from keras_gan.run.checkpoints import Checkpoints, named_state


def state(gan):
    return {name: np.array(np.asarray(v)) for name, v in named_state(gan).items()}


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in one)


@pytest.fixture(scope="module")
def adam_gan(tiny):
    adam = {side: keras.optimizers.Adam(1e-3) for side in ("d_optimizer", "g_optimizer")}
    gan = tiny.gan(**adam)
    tiny.train(gan)
    return gan


@pytest.fixture
def two(adam_gan, tmp_path, tiny):
    """Checkpoints of two steps, and the states they hold: {step: state}."""
    checkpoints, states = Checkpoints(tmp_path / "checkpoints"), {}
    for _ in range(2):
        tiny.train(adam_gan)
        step = int(adam_gan.step.numpy())
        checkpoints.save(adam_gan, step, metadata={"healthy": True}, state={"rows": np.arange(3)})
        states[step] = state(adam_gan)
    return checkpoints, states


def forget(gan):
    for variable in named_state(gan).values():
        variable.assign(np.zeros(variable.shape, variable.dtype))


def test_everything_comes_back(adam_gan, two):
    checkpoints, states = two
    forget(adam_gan)
    restored = checkpoints.restore(adam_gan)
    step = restored.step
    assert step == max(states) and same(state(adam_gan), states[step])
    # The counters of both optimizers too, which Keras' own weight files can lose.
    for player in adam_gan.players.values():
        assert int(player.optimizer.iterations.numpy()) == step == int(adam_gan.step.numpy())
    assert restored.metadata == {"healthy": True}
    assert list(restored.state) == ["rows"] and list(restored.state["rows"]) == [0, 1, 2]


def test_where_it_came_about(adam_gan, tmp_path, caplog):
    """What a state's bits depend on besides the settings is kept; what changed is reported."""
    Checkpoints(tmp_path, environment={"replicas": 1, "XLA": False}).save(adam_gan, 1)
    restored = Checkpoints(tmp_path).restore(adam_gan)
    train.warn_of_changes(restored.environment, {"replicas": 1, "XLA": False})
    assert not caplog.text
    train.warn_of_changes(restored.environment, {"replicas": 2, "XLA": False})
    assert "replicas was 1 and is 2 now" in caplog.text and "XLA" not in caplog.text


def test_at_most_and_exactly(adam_gan, two):
    checkpoints, states = two
    first = min(states)
    assert checkpoints.restore(adam_gan, at_most=first).step == first
    assert same(state(adam_gan), states[first])
    shutil.rmtree(checkpoints.folder / f"step-{first:08d}")
    with pytest.raises(StorageError):
        checkpoints.restore(adam_gan, exactly=first)


@pytest.mark.parametrize("damage", ["truncated", "flipped"])
def test_damage_is_noticed_and_the_previous_one_used(adam_gan, two, damage, caplog):
    """50 random places in both files: never a wrong state, and always a warning."""
    checkpoints, states = two
    first, newest = sorted(states)
    folder = checkpoints.folder / f"step-{newest:08d}"
    files = {name: (folder / name).read_bytes() for name in ("state.npz", "manifest.json")}
    rng = np.random.default_rng(0)
    for trial in range(50):
        name = "manifest.json" if trial % 3 == 0 else "state.npz"
        whole = files[name]
        place = int(rng.integers(len(whole)))
        if damage == "truncated":
            broken = whole[:place]
        else:
            flipped = whole[place] ^ (1 << int(rng.integers(8)))
            broken = whole[:place] + bytes([flipped]) + whole[place + 1 :]
        (folder / name).write_bytes(broken)
        forget(adam_gan)
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            step = checkpoints.restore(adam_gan).step
        assert step == first, f"{damage} {name} at {place}"
        assert same(state(adam_gan), states[first])
        assert "damaged checkpoint" in caplog.text and "the previous one is used" in caplog.text
        (folder / name).write_bytes(whole)
    assert checkpoints.restore(adam_gan).step == newest


def test_where_there_is_none(adam_gan, tmp_path):
    assert Checkpoints(tmp_path / "none").restore(adam_gan) is None
    Checkpoints(tmp_path).save(adam_gan, 0)
    assert Checkpoints(tmp_path).restore(adam_gan).step == 0  # there, though at step 0


def test_missing_files(adam_gan, two):
    checkpoints, states = two
    os.remove(checkpoints.folder / f"step-{max(states):08d}" / "manifest.json")
    assert checkpoints.restore(adam_gan).step == min(states)


def test_none_can_be_read(adam_gan, two):
    checkpoints, states = two
    for step in states:
        (checkpoints.folder / f"step-{step:08d}" / "state.npz").write_bytes(b"")
    with pytest.raises(StorageError, match="none of the 2 checkpoints can be read"):
        checkpoints.restore(adam_gan)


def test_another_model_is_refused_and_nothing_assigned(two, tiny):
    checkpoints, _ = two
    other = tiny.gan(image_shape=(12, 12, 1))
    before = state(other)
    with pytest.raises(StorageError, match="other settings|has shape"):
        checkpoints.restore(other)
    assert same(state(other), before)


def test_killed_while_writing(adam_gan, two, monkeypatch):
    """A kill at any point of the write leaves the newest complete checkpoint."""
    checkpoints, states = two
    newest = max(states)
    real = os.replace
    for after in range(3):  # calls of os.replace that still work
        calls = []

        def dies(source, target, after=after, calls=calls):
            if len(calls) == after:
                raise KeyboardInterrupt
            calls.append(target)
            real(source, target)

        monkeypatch.setattr(os, "replace", dies)
        try:
            checkpoints.replace(adam_gan, newest, metadata={"healthy": False})
        except KeyboardInterrupt:
            pass
        monkeypatch.setattr(os, "replace", real)
        forget(adam_gan)
        fresh = Checkpoints(checkpoints.folder)
        restored = fresh.restore(adam_gan)
        assert restored.step == newest
        assert same(state(adam_gan), states[newest])
        assert restored.metadata == {"healthy": after < 2}


def test_the_newest_are_kept(adam_gan, tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=2)
    for step in range(1, 5):
        checkpoints.save(adam_gan, step)
    assert checkpoints.steps() == [3, 4]
    checkpoints.discard_after(3)
    assert checkpoints.steps() == [3]


def test_a_worker_that_is_not_the_chief_writes_nothing(adam_gan, tmp_path):
    checkpoints = Checkpoints(tmp_path / "none", writes=False)
    checkpoints.save(adam_gan, 1)
    checkpoints.replace(adam_gan, 1)
    assert not (tmp_path / "none").exists()


def test_full_disk(adam_gan, two, monkeypatch):
    checkpoints, states = two

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(StorageError, match="No space left on device"):
        checkpoints.save(adam_gan, 99)
    monkeypatch.undo()
    assert checkpoints.steps() == sorted(states)
    assert not list(checkpoints.folder.glob(".*"))


def test_no_pickles(two):
    checkpoints, states = two
    folder = checkpoints.folder / f"step-{max(states):08d}"
    with np.load(folder / "state.npz", allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)
    json.loads((folder / "manifest.json").read_text())


def test_a_checkpoint_of_another_format_is_refused_by_name(tmp_path, tiny):
    """It is not treated as damaged: the previous one would have the same format."""
    gan = tiny.gan()
    checkpoints = Checkpoints(tmp_path)
    for step in (1, 2):
        checkpoints.save(gan, step)
        path = tmp_path / f"step-{step:08d}" / "manifest.json"
        manifest = json.loads(path.read_text())
        manifest.pop("seal")
        manifest["format"] = 1
        seal = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
        path.write_text(json.dumps({**manifest, "seal": seal}))
    with pytest.raises(StorageError, match="format 1, not 2.*another run_dir"):
        checkpoints.restore(gan)
