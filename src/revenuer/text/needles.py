"""Patterns of words that are looked for only where the letters they cannot do without stand in a text.

Python's `re` tries every alternative at every letter: a pattern of a hundred stems costs microseconds a character. Of
each alternative some literal strings must stand in any text it matches; whether they may is found for all patterns in
one pass over the bytes, and only the alternatives that remain are tried. Nothing that a pattern matches is lost.
"""

# ruff: noqa: RUF001 - letters of other scripts are the point

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import or_
from typing import Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.text.tokens import I64, string_buffers

__all__ = ["ALL", "Cue", "Sieve", "folded", "needed"]

U64 = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]

# What stands for "any letters may be there".
ALL: Final = -1
_SLOTS: Final = 1 << 16
_LEAST_BYTES: Final = 3  # a shorter string stands in every text
# Letters that `re.IGNORECASE` takes for others although `str.lower` does not.
_ALIKE: Final = tuple(zip("ıſςᲀᲁᲂᲃᲄᲅ", "isσвдостт", strict=True))

Clause = frozenset[str]
Search = Callable[[str], re.Match[str] | None]


def folded(text: str) -> str:
    """The text, of the same length, in which a pattern of lower-case letters finds what it finds in `text` without case."""
    lower = text.replace("İ", "i").lower()
    return lower if lower.isascii() else _unlike(lower)


def _unlike(lower: str) -> str:
    """Lower-case text or pattern with one letter for those that count as one."""
    for letter, alike in _ALIKE:
        lower = lower.replace(letter, alike)
    return lower


class _Item(NamedTuple):
    """One thing in a sequence: a literal letter or what must stand in a group, and where it ends."""

    literal: str
    clauses: list[Clause]
    end: int


def _skip_class(pattern: str, at: int) -> int:
    """Past the character class that opens at `at`."""
    end = at + 2 if pattern[at + 1] == "^" else at + 1
    while pattern[end] != "]":
        end += 2 if pattern[end] == "\\" else 1
    return end + 1


def _group(pattern: str, at: int) -> _Item:
    """The group that opens at `at`; what looks ahead or back demands nothing."""
    plain = pattern.startswith("(?:", at)
    start = at + 3 if plain or pattern[at + 1 : at + 3] in {"?!", "?="} else at + 4
    ways, end = _alternation(pattern, start)
    return _Item("", _either(ways) if plain else [], end + 1)


def _item(pattern: str, at: int) -> _Item:
    letter = pattern[at]
    if letter == "\\":
        escaped = pattern[at + 1]
        return _Item("" if escaped.isalnum() else escaped, [], at + 2)
    if letter == "[":
        return _Item("", [], _skip_class(pattern, at))
    if letter == "(":
        return _group(pattern, at)
    return _Item("" if letter in ".^$" else letter, [], at + 1)


def _quantified(pattern: str, at: int) -> tuple[bool, bool, int]:
    """Whether what ends at `at` may be missing, whether it stands once, and where its quantifier ends."""
    mark = pattern[at : at + 1]
    if mark == "{":
        return pattern[at + 1] in "0,", False, pattern.index("}", at) + 1
    repeated = mark in {"?", "*", "+"}
    return mark in {"?", "*"}, not repeated, at + repeated


def _sequence(pattern: str, at: int) -> tuple[list[Clause], int]:
    """What must stand in a text for the alternative that begins at `at`, and where that ends."""
    clauses: list[Clause] = []
    run = ""
    while at < len(pattern) and pattern[at] not in "|)":
        item = _item(pattern, at)
        optional, once, at = _quantified(pattern, item.end)
        kept = "" if optional else item.literal
        run += kept
        if not kept or not once:
            clauses.append(frozenset({run}))
            run = ""
        if not optional:
            clauses += item.clauses
    clauses.append(frozenset({run}))
    return [clause for clause in clauses if _telling(clause)], at


def _telling(clause: Clause) -> bool:
    return all(len(needle.encode()) >= _LEAST_BYTES for needle in clause)


def _alternation(pattern: str, at: int) -> tuple[list[list[Clause]], int]:
    ways = []
    while True:
        clauses, at = _sequence(pattern, at)
        ways.append(clauses)
        if pattern[at : at + 1] != "|":
            return ways, at
        at += 1


def _either(ways: list[list[Clause]]) -> list[Clause]:
    """What must stand there if one of several does: nothing in particular where one of them demands nothing."""
    if not all(ways):
        return []
    return [frozenset().union(*(min(way, key=_commonness) for way in ways))]


def _commonness(clause: Clause) -> tuple[int, int]:
    return len(clause), -min(len(needle) for needle in clause)


