"""Which own templates of a queue are tasks."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from revenuer.campaigns.tasks import (
    MOST_ODDS,
    NOVEL,
    SHARES,
    STRONGEST,
    UNLIKE,
    USUAL_ODDS,
    USUAL_ODDS_OF_SYSTEM,
    Reading,
    read,
)
from revenuer.linkage.templates import KINDS
from strategies import templates_of

SCORES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20)


def reading(scores: list[float], novelty: list[float] | float = 1.0) -> Reading:
    """Templates with these text scores, read together."""
    n = len(scores)
    known = templates_of(np.ones((3, n), np.int64))
    fillings = np.broadcast_to(np.asarray(novelty, np.float64), n)
    return read(replace(known, extraction=np.array(scores, np.float64), novelty=fillings), np.arange(n))


def slow_read(scores: list[float], novelty: list[float]) -> tuple[float, list[float]]:
    """The mixture in plain Python."""
    odds = []
    for score, new in zip(scores, novelty, strict=True):
        most = MOST_ODDS if new >= NOVEL else 1.0
        odds.append(min(max(score / max(1 - score, 1e-9), 0.1), most) / USUAL_ODDS)
    likelihood = [math.prod(1 - share + share * value for value in odds) for share in SHARES]
    weight = [each / sum(likelihood) for each in likelihood]
    worth = [sum(w * s * value / (1 - s + s * value) for w, s in zip(weight, SHARES, strict=True)) for value in odds]
    worth = [min(each, UNLIKE) if value < 1 else each for each, value in zip(worth, odds, strict=True)]
    total = math.log10(sum(likelihood) / len(SHARES))
    return min(max(total, -STRONGEST), STRONGEST), worth


@given(SCORES, st.integers(0, 2**32 - 1))
def test_the_reading_equals_a_mixture_in_plain_python(scores: list[float], seed: int):
    """Evidence is averaged over the shares that tasks may have, worth weighed by how well each share fits."""
    novelty = np.random.default_rng(seed).random(len(scores)).tolist()
    found = reading(scores, novelty)
    evidence, worth = slow_read(scores, novelty)
    assert found.evidence == pytest.approx(evidence, abs=1e-9)
    np.testing.assert_allclose(found.worth, worth, atol=1e-9)


@pytest.mark.parametrize("customers", [2, 6, 12])
def test_customers_templates_beside_tasks_are_told_apart(customers: int):
    """Six templates that read like tasks speak for a harvest, whatever runs beside them, and they alone are tasks."""
    found = reading([0.1] * customers + [0.95] * 6)
    assert found.evidence > 0
    assert (found.worth >= 0.5).tolist() == [False] * customers + [True] * 6


def test_a_queue_that_reads_like_any_speaks_against_a_harvest():
    """Ordinary templates are evidence against tasks, and more of them are more."""
    few, many = reading([0.2] * 3), reading([0.2] * 30)
    assert many.evidence < few.evidence < 0
    assert many.worth.max() < 0.5


def test_a_prompt_sent_word_for_word_is_no_task_by_its_score_alone():
    """Tasks of a queue differ from request to request."""
    copied, new = reading([0.95] * 4, 0.01), reading([0.95] * 4)
    assert copied.worth.max() < 0.5 < new.worth.min()
    assert copied.evidence < 0 < new.evidence
    assert reading([0.95] * 4, NOVEL).evidence == new.evidence


@pytest.mark.parametrize("kind", ["system_frame", "system_text"])
def test_a_persona_has_to_read_more_like_a_task_than_a_prompt(kind: str):
    """Odds of a system prompt are held against those of system prompts, which are higher."""
    known = replace(templates_of(np.ones((3, 4), np.int64)), extraction=np.full(4, 0.75))
    spoken = replace(known, kind=np.full(4, KINDS.index(kind)))
    assert USUAL_ODDS < 3 < USUAL_ODDS_OF_SYSTEM
    assert read(spoken, np.arange(4)).evidence < 0 < read(known, np.arange(4)).evidence
    assert read(spoken, np.arange(4)).worth.max() < 0.5


@given(SCORES)
def test_what_reads_less_like_a_task_than_most_is_none_whatever_stands_beside_it(scores: list[float]):
    """A template below the usual odds is worth less than a half though its whole queue is tasks."""
    usual = USUAL_ODDS / (1 + USUAL_ODDS)
    found = reading([*scores, *[0.99] * 20]).worth[: len(scores)]
    assert all(worth <= UNLIKE for worth, score in zip(found, scores, strict=True) if score < usual - 1e-9)


def test_without_text_nothing_is_said_and_every_template_may_be_a_task():
    """Where no text is known the evidence is not a number, and all templates count in full."""
    found = reading([math.nan] * 3)
    assert math.isnan(found.evidence)
    assert found.worth.tolist() == [1.0] * 3


def test_a_template_without_text_among_others_reads_as_even_odds():
    """One unknown score neither hides the others nor counts as a task."""
    found, even = reading([0.95, math.nan, 0.9]), reading([0.95, 0.5, 0.9])
    assert found.evidence == even.evidence
    np.testing.assert_array_equal(found.worth, even.worth)


@given(SCORES)
def test_evidence_is_bounded_and_worth_a_probability(scores: list[float]):
    """Templates of one author say no more together than the bound, however many they are."""
    found = reading(scores * 20)
    assert abs(found.evidence) <= STRONGEST
    assert ((found.worth >= 0) & (found.worth <= 1)).all()


@given(SCORES, st.floats(0.0, 1.0))
def test_a_higher_score_never_lowers_the_evidence(scores: list[float], other: float):
    """Reading more like a task speaks for tasks."""
    low, high = sorted([scores[0], other])
    assert reading([high, *scores[1:]]).evidence >= reading([low, *scores[1:]]).evidence - 1e-12


@pytest.mark.parametrize("templates", [1, 3, 8, 20])
def test_templates_of_nobodys_tasks_are_no_evidence_on_average(templates: int):
    """Where odds are on average what they usually are, the likelihood ratio is one on average at most: an e-value."""
    low = 0.5
    high = (USUAL_ODDS - low) / (MOST_ODDS - low)  # how often the odds are the highest that count
    mean = sum(
        stats.binom.pmf(k, templates, high) * 10 ** reading([12 / 13] * k + [1 / 3] * (templates - k)).evidence
        for k in range(templates + 1)
    )
    assert mean <= 1.0 + 10**-STRONGEST
