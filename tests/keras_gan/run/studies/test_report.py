"""The report agrees with the result lines."""

import json

import numpy as np
import pytest
import scipy.stats

from keras_gan.errors import UsageError
from keras_gan.run.studies import report, results, runner


def rows(**values):
    return [
        {"variant": name, "seed": seed, "failed": value is None, "modes": value, "seconds": 2.0}
        for name, column in values.items()
        for seed, value in enumerate(column)
    ]


def test_the_paired_difference_is_students():
    rng = np.random.default_rng(0)
    base, other = rng.normal(10, 3, 12), rng.normal(11, 3, 12)
    frame = report.analyse(rows(base=list(base), other=list(other)), "modes").set_index("variant")
    expected = scipy.stats.ttest_rel(other, base)
    interval = expected.confidence_interval()
    row = frame.loc["other"]
    np.testing.assert_allclose(row["p"], expected.pvalue)
    np.testing.assert_allclose([row["low"], row["high"]], [interval.low, interval.high])


def test_the_detectable_difference_is_detected_four_times_in_five():
    """By simulation; the sum of quantiles is a slightly conservative approximation."""
    rng, pairs = np.random.default_rng(0), 10
    shifted = rng.normal(report.detectable(pairs), 1.0, (20_000, pairs))
    power = (scipy.stats.ttest_1samp(shifted, 0.0, axis=1).pvalue < 0.05).mean()
    assert 0.77 < power < 0.86
    assert report.detectable(1) == np.inf


def test_a_variant_is_compared_as_the_study_specifies():
    lines = rows(base=[1.0, 2, 3], twin=[2.0, 4, 3], noisy=[2.0, 5, 6])
    frame = report.analyse(lines, "modes", {"noisy": ["base", "twin"], "twin": ["base"]})
    differences = {(r["variant"], r["against"]): r["difference"] for _, r in frame.iterrows()}
    assert differences["noisy", "twin"] == pytest.approx(4 / 3)
    assert differences["noisy", "base"] == pytest.approx(7 / 3)
    assert differences["twin", "base"] == pytest.approx(1.0)


def test_holm_corrects_step_by_step():
    np.testing.assert_allclose(
        report._holm(np.array([0.04, 0.01, np.nan, 0.03])), [0.06, 0.03, np.nan, 0.06]
    )


def test_verdicts_follow_the_direction_and_failures_are_counted():
    base = [10.0, 11, 9, 10, 10.5]
    frame = report.analyse(
        rows(
            base=base,
            more=[v + 5 + 0.01 * i for i, v in enumerate(base)],
            same=base,
            lost=[None, *base[1:]],
        ),
        "modes",
    ).set_index("variant")
    assert frame.loc["more", "verdict"] == "helps"
    assert frame.loc["same", "verdict"] == "no effect seen at this size"
    assert frame.loc["lost", "failed"] == 1 and frame.loc["lost", "pairs"] == 4


def test_the_same_lines_give_the_same_bytes(tmp_path):
    lines = rows(base=[1.0, 2, 3], other=[2.0, 2, 5])
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        order = lines if folder.name == "a" else lines[::-1]
        (folder / "results.jsonl").write_text("".join(json.dumps(r) + "\n" for r in order))
        study = {"base": {"model": "gan", "dataset": "grid25", "steps": 1, "batch_size": 2}}
        (folder / "study.json").write_text(json.dumps(study))
        report.write(folder)
    for name in ("report.csv", "report-modes.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


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