def needed(alternative: str) -> list[Clause]:
    """Sets of strings, of each of which one at least stands in any folded text that the pattern matches.

    Args:
        alternative: a pattern in lower case without named groups, of which one alternative is to match.
    """
    return _either(ways) if len(ways := _alternation(alternative, 0)[0]) > 1 else ways[0]


def _apart(pattern: str) -> list[str]:
    """The alternatives of the pattern at its top level."""
    parts, start, at = [], 0, 0
    while at < len(pattern):
        at = _sequence(pattern, at)[1]
        parts.append(pattern[start:at])
        start = at = at + 1
    return parts


class _Way(NamedTuple):
    bits: int
    search: Search


def _search(alternative: str) -> Search:
    """What looks for the alternative; one that is tied to the beginning is tried there alone."""
    pattern = re.compile(alternative)
    return pattern.match if alternative.startswith("^") else pattern.search


@dataclass(frozen=True, slots=True, eq=False)
class Cue:
    """A pattern as the alternatives that can be ruled out one by one.

    Attributes:
        ways: each alternative with the bits of the strings it needs.
        bits: of all alternatives together.
    """

    ways: tuple[_Way, ...]
    bits: int

    def stands(self, text: str, letters: int = ALL) -> bool:
        """Whether the pattern matches anywhere in a folded text.

        Args:
            text: folded.
            letters: what `Sieve.letters` found in this text; without it every alternative is tried.
        """
        return any(search(text) is not None for search in _possible(self, letters & self.bits))


@lru_cache(maxsize=16_384)
def _possible(cue: Cue, letters: int) -> tuple[Search, ...]:
    """The alternatives that what stands in a text does not rule out."""
    return tuple(way.search for way in cue.ways if letters & way.bits == way.bits)


class Sieve:
    """Which strings that patterns need may stand in a text, for all patterns at once.

    Attributes:
        cues: the patterns by name.
    """

    def __init__(self, patterns: dict[str, str]) -> None:
        """Take patterns in lower case, without named groups."""
        self._clauses: dict[Clause, int] = {}
        self.cues = {name: self._cue(pattern) for name, pattern in patterns.items()}
        self._slots, self._rows = _tables(self._clauses)

    def _cue(self, pattern: str) -> Cue:
        ways = tuple(_Way(self._bits(needed(part)), _search(part)) for part in _apart(_unlike(pattern)))
        return Cue(ways, reduce(or_, (way.bits for way in ways)))

    def _bits(self, needs: list[Clause]) -> int:
        """One bit for each of the clauses."""
        return sum(1 << self._clauses.setdefault(clause, len(self._clauses)) for clause in dict.fromkeys(needs))

    def letters(self, texts: list[str]) -> list[int]:
        """For each folded text the bits of what may stand in it; some may be too many, none is missing."""
        data, ends = string_buffers(pa.array(texts, pa.string()))
        found = np.zeros((len(texts), self._rows.shape[1]), np.uint64)
        _find(data, ends, self._slots, self._rows, found)
        return [int.from_bytes(row.tobytes(), "little") for row in found]


def _tables(clauses: dict[Clause, int]) -> tuple[npt.NDArray[np.uint16], U64]:
    """For each slot the number of its row, and rows of bits that what falls in the slot may stand for; row 0 is empty."""
    bits: dict[int, int] = {}
    for clause, bit in clauses.items():
        for needle in clause:
            slot = _slot(needle.encode()[:4])
            bits[slot] = bits.get(slot, 0) | 1 << bit
    slots = np.zeros(_SLOTS, np.uint16)
    slots[list(bits)] = np.arange(1, len(bits) + 1)
    words = len(clauses) // 64 + 1
    rows = [0, *bits.values()]
    return slots, np.frombuffer(b"".join(row.to_bytes(8 * words, "little") for row in rows), "<u8").reshape(-1, words)


@nb.njit(inline="always")
def _hashed(value: int) -> int:
    return ((value * 0x9E3779B1) >> 12) & 0xFFFF


def _slot(gram: bytes) -> int:
    return int(_hashed(int.from_bytes(gram, "little")))


@nb.njit(cache=True, nogil=True)
def _find(data: Bytes, ends: I64, slots: npt.NDArray[np.uint16], rows: U64, found: U64) -> None:
    for text in range(found.shape[0]):
        for at in range(ends[text], ends[text + 1] - 2):
            gram = np.int64(data[at]) | np.int64(data[at + 1]) << 8 | np.int64(data[at + 2]) << 16
            row = slots[_hashed(gram)]
            if row:
                found[text] |= rows[row]
            if at + 3 < ends[text + 1]:
                row = slots[_hashed(gram | np.int64(data[at + 3]) << 24)]
                if row:
                    found[text] |= rows[row]
