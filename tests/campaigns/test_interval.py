"""The interval of the share of exchanges that serve extraction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.campaigns.interval import LEAST_DOUBT, share_interval


def interval(scores: np.ndarray) -> tuple[float, float]:
    """Of one account with these scores."""
    held = scores.clip(LEAST_DOUBT, 1.0 - LEAST_DOUBT)
    sums = (scores.sum(), (scores * (1.0 - scores)).sum(), (held * (1.0 - held)).sum(), float(len(scores)))
    low, high = share_interval(*(np.array([one]) for one in sums))
    return float(low[0]), float(high[0])


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=60))
def test_the_interval_holds_the_estimate(scores: list[float]):
    """It lies between 0 and 1, and the estimate lies in it, whatever the scores are."""
    values = np.array(scores)
    low, high = interval(values)
    assert 0.0 <= low <= values.mean() + 1e-12
    assert values.mean() - 1e-12 <= high <= 1.0


def test_sure_scores_make_a_narrow_interval():
    """Nine of ten exchanges sure to serve are narrower than ten that may as well not; unsure ones stay unsure."""
    sure, unsure = interval(np.array([0.99] * 90 + [0.0] * 10)), interval(np.full(100, 0.5))
    assert sure[1] - sure[0] < 0.5 * (unsure[1] - unsure[0])
    assert unsure[1] - unsure[0] > 0.6


def test_many_exchanges_help_against_chance_and_not_against_common_error():
    """Chance averages out over exchanges; what all scores have in common does not."""
    few, some, many = (interval(np.full(size, 0.8)) for size in (4, 40, 40_000))
    assert few[1] - few[0] > some[1] - some[0] > many[1] - many[0] > 0.3


def test_what_nothing_ties_to_the_campaign_may_serve_it_all_the_same():
    """Upwards no score is taken for sure, downwards it is."""
    low, high = interval(np.array([1.0] * 50 + [0.0] * 50))
    assert 0.45 < low <= 0.5
    assert 0.52 < high < 0.65


@pytest.mark.parametrize(("share", "size"), [(0.05, 200), (0.3, 40), (0.9, 25)])
def test_it_holds_the_truth_where_scores_err_together(share: float, size: int):
    """Scores off by a common error of one in log-odds: at least nine of ten intervals hold what was made."""
    rng = np.random.default_rng(5)
    held = 0
    for _trial in range(300):
        scores = np.where(rng.random(size) < share, rng.uniform(0.6, 0.99, size), rng.uniform(0.0, 0.3, size))
        odds = np.log(scores / (1.0 - scores)) + rng.normal()
        made = (rng.random(size) < 1.0 / (1.0 + np.exp(-odds))).mean()
        low, high = interval(scores)
        held += low - 0.5 / size <= made <= high + 0.5 / size
    assert held >= 270
