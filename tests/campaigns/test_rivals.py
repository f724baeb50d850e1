"""The words on why an innocent explanation lost say what decided, with figures, and what would change the verdict."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from judged_worlds import CAMPAIGN, CUSTOMERS, farm, like_campaign, strangers, weighed

from revenuer.campaigns.innocent import HYPOTHESES, IDENTITY
from revenuer.campaigns.rivals import why_lost
from revenuer.campaigns.tasks import read
from revenuer.campaigns.verdict import ENOUGH, Verdict
from strategies import templates_of

NAMES = [hypothesis.name for hypothesis in HYPOTHESES]


def why(verdict: Verdict, name: str) -> str:
    (one,) = (one for one in verdict.explanations if one.name == name)
    return why_lost(one, verdict.observed, verdict.evidence)


def read_as(score: float) -> float:
    """How as many templates as the campaign has read, where each has this text score."""
    own = CAMPAIGN.templates
    known = replace(templates_of(np.ones((3, own), np.int64)), extraction=np.full(own, score))
    return read(known, np.arange(own)).evidence


@pytest.mark.parametrize("name", NAMES)
def test_it_says_how_much_what_decided_and_what_would_change_it(name: str):
    """For every hypothesis: the odds, an observation with a figure, and the observation that is missing."""
    for world in (farm(), strangers()):
        told = why(weighed(CAMPAIGN, world), name)
        assert told.startswith("a campaign is ")
        assert re.search(r"(Against it|Not explained): .*\d", told)
        assert "change the verdict" in told or "verdict would change if" in told
        assert "{" not in told
        assert told.count("(") == told.count(")")


def test_the_strongest_evidence_that_is_not_explained_is_named():
    """Identity counts as one, since it is capped together; alone, what the text asks for decides."""
    bought = why(weighed(CAMPAIGN, farm()), "L14 template vendor")
    for channel in IDENTITY:
        assert f"({channel})" in bought
    plain = why(weighed(CAMPAIGN, strangers()), "L14 template vendor")
    assert "(content)" in plain
    assert "(signup)" not in plain


def test_what_an_explanation_expects_is_not_held_against_it():
    """People in one place share addresses and sign up together; a card each they would have."""
    seen = like_campaign(one_network=0.95, test=CUSTOMERS, extraction=0.9, elicitation=0.9)
    told = why(weighed(seen, farm()), "L21 shared network")
    assert "(infrastructure)" not in told
    assert "(signup)" not in told


def test_without_what_decided_the_odds_are_those_of_a_scan_that_did_not_see_it():
    """The figure that is told is that of the same queue without a trace of shared identity."""
    bought, plain = weighed(CAMPAIGN, farm()), weighed(CAMPAIGN, strangers())
    (other,) = (one for one in plain.explanations if one.name == "L23 analysis product")
    figure = re.search(r"without that a campaign would be ([\d,]+) times", why(bought, "L23 analysis product"))
    assert figure is not None
    assert float(figure[1].replace(",", "")) == pytest.approx(10.0**other.odds, rel=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_what_would_change_the_verdict_does(name: str):
    """Where one observation is said to be enough, a queue that shows it and all that goes with it is cleared."""
    verdict = weighed(CAMPAIGN)
    (hypothesis,) = (one for one in HYPOTHESES if one.name == name)
    told = why(verdict, name)
    for prediction in hypothesis.predictions:
        if f"would change if {prediction.sought.format(value=prediction.sought_value)}" not in told:
            continue
        shown = {
            "consented": like_campaign(consented=prediction.sought_value),
            "extraction": like_campaign(extraction=prediction.sought_value, reading=read_as(prediction.sought_value)),
            "test": like_campaign(test=CUSTOMERS),
            "largest": like_campaign(largest=prediction.sought_value),
            "entities": like_campaign(entities=int(prediction.sought_value)),
        }
        moved = [world for world in shown.values() if prediction.value(world) != prediction.value(CAMPAIGN)]
        assert moved
        assert min(weighed(world).odds for world in moved) < ENOUGH


def test_the_same_observation_is_not_told_twice():
    """A reseller's text score stands in the evidence; it does not stand beside it as a failed prediction."""
    told = why(weighed(CAMPAIGN), "L11 reseller of ordinary traffic")
    assert told.count("training material") == 1


def test_accounts_that_take_turns_are_not_said_to_lack_hours():
    """Shifts that a balancer deals look like hours of one's own; the words say what tells them apart."""
    shifts = CAMPAIGN.test._replace(hour=6.6, balance=0.1, balance_null=1.0)
    told = why(weighed(like_campaign(test=shifts)), "L14 template vendor")
    assert "take turns" in told
    assert "6.6" not in told


def test_an_explanation_that_shows_every_mark_says_so():
    """What has nothing more to show cannot change the verdict by it."""
    told = why(weighed(replace(CAMPAIGN, consented=1.0)), "L5 consented synthetic data")
    assert "All that it predicts is seen" in told
