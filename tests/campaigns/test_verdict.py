"""A campaign has to beat every innocent explanation; a workload that shows its marks is not called one."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged_worlds import CAMPAIGN, CUSTOMERS, ONE_QUEUE, farm, like_campaign, strangers, weighed

from revenuer.campaigns.innocent import HYPOTHESES, STRONGEST_IDENTITY, judge
from revenuer.campaigns.observe import Observed
from revenuer.campaigns.verdict import (
    ENOUGH,
    LEAST_ENTITIES,
    LEAST_PAIRS,
    LEAST_PER_ACCOUNT,
    STRONGEST_LIFE,
    TEXT_ALONE,
    _capped,
)
from revenuer.findings import Evidence

ONE_OWNER: dict[str, Any] = {"entities": LEAST_ENTITIES, "largest": 0.6}
MARKS: dict[str, dict[str, Any]] = {
    "L1 public evaluation": {**ONE_OWNER, "novelty": 0.1},
    "L2 regression or drift monitor": {**ONE_OWNER, "test": ONE_QUEUE._replace(repeats=0.9)},
    "L3 batch labelling": ONE_OWNER,
    "L4 judge for an own product": ONE_OWNER,
    "L5 consented synthetic data": {"consented": 1.0},
    "L6 coding agents and CI": {**ONE_OWNER, "followups": 0.8},
    "L7 popular agent client": {"test": CUSTOMERS, "followups": 0.8},
    "L8 classroom": {
        "education": 0.9,
        "one_network": 0.9,
        "peak": 6.0,
        "per_account": 6.0,
        "test": ONE_QUEUE._replace(repeats=0.7),
    },
    "L9 hackathon": {"span_days": 1.5, "one_network": 0.9, "dedication": 0.15, "test": CUSTOMERS},
    "L10 gateway": {"entities": LEAST_ENTITIES, "test": CUSTOMERS},
    "L11 reseller of ordinary traffic": {
        "extraction": 0.35,
        "elicitation": 0.05,
        "dedication": 0.1,
        "templates": 2,
        "per_template": 150.0,
    },
    "L12 translation batch": {"extraction": 0.1, "elicitation": 0.01},
    "L13 support or process bot": {"extraction": 0.1, "elicitation": 0.01},
    "L14 template vendor": {"test": CUSTOMERS},
    "L14 template vendor with a handful of customers": {"entities": 6, "largest": 0.2, "templates": 1},
    "L15 backfill or migration": {**ONE_OWNER, "span_days": 1.0},
    "L16 reasoning kept for audit": {**ONE_OWNER, "test": CUSTOMERS},
    "L17 tutoring": {"test": CUSTOMERS, "per_account": 4.0},
    "L18 red team": {**ONE_OWNER, "test": CUSTOMERS},
    "L19 academic distillation by one identity": ONE_OWNER,
    "L20 multi-provider router": ONE_OWNER,
    "L21 shared network": {"one_network": 0.95, "test": CUSTOMERS},
    "L22 compaction by an honest client": {"test": CUSTOMERS, "followups": 0.9},
    "L23 analysis product": {"test": CUSTOMERS},
    "L24 incident reports and transcript search": {"test": CUSTOMERS, "dedication": 0.1},
    "viral or published prompt": {"test": CUSTOMERS._replace(repeats=0.9), "dedication": 0.1},
}


def odds_against(observed: Observed, name: str, evidence: tuple[Evidence, ...] = ()) -> float:
    return next(one.odds for one in judge(observed, evidence) if one.name == name)


def test_every_hypothesis_has_its_marks_here():
    """A hypothesis that is added or renamed needs a case of its own."""
    assert set(MARKS) == {hypothesis.name for hypothesis in HYPOTHESES}
    assert {name.split()[0] for name in MARKS if name[0] == "L"} == {f"L{number}" for number in range(1, 25)}


@pytest.mark.parametrize("name", MARKS)
def test_a_workload_that_shows_its_marks_is_not_called_a_campaign(name: str):
    """Though everything else about it is as of a campaign; its own explanation alone is enough to clear it."""
    verdict = weighed(like_campaign(**MARKS[name]))
    own = next(one for one in verdict.explanations if one.name == name)
    assert not verdict.campaign
    assert own.odds < ENOUGH
    assert own.fits


@pytest.mark.parametrize("name", MARKS)
def test_a_campaign_beats_the_explanation(name: str):
    """Where the marks are not seen, the same hypothesis loses."""
    verdict = weighed(CAMPAIGN)
    own = next(one for one in verdict.explanations if one.name == name)
    assert verdict.campaign
    assert own.odds >= ENOUGH
    assert own.misfits
    assert odds_against(CAMPAIGN, name) > odds_against(like_campaign(**MARKS[name]), name)


@pytest.mark.parametrize("name", ["L8 classroom", "L9 hackathon", "L21 shared network"])
def test_people_in_one_place_may_share_network_and_sign_up(name: str):
    """Shared addresses and a burst of sign-ups are what such a gathering leads one to expect."""
    shared = (Evidence("infrastructure", "", 3.0, 40), Evidence("signup", "", 4.0, 40))
    marked = like_campaign(**MARKS[name])
    assert odds_against(marked, name, shared) == odds_against(marked, name)
    gained = odds_against(CAMPAIGN, name, shared) - odds_against(CAMPAIGN, name)
    assert gained == pytest.approx(STRONGEST_IDENTITY)


@pytest.mark.parametrize("field", [field.name for field in fields(Observed) if field.type == "float"])
def test_what_cannot_be_observed_adds_nothing(field: str):
    """A hypothesis is judged by its other predictions, and nobody is told of a number that is none."""
    blind = like_campaign(**{field: math.nan})
    for hypothesis, sighted in ((h, one) for h in HYPOTHESES for one in judge(CAMPAIGN, ()) if one.name == h.name):
        unseen = sum(max(p.gain(CAMPAIGN), -1.0) for p in hypothesis.predictions if math.isnan(p.value(blind)))
        (now,) = (one for one in judge(blind, ()) if one.name == hypothesis.name)
        assert now.score == pytest.approx(sighted.score - unseen)
        assert "nan" not in now.fits + now.misfits


def test_with_nothing_to_go_by_there_is_no_campaign():
    """Facts that are all unknown leave the odds where they were before looking."""
    unknown = {field.name: math.nan for field in fields(Observed) if field.type == "float"}
    assert judge(replace(CAMPAIGN, **unknown), ())[0].odds < -1


def test_the_runner_up_is_reported_first():
    """The odds of a verdict are those against its best rival, which heads the list of all."""
    for observed in (CAMPAIGN, *(like_campaign(**marks) for marks in MARKS.values())):
        verdict = weighed(observed)
        odds = [one.odds for one in verdict.explanations]
        assert odds == sorted(odds)
        assert verdict.odds == odds[0]
        assert sorted(one.name for one in verdict.explanations) == sorted(MARKS)


def test_identity_channels_are_capped_together():
    """Cards, devices and addresses bought in one place count once: four orders of magnitude and no more."""
    plain, bought = weighed(CAMPAIGN, strangers()), weighed(CAMPAIGN, farm())
    found = {evidence.channel: evidence.strength for evidence in bought.evidence}
    assert found["infrastructure"] + found["payment"] + found["signup"] > STRONGEST_IDENTITY + 3
    for name in MARKS:
        gained = [next(one.odds for one in v.explanations if one.name == name) for v in (plain, bought)]
        assert gained[1] - gained[0] <= STRONGEST_IDENTITY + 1e-9


def test_identity_alone_makes_no_campaign():
    """Customers with habits whose accounts come from one farm are no extraction campaign for that."""
    assert not weighed(like_campaign(test=CUSTOMERS, extraction=0.3, elicitation=0.02), farm()).campaign


@pytest.mark.parametrize(
    "too_little",
    [
        {"entities": LEAST_ENTITIES - 1, "largest": 0.25},
        {"per_account": LEAST_PER_ACCOUNT - 0.1},
        {"test": ONE_QUEUE._replace(pairs=LEAST_PAIRS - 1)},
    ],
)
def test_too_little_is_never_a_campaign(too_little: dict[str, Any]):
    """Too few owners, requests, or pairs in which habits could show, whatever else speaks for it."""
    assert weighed(CAMPAIGN, farm()).campaign
    assert not weighed(like_campaign(**too_little), farm()).campaign


def test_evidence_is_listed_strongest_first_with_words():
    """One fact a channel, each with what was counted."""
    evidence = weighed(CAMPAIGN, farm()).evidence
    strengths = [one.strength for one in evidence]
    assert strengths == sorted(strengths, reverse=True)
    assert len({one.channel for one in evidence}) == len(evidence) == 7
    assert all(type(one.strength) is float and any(c.isdigit() for c in one.fact) for one in evidence)


def test_confidence_is_the_probability_of_the_odds():
    """Between nought and one, a half at even odds."""
    verdict = weighed(CAMPAIGN)
    assert replace(verdict, odds=0.0).confidence == 0.5
    assert replace(verdict, odds=ENOUGH).confidence == pytest.approx(0.95, abs=0.001)
    assert 0 <= replace(verdict, odds=-1e9).confidence < replace(verdict, odds=1e9).confidence <= 1


def test_more_of_what_a_campaign_shows_never_lowers_its_odds():
    """Text, how the tasks read, elicitation and exchangeability each speak for it."""
    for name, weak in {"extraction": 0.5, "reading": -0.5, "elicitation": 0.01, "test": CUSTOMERS}.items():
        assert weighed(like_campaign(**{name: weak})).odds < weighed(CAMPAIGN).odds


def content(observed: Observed) -> float:
    return next(one.strength for one in weighed(observed).evidence if one.channel == "content")


def test_what_the_tasks_say_is_what_they_read_like():
    """The evidence of content goes by the reading of the templates; where no text is known it adds nothing."""
    asks = content(like_campaign(reading=0.0))
    assert asks > 0
    assert content(like_campaign(reading=0.5)) == pytest.approx(asks + 0.5)
    assert content(like_campaign(reading=-1.5)) == pytest.approx(asks - 1.5)
    assert content(like_campaign(extraction=math.nan, reading=math.nan)) == 0
    assert content(like_campaign(reading=0.0, extraction=0.2)) == asks


def test_text_adds_only_to_accounts_that_act_as_one():
    """However much it reads like tasks, it says no more than ten to one beyond what is seen of their habits."""
    for test in (ONE_QUEUE, CUSTOMERS):
        found = {one.channel: one.strength for one in weighed(like_campaign(reading=9.0, test=test)).evidence}
        assert found["content"] == pytest.approx(TEXT_ALONE + max(0.0, found["partition"] + found["timing"]))
    assert found["content"] == TEXT_ALONE
    assert content(like_campaign(reading=-1.5, test=CUSTOMERS)) < 0


def test_a_queue_that_reads_like_ordinary_traffic_is_no_campaign():
    """Accounts that share out templates which are nobody's tasks are not called a harvest for sharing them out."""
    plain = like_campaign(extraction=0.2, elicitation=0.02, reading=-2.0)
    assert not weighed(plain).campaign
    assert weighed(like_campaign(elicitation=0.02)).campaign


