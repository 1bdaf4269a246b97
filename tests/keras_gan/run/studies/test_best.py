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
