"""What counts are worth as evidence."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from revenuer.linkage.rates import binomial_gain, evidence_of_p, fewer_later, positions


def test_evidence_made_of_chance_averages_to_little():
    """Under the null p is uniform, and the likelihood ratio it is turned into is 1.25 on average, as is said."""
    p = (np.arange(100_000) + 0.5) / 100_000
    assert np.mean([10.0 ** evidence_of_p(one) for one in p]) == pytest.approx(1.25, abs=0.01)


def test_evidence_grows_as_chance_shrinks():
    """From none at a quarter to one ban at four in a million, and no error at nought."""
    values = [evidence_of_p(p) for p in (1.0, 0.25, 1e-2, 1e-6, 0.0)]
    assert values[:2] == [0.0, 0.0]
    assert values[2:4] == pytest.approx([0.699, 2.699], abs=1e-3)
    assert values == sorted(values)


@pytest.mark.parametrize(("early", "later"), [((9, 20), (1, 40)), ((0, 5), (3, 9)), ((4, 4), (0, 7))])
def test_fewer_later_is_fishers_test(early: tuple[int, int], later: tuple[int, int]):
    """The same chance as the textbook's."""
    table = [[early[0], early[1] - early[0]], [later[0], later[1] - later[0]]]
    assert fewer_later(early, later) == pytest.approx(stats.fisher_exact(table, alternative="greater").pvalue)


def test_a_share_no_larger_than_usual_gains_nothing():
    """And a larger one gains the ratio of the binomial likelihoods."""
    assert binomial_gain(1, 10, 0.1) == 0.0
    assert binomial_gain(0, 10, 0.1) == 0.0
    expected = stats.binom.logpmf(5, 10, 0.5) - stats.binom.logpmf(5, 10, 0.1)
    assert binomial_gain(5, 10, 0.1) == pytest.approx(expected / np.log(10))


def test_positions_are_found_where_the_values_stand():
    """All of them, also where a value is missing or there several times."""
    ordered = np.array([1, 1, 2, 5, 5, 5, 9])
    assert positions(ordered, np.array([1, 3, 5])).tolist() == [0, 1, 3, 4, 5]
    assert positions(ordered, np.zeros(0, np.int64)).tolist() == []
