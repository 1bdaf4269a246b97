"""The best of several rates, by its mean over the seeds."""

import json

import pytest

from keras_gan.run.studies import best


def write(folder, *runs):
    lines = [
        {"variant": name, "seed": seed, "failed": value is None, "modes": value, "settings": flags}
        for name, flags, values in runs
        for seed, value in enumerate(values)
    ]
    (folder / "results.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.mark.parametrize("second, rate", [([9.0, 9.0], 0.1), ([None, 25.0], 0.2)])
def test_the_best_mean_wins_and_a_failed_run_is_the_worst(tmp_path, second, rate):
    write(
        tmp_path,
        ("base", {}, [25.0, 25.0]),
        ("hinge at 0.1", {"loss": "hinge", "d_learning_rate": 0.1}, second),
        ("hinge at 0.2", {"loss": "hinge", "d_learning_rate": 0.2}, [8.0, 9.5]),
    )
    assert list(best.lines(tmp_path, "modes")) == [
        f"--variant=hinge: --d_learning_rate={rate} --loss=hinge"
    ]


def test_the_next_metric_decides_between_equals(tmp_path):
    write(
        tmp_path,
        ("hinge at 0.1", {"d_learning_rate": 0.1}, [25.0]),
        ("hinge at 0.2", {"d_learning_rate": 0.2}, [25.0]),
    )
    path = tmp_path / "results.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row, distance in zip(rows, [2.0, 1.0]):
        row["fd_cnn"] = distance
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert list(best.lines(tmp_path, "modes")) == ["--variant=hinge: --d_learning_rate=0.1"]
    both = best.lines(tmp_path, "modes", "fd_cnn")
    assert list(both) == ["--variant=hinge: --d_learning_rate=0.2"]
