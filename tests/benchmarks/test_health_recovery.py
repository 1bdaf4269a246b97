"""After a NaN or an explosion, a roll-back lets a run end as well as an undisturbed one."""

import statistics

import pytest

from benchmarks import health_recovery

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fashion_mnist")]
STEPS, SEEDS = 1200, 3


def runs(fault, tmp_path_factory):
    return [
        health_recovery.train(fault, seed, STEPS, tmp_path_factory.mktemp("run"))
        for seed in range(SEEDS)
    ]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    results = runs("no fault", tmp_path_factory)
    assert not any(run["rolled_back"] for run in results)
    return [run["score"] for run in results]


@pytest.mark.parametrize("fault", ["NaN", "learning rates"])
def test_a_run_recovers_and_ends_where_it_would_have(tmp_path_factory, undisturbed, fault):
    results = runs(fault, tmp_path_factory)
    assert all(run["status"] == 0 and run["rolled_back"] for run in results)
    # Within 10 %, or within the spread of the seeds.
    allowed = max(1.1 * statistics.median(undisturbed), max(undisturbed))
    assert statistics.median(run["score"] for run in results) <= allowed
