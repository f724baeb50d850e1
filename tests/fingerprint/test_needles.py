"""What a sieve rules out no pattern would have found: the second look is quicker and says the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revenuer.fingerprint import cues, spans
from revenuer.fingerprint.cues import hear
from revenuer.text.needles import Sieve, folded, needed

PATTERNS = {
    "handles": cues._HANDLED,
    "submits": cues._DONE,
    "requests": cues._ASKED,
    "minded": cues._MINDED,
}
ABOUT, MEANT, KEPT_BACK = cues._ABOUT, cues._MEANT, cues._KEPT_BACK
EVERYTHING = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)


def lines() -> list[str]:
    """Every line of the rules that texts are made of, and of the suite of honest requests."""
    rules = resources.files("revenuer.training") / "rules"
    files = [rules / f"{name}.txt" for name in ("asked", "honest", "ordinary", "wrappers")]
    files.append(Path(__file__).with_name("honest_requests.txt"))
    return sorted({line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines()} - {""})


def said(text: str) -> dict[str, bool]:
    """What the patterns find without a sieve, regardless of case."""

    def found(pattern: str) -> bool:
        return re.search(pattern, text, re.IGNORECASE) is not None

    answers = {name: found(pattern) for name, pattern in PATTERNS.items()}
    answers["mentions"] = found(ABOUT) or found(KEPT_BACK)
    answers["addresses"] = found(MEANT) and not found(KEPT_BACK)
    return answers


def heard(texts: list[str]) -> list[dict[str, bool]]:
    """What the sieve says of the same."""
    names = [*PATTERNS, "mentions", "addresses"]
    return [{name: getattr(one, name)() for name in names} for one in hear(texts)]


def test_the_sieve_loses_nothing_of_the_families():
    """Each question has the same answer for every line of the rules, in any case, as the patterns tried one by one."""
    texts = lines()[::4]
    texts += [text.upper() for text in texts[::8]]
    assert heard(texts) == [said(text) for text in texts]


@settings(max_examples=40)
@given(st.lists(st.one_of(st.sampled_from(lines()[::20]), st.text(max_size=8)), max_size=4).map(" ".join))
def test_the_sieve_loses_nothing_of_any_text(text: str):
    """Nor is another answer given of texts pieced together from lines and any characters."""
    assert heard([text]) == [said(text)]


def letters_used() -> Iterator[str]:
    for pattern in (*PATTERNS.values(), ABOUT, MEANT, KEPT_BACK, *(kind[0] for kind in spans._KINDS)):
        yield from (letter for letter in pattern if letter.isalpha() and letter == folded(letter))


def test_folding_is_ignoring_case():
    """Of all characters there are, each letter of the patterns takes those that it takes when case is ignored."""
    lower = folded(EVERYTHING)
    places = {letter: {match.start() for match in re.finditer(letter, lower)} for letter in set(letters_used())}
    for letter, found in places.items():
        assert found == {match.start() for match in re.finditer(letter, EVERYTHING, re.IGNORECASE)}


def test_folding_keeps_every_character_in_its_place():
    """A word stays a word and a blank a blank, so that spans found in the folded text are those of the text."""
    lower = folded(EVERYTHING)
    assert len(lower) == len(EVERYTHING)
    for kind in (r"\w", r"\s", r"\d"):
        assert [*re.findall(kind, lower)] == [*map(folded, re.findall(kind, EVERYTHING))]


@pytest.mark.parametrize(
    ("pattern", "clauses"),
    [
        ("thinking", [{"thinking"}]),
        ("think(?:ing)? aloud", [{"think"}, {" aloud"}]),
        ("rea?son", [{"son"}]),
        ("(?:chain|train) of", [{"chain", "train"}, {" of"}]),
        ("(?:chain|of) thought", [{" thought"}]),
        (r"\byour (?:\w+ ){0,4}mind\b", [{"your "}, {"mind"}]),
        ("stop(?! it)(?<!non)", [{"stop"}]),
        ("[^.\n]{0,9}trace+s", [{"trace"}]),
        ("hidden|secret", [{"hidden", "secret"}]),
        ("hidden|of", []),
    ],
)
def test_what_a_pattern_needs_is_read_off_it(pattern: str, clauses: list[set[str]]):
    """Of each set one string stands in whatever the pattern matches; what may be missing is not asked for."""
    assert needed(pattern) == [frozenset(clause) for clause in clauses]


def test_a_sieve_rules_out():
    """Alternatives whose letters are missing are not tried, so what the sieve says of another text is not found."""
    sieve = Sieve({"mind": "hidden|secret"})
    with_secret, without = sieve.letters(["a secret", "nothing"])
    assert sieve.cues["mind"].stands("a secret", with_secret)
    assert not sieve.cues["mind"].stands("a secret", without)
    assert sieve.cues["mind"].stands("a secret")


@settings(max_examples=60)
@given(st.lists(st.one_of(st.sampled_from(lines()[::25]), st.sampled_from(['"', "'", "«", "\n> ", "\n\n", "```", "<log>", "</log>", "[quote]", "Message: ", "was seen:\n", "message below\n", "On Monday R. wrote:\n", "--- Original ---\n", "[INFO] x", "stdout:", "12.3.4.5 x"])), max_size=12).map("".join))  # fmt: skip
def test_no_kind_of_mark_is_ruled_out_that_stands(text: str):
    """Looking for the kinds of marks that may stand finds what looking for all kinds finds."""
    every = spans._marks_of(tuple(range(len(spans._KINDS))))
    assert spans._marks(text) == [spans._mark(match) for match in every.finditer(folded(text))]
