"""The report agrees with the result lines."""

import json

import pytest

from keras_gan.errors import UsageError
from keras_gan.run.studies import report, results, runner


def rows(**values):
    return [
        {"variant": name, "seed": seed, "failed": value is None, "modes": value, "seconds": 2.0}
        for name, column in values.items()
        for seed, value in enumerate(column)
    ]


def test_the_same_lines_give_the_same_bytes(tmp_path):
    lines = rows(base=[1.0, 2, 3], other=[2.0, 2, 5])
    folders = [tmp_path / "a" / "study", tmp_path / "b" / "study"]
    for folder, order in zip(folders, (lines, lines[::-1])):
        folder.mkdir(parents=True)
        (folder / "results.jsonl").write_text("".join(json.dumps(r) + "\n" for r in order))
        study = {"base": {"model": "gan", "dataset": "grid25", "steps": 1, "batch_size": 2}}
        (folder / "study.json").write_text(json.dumps(study))
        report.write(folder)
    for name in ("report.csv", "report-modes.png"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


def test_committed_reports_follow_from_their_result_lines(root, tmp_path):
    studies = sorted(p.parent for p in (root / "docs" / "studies").glob("*/results.jsonl"))
    assert studies
    for folder in studies:
        again = tmp_path / folder.name
        again.mkdir()
        for name in ("results.jsonl", "study.json"):
            (again / name).write_bytes((folder / name).read_bytes())
        report.write(again)
        for path in folder.iterdir():
            assert path.read_bytes() == (again / path.name).read_bytes(), path


def test_a_line_cut_short_by_a_kill_does_not_count(tmp_path):
    (tmp_path / "results.jsonl").write_text('{"variant": "base", "seed": 0}\n{"variant": "ba')
    assert [row["seed"] for row in results.read(tmp_path)] == [0]
    assert (tmp_path / "results.jsonl").read_text().endswith("}\n")


@pytest.mark.parametrize("text", ["3/2", "0/2", "x", "1/2/3"])
def test_a_wrong_share_is_refused(text):
    with pytest.raises(UsageError, match="--shard"):
        runner.share(text, 10)


def test_shares_cover_all_runs_once():
    parts = [list(runner.share(f"{i}/3", 10)) for i in (1, 2, 3)]
    assert sorted(number for part in parts for number in part) == list(range(10))