def test_the_fact_of_content_says_what_its_strength_is_made_of():
    """How many times as likely such templates are among tasks, or as unlikely, beside both scores of the text."""
    for reading, words in (
        (2.0, "100.0 times as likely"),
        (-1.0, "10.0 times as unlikely"),
        (0.0, "1.0 times as likely"),
    ):
        (fact,) = (one.fact for one in weighed(like_campaign(reading=reading)).evidence if one.channel == "content")
        assert words in fact
        assert f"{CAMPAIGN.extraction:.2f}" in fact
        assert f"{CAMPAIGN.elicitation:.2f}" in fact


SIGNS = st.lists(st.floats(-3.0, 6.0), max_size=8).map(
    lambda strengths: tuple(Evidence("pivot", f"sign {n}", one, n) for n, one in enumerate(strengths))
)


@given(SIGNS)
def test_signs_of_life_weigh_no_more_together_than_their_cap(signs: tuple[Evidence, ...]):
    """One operator's habits are one habit: each keeps its share of what counts, and what speaks against it counts whole."""
    capped = _capped(signs)
    total, given = (sum(max(one.strength, 0.0) for one in some) for some in (capped, signs))
    assert total == pytest.approx(min(given, STRONGEST_LIFE))
    for before, after in zip(signs, capped, strict=True):
        assert replace(before, strength=0.0) == replace(after, strength=0.0)
        if before.strength > 0:
            assert after.strength * given == pytest.approx(before.strength * total)
        else:
            assert after.strength == before.strength


def test_a_verdict_counts_signs_of_life_up_to_their_cap():
    """One strong sign and three say the same; they are listed with what each was left with."""
    sign = Evidence("succession", "3 accounts followed 3 that were banned", STRONGEST_LIFE, 3)
    plain, one, three = (weighed(CAMPAIGN, signs=(sign,) * number) for number in (0, 1, 3))
    assert one.odds > plain.odds
    assert three.odds == pytest.approx(one.odds)
    strengths = [found.strength for found in three.evidence if found.channel == "succession"]
    assert strengths == pytest.approx([STRONGEST_LIFE / 3] * 3)
