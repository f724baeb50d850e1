"""The suite of honest requests: none of those it was tuned on asks for hidden reasoning, and few of those held out."""

from __future__ import annotations

import pyarrow as pa
import pytest
from elicitation_cases import honest_requests

from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.elicitation import ASKS, asked_elicitation
from revenuer.text import tokenize

# Texts of the kinds that are misread, written before the rules for them and held out while these were made.
HELD_OUT = "since"
# How many of these are still misread. The number may only fall.
MISREAD = 6


@pytest.fixture(scope="module")
def misread() -> list[tuple[str, str]]:
    """Kind and text of every honest request that counts as asking, scored as a scan scores."""
    model, cases = CapabilityModel.load(), honest_requests()
    texts = pa.array([text for _, text in cases])
    first = model.score(tokenize(texts), tokenize(pa.nulls(len(texts), pa.string()))).elicitation
    scores = asked_elicitation(model, texts, first)
    return [(name.split()[0], text) for (name, text), score in zip(cases, scores, strict=True) if score > ASKS]


def test_no_honest_request_of_the_suite_counts_as_asking(misread: list[tuple[str, str]]) -> None:
    """Explaining, judging, tutoring, auditing, reporting and the other kinds of the suite ask for nothing hidden."""
    assert [case for case in misread if case[0] != HELD_OUT] == []


def test_mistakes_on_texts_held_out_become_fewer(misread: list[tuple[str, str]]) -> None:
    """Of the texts that no rule was tuned on no more are misread than are known."""
    assert len([case for case in misread if case[0] == HELD_OUT]) <= MISREAD
