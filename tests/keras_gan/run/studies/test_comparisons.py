"""The statistics of a study's comparisons."""

import numpy as np
import pytest
import scipy.stats

from keras_gan.run.studies import comparisons


def rows(**values):
    return [
        {"variant": name, "seed": seed, "failed": value is None, "modes": value, "seconds": 2.0}
        for name, column in values.items()
        for seed, value in enumerate(column)
    ]


def test_the_paired_difference_is_students():
    rng = np.random.default_rng(0)
    base, other = rng.normal(10, 3, 12), rng.normal(11, 3, 12)
    frame = comparisons.analyse(rows(base=list(base), other=list(other)), "modes").set_index(
        "variant"
    )
    expected = scipy.stats.ttest_rel(other, base)
    interval = expected.confidence_interval()
    row = frame.loc["other"]
    np.testing.assert_allclose(row["p"], expected.pvalue)
    np.testing.assert_allclose([row["low"], row["high"]], [interval.low, interval.high])


def test_the_detectable_difference_is_detected_four_times_in_five():
    """By simulation; the sum of quantiles is a slightly conservative approximation."""
    rng, pairs = np.random.default_rng(0), 10
    shifted = rng.normal(comparisons.detectable(pairs), 1.0, (20_000, pairs))
    power = (scipy.stats.ttest_1samp(shifted, 0.0, axis=1).pvalue < 0.05).mean()
    assert 0.77 < power < 0.86
    assert comparisons.detectable(1) == np.inf


def test_a_variant_is_compared_as_the_study_specifies():
    lines = rows(base=[1.0, 2, 3], twin=[2.0, 4, 3], noisy=[2.0, 5, 6])
    frame = comparisons.analyse(lines, "modes", {"noisy": ["base", "twin"], "twin": ["base"]})
    differences = {(r["variant"], r["against"]): r["difference"] for _, r in frame.iterrows()}
    assert differences["noisy", "twin"] == pytest.approx(4 / 3)
    assert differences["noisy", "base"] == pytest.approx(7 / 3)
    assert differences["twin", "base"] == pytest.approx(1.0)


def test_the_correction_is_benjamini_and_hochbergs():
    """Times the number of tests over the rank, from the largest down; a NaN is no test."""
    np.testing.assert_allclose(
        comparisons.benjamini_hochberg(np.array([0.04, 0.01, np.nan, 0.03])),
        [0.04, 0.03, np.nan, 0.04],
    )


def test_the_spread_is_pooled_over_the_comparisons():
    """Two groups with the variances 1 and 3, 2 and 4 degrees of freedom."""
    first, second = np.array([-1.0, 0, 1]), np.sqrt(3) * np.array([-1.0, 1, -1, 1, 0])
    spread, freedom = comparisons.pooled_spread([first, (), second + 7])
    assert freedom == 6
    assert spread == pytest.approx(np.sqrt((2 * 1 + 4 * 3) / 6))


def test_a_comparison_that_spreads_more_keeps_its_own_interval():
    rng = np.random.default_rng(0)
    base = rng.normal(10, 1, 8)
    wild = base + rng.normal(0, 9, 8)
    calm = {f"calm{i}": list(base + rng.normal(0, 0.1, 8)) for i in range(9)}
    frame = comparisons.analyse(rows(base=list(base), wild=list(wild), **calm), "modes")
    row = frame.set_index("variant").loc["wild"]
    own = scipy.stats.ttest_rel(wild, base).confidence_interval()
    np.testing.assert_allclose([row["low"], row["high"]], [own.low, own.high])


def test_frechet_distances_are_compared_by_their_ratio():
    lines = rows(base=[10.0, 20, 40], half=[5.0, 10, 20])
    lines = [{**line, "fd_cnn": line["modes"]} for line in lines]
    row = comparisons.analyse(lines, "fd_cnn").set_index("variant").loc["half"]
    assert row["difference"] == pytest.approx(-0.5)
    assert row["low"] == pytest.approx(-0.5) and row["verdict"] == "helps"


def test_verdicts_follow_the_direction_and_failures_are_counted():
    base = [10.0, 11, 9, 10, 10.5]
    frame = comparisons.analyse(
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
