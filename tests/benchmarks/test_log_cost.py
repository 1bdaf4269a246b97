"""The interval of the logs' cost."""

import math

import numpy as np

from benchmarks import log_cost


def test_the_interval_has_the_ranks_of_the_binomial_table():
    """Of 10 values the 2nd and 9th (97.9 %), of 20 the 6th and 15th (95.9 %)."""
    for count, rank in ((10, 2), (20, 6), (40, 14)):
        values = np.random.default_rng(0).permutation(count) + 1
        assert log_cost.interval(values) == (rank, count + 1 - rank)
        outside = sum(math.comb(count, k) for k in range(rank)) / 2**count
        assert 1 - 2 * outside >= 0.95 > 1 - 2 * (outside + math.comb(count, rank) / 2**count)
    assert log_cost.interval([3.0, 1.0, 2.0]) == (1.0, 3.0)
