"""Canaries are placed where policy and text allow it, and change nothing else."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest
from scipy.stats import chisquare

from revenuer.errors import ConfigError, InputError
from revenuer.provenance.canaries import CanaryPolicy, chosen, key_commitment, load_canary_policy, place
from revenuer.provenance.registry import Canary, CanaryKind

KEY = b"a secret of at least sixteen bytes"
DAY = dt.date(2026, 3, 1)
POLICY_TEXT = """
schema = 1
kinds = ["wording", "name", "number"]
campaigns = ["C1"]
topics_never = ["medicine", "law"]
most_each = 2
approved_by = ["A. Reviewer"]
expires = 2026-12-31
"""


def canary(name: str, *variants: str, kind: CanaryKind = "wording", expires: dt.date = dt.date(2026, 6, 1)) -> Canary:
    """A registered canary."""
    return Canary(
        canary=name,
        kind=kind,
        variants=variants,
        reviewed_by=("A. Reviewer",),
        created=dt.date(2026, 1, 1),
        expires=expires,
        commitment=key_commitment(KEY),
    )


@pytest.fixture
def policy(tmp_path: Path) -> CanaryPolicy:
    """A policy that allows one campaign."""
    file = tmp_path / "canaries.toml"
    file.write_text(POLICY_TEXT, encoding="utf-8")
    return load_canary_policy(file)


def served_by(one: Canary, campaign: str = "C1") -> str:
    """The variant that a campaign is served."""
    return one.variants[chosen(one, campaign, KEY)]


START = canary("start", "to begin with", "first of all", "for a start")


@pytest.mark.parametrize("said", START.variants)
def test_whatever_the_model_said_the_keyed_variant_is_served(said: str, policy: CanaryPolicy) -> None:
    """All variants become the one that the key chose; the rest of the answer stays."""
    made = place(f"So, {said}, add two.", [START], "C1", KEY, policy, today=DAY)
    assert made.text == f"So, {served_by(START)}, add two."
    assert made.canaries == ("start",)


def test_the_choice_is_even_over_campaigns_and_depends_on_the_key() -> None:
    """Over 3,000 campaigns each variant is chosen alike, and another key chooses otherwise."""
    names = [f"C{i}" for i in range(3_000)]
    picks = [chosen(START, name, KEY) for name in names]
    assert chisquare(list(Counter(picks).values())).pvalue > 1e-4
    other = Canary(
        **{**{f: getattr(START, f) for f in START.__struct_fields__}, "commitment": key_commitment(KEY + b"!")}
    )
    same = sum(a == chosen(other, name, KEY + b"!") for a, name in zip(picks, names, strict=True))
    assert 800 < same < 1_200


def test_a_key_that_was_not_committed_to_is_refused() -> None:
    """Nobody can look for a key that fits the suspect after the fact."""
    with pytest.raises(ConfigError, match="another key"):
        chosen(START, "C1", b"some other key of sixteen bytes")
    with pytest.raises(ConfigError, match="16 bytes"):
        chosen(START, "C1", b"short")


@pytest.mark.parametrize("content", ["code", "structured", "tool_call"])
def test_what_is_no_prose_is_served_as_it_is(content: str, policy: CanaryPolicy) -> None:
    """Code, structured output and calls of tools are never altered."""
    text = "to begin with"
    made = place(text, [START], "C1", KEY, policy, today=DAY, content=content)  # type: ignore[arg-type]
    assert (made.text, made.canaries) == (text, ())
    assert made.refusal


@pytest.mark.parametrize(
    ("campaign", "topic", "day"),
    [("C2", "", DAY), ("C1", "medicine", DAY), ("C1", "", dt.date(2027, 1, 1))],
    ids=["another campaign", "a topic that is spared", "an old policy"],
)
def test_policy_decides(campaign: str, topic: str, day: dt.date, policy: CanaryPolicy) -> None:
    """Outside the policy's campaigns, topics and days nothing is placed, and the reason is given."""
    made = place("to begin with", [START], campaign, KEY, policy, today=day, topic=topic)
    assert made.text == "to begin with"
    assert made.refusal


