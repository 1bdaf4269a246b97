"""After a NaN and after an explosion the monitor brings a run to where it would have come."""

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
    found = runs("no fault", tmp_path_factory)
    assert not any(run["rolled_back"] for run in found)
    return [run["score"] for run in found]


@pytest.mark.parametrize("fault", ["NaN", "learning rates"])
def test_a_run_recovers_and_ends_where_it_would_have(tmp_path_factory, undisturbed, fault):
    found = runs(fault, tmp_path_factory)
    assert all(run["status"] == 0 and run["rolled_back"] for run in found)
    # Within 10 %, or within what the seeds alone do.
    allowed = max(1.1 * statistics.median(undisturbed), max(undisturbed))
    assert statistics.median(run["score"] for run in found) <= allowed
