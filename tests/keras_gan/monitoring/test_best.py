"""Which score is the best, and what is done with the model that has it."""

import json

import numpy as np
import pytest

import models
from keras_gan import cli
from keras_gan.monitoring import best, scores

ROWS = [
    {"step": "0", "fd_cnn": "1.0", "modes": ""},
    {"step": "10", "fd_cnn": "30.5"},
    {"step": "20", "fd_cnn": "9.5"},
    {"step": "30", "fd_cnn": ""},
    {"step": "40", "fd_cnn": "9.5"},
    {"step": "50", "fd_cnn": "nan"},
    {"step": "60", "fd_cnn": "12"},
]


def test_the_smallest_distance_is_the_best_and_the_earliest_of_two():
    assert best.best_step(ROWS) == 20  # not the untrained model, nor a missing score
    assert best.best_step(ROWS[:1]) is None and best.best_step([]) is None


def test_more_modes_are_better_then_more_good_samples():
    rows = [
        {"step": 1, "modes": 20.0, "good_share": 0.9},
        {"step": 2, "modes": 25.0, "good_share": 0.5},
        {"step": 3, "modes": 25.0, "good_share": 0.6},
    ]
    assert best.best_step(rows) == 3 and best.metric(rows[0]) == "modes"


@pytest.mark.parametrize("patience, still", [(1, True), (4, True), (5, False)])
def test_a_plateau_is_so_many_scores_without_a_better_one(patience, still):
    assert best.stands_still(ROWS, patience) is still


FLAGS = (
    "--model=gan --dataset=ring8 --width=8 --batch_size=16 --steps=60 --log_every=5"
    " --score_every=10 --checkpoint_every=60 --keep_checkpoints=1 --sample_every=0 --xla=false"
    " --tensorboard=false --progress=false --score_samples=100"
).split()


@pytest.fixture
def scored(monkeypatch):
    """Makes the scores at the steps of a run; `play` runs it and returns what its export says."""

    def play(run_dir, modes, *flags):
        def score(self, step):
            row = {"step": step, "attempt": 0, "modes": modes[step // 10]}
            self.run.append_score(row)
            if best.best_step(self.run.scores()) == step:
                self.saving.keep_best(step)

        monkeypatch.setattr(scores.Scores, "on_nth_step", score)
        argv = ["main.py", f"--run_dir={run_dir}", *FLAGS, *flags]
        assert cli.main(argv, lambda: models.REGISTRY) == 0
        return json.loads((run_dir / "export" / "model.json").read_text())

    return play


def weights_of(run_dir, step):
    with np.load(run_dir / "checkpoints" / f"step-{step:08d}" / "state.npz") as arrays:
        return {n: arrays[n] for n in arrays.files if n.startswith("average_generator")}


def test_the_best_checkpoint_is_kept_and_exported(scored, tmp_path, capsys):
    found = scored(tmp_path, [0, 3, 8, 5, 5, 5, 5])
    assert (found["step"], found["trained_steps"], found["best_step"]) == (20, 60, 20)
    assert found["best_by"] == "modes" and float(found["scores"]["modes"]) == 8
    assert "step 20, the best of 7 scores: modes 8" in capsys.readouterr().out
    kept = sorted(path.name for path in (tmp_path / "checkpoints").glob("step-*"))
    assert kept == ["step-00000020", "step-00000060"]
    assert any(
        not np.array_equal(a, b)
        for a, b in zip(weights_of(tmp_path, 20).values(), weights_of(tmp_path, 60).values())
    )
    scored(tmp_path, [])  # is finished
    assert "is finished" in capsys.readouterr().out
    last = scored(tmp_path, [], "--mode=export", "--checkpoint=last")
    assert (last["step"], last["trained_steps"]) == (60, 60)
    assert (tmp_path / "export" / "model.json").exists()


def test_a_plateau_ends_the_training_for_good(scored, tmp_path, capsys):
    flags = ("--stop_when=plateau", "--patience=2")
    found = scored(tmp_path, [0, 3, 8, 5, 5, 5, 5], *flags)
    assert (found["step"], found["trained_steps"], found["stopped_by"]) == (20, 40, "plateau")
    capsys.readouterr()
    assert scored(tmp_path, [], *flags) == found
    assert "no longer improved" in capsys.readouterr().out
