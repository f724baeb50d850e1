"""The suite of honest requests: none of those it was tuned on asks for hidden reasoning, and few of those found since."""

from __future__ import annotations

import pyarrow as pa
import pytest
from elicitation_cases import honest_requests

from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.elicitation import ASKS, asked_elicitation
from revenuer.text import tokenize

# Kinds of mistake on ordinary public rows, met after the rules were written: said anew, in our own words.
FOUND = frozenset(
    (
        "exam_flaw",
        "signed",
        "maths",
        "translate",
        "types",
        "silent",
        "exporter",
        "many_languages",
        "smalltalk",
        "riddle",
        "restore",
        "persona_tool",
    )
)
# How many of these are still misread. The number may only fall.
MISREAD = 37


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
    assert [case for case in misread if case[0] not in FOUND] == []


def test_mistakes_found_since_become_fewer(misread: list[tuple[str, str]]) -> None:
    """Of the kinds of mistake found on ordinary public rows no more are made than are known."""
    assert len([case for case in misread if case[0] in FOUND]) <= MISREAD
