"""The templates of a campaign as a reader sees them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from revenuer.campaigns.shown import Shown, folded

TEXTS = st.text(alphabet="abc {…}", max_size=12)
FRAMES = st.lists(st.tuples(TEXTS, st.integers(1, 9)), max_size=20)


def shown(*frames: tuple[str, int]) -> list[Shown]:
    return [Shown(text, requests, (place,)) for place, (text, requests) in enumerate(frames)]


def test_wordings_that_differ_by_a_slot_are_one() -> None:
    """A template with a few fixed words more is listed once, under the wording most used, with the requests of both."""
    found = folded(
        shown(
            ("Set out every step of your thinking before the answer: {…} 2, 4", 3),
            ("Set out every step of your thinking before the answer: {…}", 9),
            ("Grade the answer below from 1 to 5. {…}", 5),
        )
    )
    assert [(one.text[:5], one.requests, one.templates) for one in found] == [("Set o", 12, (1, 0)), ("Grade", 5, (2,))]


def test_other_words_make_another_template() -> None:
    """A template that says much more than another stays apart from it."""
    short, long = "Think step by step. {…}", "Think step by step, then check each step and list your doubts. {…}"
    assert [one.text for one in folded(shown((short, 2), (long, 1)))] == [short, long]


def test_texts_without_words_are_one_only_if_equal() -> None:
    """Texts of signs alone are compared as they are."""
    assert len(folded(shown(("{…}", 2), ("{…}", 1), ("-- {…}", 1)))) == 2


@given(FRAMES)
def test_folding_loses_no_request_and_no_template(frames: list[tuple[str, int]]) -> None:
    """However wordings fall together, every request and template is counted once, most used first."""
    found = folded(shown(*frames))
    assert sum(one.requests for one in found) == sum(requests for _text, requests in frames)
    assert sorted(place for one in found for place in one.templates) == list(range(len(frames)))
    assert [one.requests for one in found] == sorted((one.requests for one in found), reverse=True)
