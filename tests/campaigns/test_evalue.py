"""The e-value of a queue: evidence without prior, against the innocent explanation that comes closest."""

from __future__ import annotations

import pytest
from judged_worlds import CAMPAIGN, CUSTOMERS, farm, like_campaign, weighed

from revenuer.campaigns.evalue import log10_e
from revenuer.campaigns.innocent import HYPOTHESES

PRIORS = {hypothesis.name: hypothesis.prior for hypothesis in HYPOTHESES}


def test_the_e_value_is_the_odds_less_the_prior() -> None:
    """No hypothesis is beaten by less, and one is beaten by exactly as much."""
    verdict = weighed(CAMPAIGN, farm())
    ratios = [one.odds - PRIORS[one.name] for one in verdict.explanations]
    assert len(ratios) == len(PRIORS)
    assert min(ratios) == pytest.approx(log10_e(verdict))


def test_a_campaign_has_a_larger_one_than_customers() -> None:
    """Evidence of one queue raises it, habits of customers lower it."""
    assert log10_e(weighed(CAMPAIGN)) > 1.0 > log10_e(weighed(like_campaign(test=CUSTOMERS)))