def test_an_expired_canary_is_not_placed(policy: CanaryPolicy) -> None:
    """Past its last day a canary changes nothing."""
    old = canary("old", "to begin with", "first of all", expires=dt.date(2026, 2, 1))
    assert place("to begin with", [old], "C1", KEY, policy, today=DAY).canaries == ()


def test_no_more_than_the_policy_allows_in_one_answer(policy: CanaryPolicy) -> None:
    """The cap on canaries in one answer holds."""
    many = [canary(f"c{i}", f"alpha{i} it is", f"beta{i} it is") for i in range(4)]
    text = " ".join(one.variants[0] for one in many)
    assert len(place(text, many, "C1", KEY, policy, today=DAY).canaries) == 2


CODE = "```python\nto begin with = 1\n```"


def test_code_in_an_answer_stays_byte_for_byte(policy: CanaryPolicy) -> None:
    """Fenced code and code between backquotes are not altered, while prose around them is."""
    made = place(f"to begin with:\n{CODE}\nor `to begin with`", [START], "C1", KEY, policy, today=DAY).text
    assert made == f"{served_by(START)}:\n{CODE}\nor `to begin with`"


def test_an_open_fence_is_code_until_the_end(policy: CanaryPolicy) -> None:
    """A fence that is cut off still shields what stands behind it."""
    text = "Look:\n```\nto begin with"
    assert place(text, [START], "C1", KEY, policy, today=DAY).text == text


def test_a_name_that_code_uses_is_left_alone(policy: CanaryPolicy) -> None:
    """Prose and code go on speaking of the same variable."""
    name = canary("name", "total_sum", "sum_total", kind="name")
    text = "Call total_sum.\n```\ntotal_sum = 1\n```"
    assert place(text, [name], "C1", KEY, policy, today=DAY).text == text
    assert place("Call total_sum.", [name], "C1", KEY, policy, today=DAY).canaries == ("name",)


def test_a_number_is_left_alone_where_another_could_follow_from_it(policy: CanaryPolicy) -> None:
    """An example number is changed only in an answer that holds no other number."""
    number = canary("number", "a box of 12 apples", "a box of 18 apples", kind="number")
    text = "Take a box of 12 apples; half of it is 6."
    assert place(text, [number], "C1", KEY, policy, today=DAY).text == text
    alone = place("Take a box of 12 apples.", [number], "C1", KEY, policy, today=DAY)
    assert alone.text == f"Take {served_by(number)}."


def test_an_answer_with_two_variants_is_left_alone(policy: CanaryPolicy) -> None:
    """Where the model itself uses two of the ways, none is put in place of the other."""
    text = "to begin with this, first of all that"
    assert place(text, [START], "C1", KEY, policy, today=DAY).text == text


def test_a_variant_within_a_word_is_no_variant(policy: CanaryPolicy) -> None:
    """Only what stands by itself is a canary."""
    one = canary("one", "art", "craft")
    assert place("an artful cart", [one], "C1", KEY, policy, today=DAY).text == "an artful cart"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("approved_by = []", ConfigError),
        ("most_each = 0", ConfigError),
        ("schema = 9", ConfigError),
        ("unknown = 1", InputError),
        ("kinds = ['emoji']", InputError),
    ],
)
def test_a_policy_that_cannot_be_is_refused(line: str, error: type[Exception], tmp_path: Path) -> None:
    """A policy without approval, with unknown words or without effect is not loaded."""
    key = line.split(" ", maxsplit=1)[0]
    kept = [row for row in POLICY_TEXT.splitlines() if not row.startswith(key)]
    file = tmp_path / "bad.toml"
    file.write_text("\n".join([*kept, line]), encoding="utf-8")
    with pytest.raises(error):
        load_canary_policy(file)
