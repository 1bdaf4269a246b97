"""The race: its clock, and what its tables say of known curves."""

import numpy as np
import pytest

from benchmarks import contenders, race


def curve(racer, seed, rate):
    """FD falls as 100 · rate / seconds."""
    return [
        {"racer": racer, "seed": seed, "seconds": s, "steps": s}
        | {"fd_cnn": 100 * rate / s, "fd_pixels": 200 * rate / s}
        for s in (60.0, 200.0, 600.0)
    ]


@pytest.fixture
def lines():
    rates = dict.fromkeys(race.RACERS, 30.0) | {race.OURS: 10.0}
    return [x for seed in range(3) for name, rate in rates.items() for x in curve(name, seed, rate)]


def test_the_tables_show_who_reaches_the_twins_score_when(lines):
    rows = [row.split(" | ") for row in race.report(lines) if row.startswith("| ")]
    ours = [row for row in rows if row[0] == f"| {race.OURS}"]
    twin = [row for row in rows if row[0] == f"| {race.TWIN}"]
    assert len(ours) == 1 and len(twin) == 2  # the twin is in both tables
    assert ours[0][2:5] == ["16.7", "5.0", "1.7"] and ours[0][-2:] == ["200", "200 |"]
    assert twin[0][-2:] == ["600", "600 |"]


def test_a_score_that_is_not_reached_is_said(lines):
    slow = [{**x, "fd_cnn": 99.0} if x["racer"] == race.OURS else x for x in lines]
    (row,) = [row for row in race.report(slow) if row.startswith(f"| {race.OURS}")]
    assert "not reached" in row


def test_the_clock_draws_at_its_marks_and_ends_the_race(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(race.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(contenders, "STARTED", 0.0)
    monkeypatch.setattr(race, "COUNT", 2000)
    clock = race.RaceClock(100, (2, 4), tmp_path)

    def sample(count, seed):
        now[0] += 5.0  # which does not count
        return np.full((count, 1), seed, np.int32)

    while not clock.done:
        now[0] += 1.0
        clock.tick(sample)
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["2.0_2", "4.0_4"]
    assert np.load(tmp_path / "2.0_2.npy")[::1000, 0].tolist() == [1000, 1001]


def test_a_recipe_that_ends_early_keeps_its_last_score(tmp_path):
    clock = race.RaceClock(3, (10**6,), tmp_path)
    for _ in range(3):
        clock.tick(lambda count, seed: np.zeros((count, 1)))
    assert clock.done and len(list(tmp_path.iterdir())) == 1
