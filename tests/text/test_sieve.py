"""What a pattern needs is in all that it matches, and is found wherever it stands."""

from __future__ import annotations

import re
from itertools import product

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.text.sieve import Sieve, needed

LETTERS = st.text("ab .", max_size=6)


def patterns() -> st.SearchStrategy[str]:
    """Patterns of few letters, of everything that patterns are made of."""
    leaves = st.sampled_from(["a", "b", "ab", r"\.", ".", "[ab]", "[^a]", r"\b", r"\w", "^", r"[\w.]"])

    def more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        one = inner.map(lambda said: f"(?:{said})")
        repeated = st.tuples(one, st.sampled_from(["?", "*", "+", "{2}", "{0,2}", "{1,}"])).map("".join)
        return repeated | st.lists(inner, min_size=2, max_size=3).map("".join) | st.tuples(one, one).map("|".join)

    return st.recursive(leaves, more, max_leaves=8)


@given(patterns(), st.lists(LETTERS, max_size=8))
def test_whatever_matches_passes(pattern: str, texts: list[str]):
    """No text in which a pattern is found is held back by what the pattern is said to need."""
    sieve = Sieve([needed(pattern)])
    through = sieve.passes(sieve.sift(pa.array(texts, pa.string())), 0)
    assert all(through[at] for at, text in enumerate(texts) if re.search(pattern, text, re.ASCII))


@given(st.lists(st.frozensets(st.text("abc", min_size=1, max_size=5), max_size=4), max_size=70), st.lists(st.text("abcd", max_size=12), max_size=5))  # fmt: skip
def test_strings_are_found_wherever_they_stand(sets: list[frozenset[str]], texts: list[str]):
    """A text passes where it holds one of the strings, inside others or overlapping them, and of many sets each by itself."""
    sieve = Sieve([[words] for words in sets])
    held = sieve.sift(pa.array(texts, pa.string()))
    for number, words in enumerate(sets):
        assert sieve.passes(held, number).tolist() == [any(word in text for word in words) for text in texts]


@pytest.mark.parametrize(
    ("pattern", "sets"),
    [
        ("think|thought", [{"think", "thought"}]),
        (r"\b(?:he|she) (?:\w+ ){0,3}(?:hid|think)s?\b", [{"hid", "hids", "think", "thinks"}, {"he ", "she "}]),
        (r"(?:X[0-9A-F]{6}|\w)+", []),
        ("a?", []),
        ("(?:one|two)+ls", [{"one", "two"}, {"ls"}]),
    ],
)
def test_what_is_needed(pattern: str, sets: list[set[str]]):
    """What tells most comes first, and nothing is said of a pattern that may match anything."""
    assert needed(pattern) == sets


def test_more_than_can_be_numbered_is_refused():
    """Strings of too many letters are an error, not a wrong answer."""
    words = ["".join(letters) for letters in product("abcdefghi", repeat=5)]
    with pytest.raises(ValueError, match="letters are too many"):
        Sieve([[words]])
