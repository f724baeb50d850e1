"""What any match of a pattern must hold, looked for in many texts in one pass: a sieve before RE2 (Cox 2012, "FilteredRE2").

Of each pattern one or two sets of plain strings are read off, of each of which every match holds at least one. All strings of many patterns
are found together by an automaton of Aho and Corasick (1975); a pattern is then tried on those texts alone that may match.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.text.tokens import string_buffers

__all__ = ["Sieve", "needed"]

U8 = npt.NDArray[np.uint8]
U16 = npt.NDArray[np.uint16]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

_Words = frozenset[str]

_MOST_WORDS: Final = 200  # a longer list is not multiplied out
_MOST_LETTERS: Final = 8  # a larger class says nothing
_LONGEST: Final = 14  # bytes; what begins a string is as needed as the string, and two spelt letters tell enough
_WORD: Final = 64  # bits
_TOKEN: Final = re.compile(r"\\.|\[\^?(?:\\.|[^\]\\])+\]|\(\?:|.", re.DOTALL)
_REPEATED: Final = re.compile(r"[?*+]|\{(\d+)(?:,(\d*))?\}")
_NOWHERE: Final = frozenset({r"\b", r"\B", r"\z", r"\Z", "^", "$"})
_NOTHING: Final = frozenset({""})


class _Needs(NamedTuple):
    """What a piece of a pattern matches, where that is few strings; else what its matches hold, if that is known."""

    whole: _Words | None = None
    part: _Words | None = None

    @property
    def known(self) -> _Words | None:
        return self.part if self.whole is None else self.whole


def needed(pattern: str) -> list[frozenset[str]]:
    """Sets of strings, of each of which every match of the pattern holds one; at most two sets, none where none is known.

    Args:
        pattern: of the syntax that RE2 and `re` share: literals, classes, groups without a number, alternatives, repeats.
    """
    tokens = deque(match[0] for match in _TOKEN.finditer(pattern))
    ways = [_pieces(tokens)]
    while tokens and tokens.popleft() == "|":
        ways.append(_pieces(tokens))
    if len(ways) == 1:
        sets = [words for words in ways[0][1] if all(words)]
        return sorted(sets, key=_rare, reverse=True)[:2]
    best = [_sequence_of(*way).known for way in ways]
    every = frozenset[str]().union(*(words or _NOTHING for words in best))
    return [every] if all(every) else []


def _alternatives(tokens: deque[str]) -> _Needs:
    ways = [_sequence(tokens)]
    while tokens and tokens[0] == "|":
        tokens.popleft()
        ways.append(_sequence(tokens))
    if tokens:
        tokens.popleft()  # the bracket that closes them
    if all(way.whole is not None for way in ways):
        whole = frozenset[str]().union(*(way.whole or () for way in ways))
        return _Needs(whole) if len(whole) <= _MOST_WORDS else _Needs(None, whole)
    known = [way.known for way in ways]
    return _Needs(None, None if None in known else frozenset[str]().union(*(words or () for words in known)))


def _sequence(tokens: deque[str]) -> _Needs:
    return _sequence_of(*_pieces(tokens))


def _sequence_of(whole: bool, sets: list[_Words]) -> _Needs:  # noqa: FBT001 - what `_pieces` gives
    return _Needs(sets[0]) if whole else _Needs(None, max(sets, key=_rare))


def _pieces(tokens: deque[str]) -> tuple[bool, list[_Words]]:
    """What every match of a sequence holds a string of each of; and whether the one set is all that it matches."""
    run, sets, whole = _NOTHING, list[_Words](), True
    while tokens and tokens[0] not in {"|", ")"}:
        piece = _repeated(_piece(tokens), tokens)
        if piece.whole is not None and len(run) * len(piece.whole) <= _MOST_WORDS:
            run = frozenset(before + after for before in run for after in piece.whole)
            continue
        sets += [run] if piece.part is None else [run, piece.part]
        run, whole = _NOTHING if piece.whole is None else piece.whole, False
    return whole, [*sets, run]


def _piece(tokens: deque[str]) -> _Needs:
    said = tokens.popleft()
    if said == "(?:":
        return _alternatives(tokens)
    if said in _NOWHERE:
        return _Needs(_NOTHING)
    if said[0] == "[" and len(said) > 1:
        return _class(said)
    if said == "." or (said[0] == "\\" and said[1].isalnum() and said != r"\n"):
        return _Needs()
    return _Needs(frozenset({"\n" if said == r"\n" else said[-1]}))


def _class(said: str) -> _Needs:
    inside = said[1:-1]
    if inside[0] == "^" or "\\" in inside or "-" in inside[1:-1] or len(inside) > _MOST_LETTERS:
        return _Needs()
    return _Needs(frozenset(inside))


def _repeated(piece: _Needs, tokens: deque[str]) -> _Needs:
    """The piece with what is said of how often it comes."""
    said = tokens.popleft() if tokens and tokens[0] in {"?", "*", "+", "{"} else ""
    if said == "{":
        said += "".join(iter(tokens.popleft, "}")) + "}"
    found = _REPEATED.fullmatch(said)
    if found is None:
        return piece
    if said == "?" and piece.whole is not None:
        return _Needs(piece.whole | _NOTHING)
    least = 1 if said == "+" else int(found[1] or 0)
    return _Needs(None, piece.known) if least else _Needs()


def _rare(words: _Words) -> tuple[int, int]:
    """The more, the fewer texts hold one of these: by the shortest, blanks at its ends left out, then by how many there are."""
    return min(len(word.strip()) for word in words), -len(words)


class Sieve:
    """What several patterns need, and which texts hold it."""

    def __init__(self, needs: Sequence[Sequence[Collection[str]]]) -> None:
        """Build the automaton.

        Args:
            needs: of each pattern sets of strings, of each of which a text must hold one.

        Raises:
            ValueError: the sets hold more than 65,536 letters.
        """
        sizes = [len(sets) for sets in needs]
        self._bits = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
        sets = [words for of_pattern in needs for words in of_pattern]
        words = [(word.encode()[:_LONGEST], bit) for bit, held in enumerate(sets) for word in sorted(held)]
        self._automaton = _automaton(words, -(-len(sets) // _WORD))

    def sift(self, texts: pa.Array) -> U64:
        """The sets that each text holds a string of, a bit each, shape (texts, words); the GIL is released meanwhile."""
        held: U64 = _scan(*string_buffers(texts), *self._automaton)
        return held

    def passes(self, held: U64, pattern: int) -> Bools:
        """Which of the texts hold what the pattern of this number needs, shape (texts,)."""
        through = np.ones(len(held), np.bool_)
        for bit in self._bits[pattern]:
            through &= (held[:, bit // _WORD] >> np.uint64(bit % _WORD)) & np.uint64(1) == 1
        return through


def _automaton(words: list[tuple[bytes, int]], size: int) -> tuple[U8, U16, U64, Bools]:
    """The class of each byte, the next state by state and class, what each state has found, and whether it has."""
    classes = np.zeros(256, np.uint8)
    for number, byte in enumerate(sorted({byte for word, _ in words for byte in word})):
        classes[byte] = number + 1
    children: list[dict[int, int]] = [{}]
    ends: list[list[int]] = [[]]
    for word, bit in words:
        state = 0
        for byte in word:
            if byte not in children[state]:
                children[state][byte] = len(children)
                children.append({})
                ends.append([])
            state = children[state][byte]
        ends[state].append(bit)
    found = np.zeros((len(children), max(size, 1)), np.uint64)
    for state, bits in enumerate(ends):
        for bit in bits:
            found[state, bit // _WORD] |= np.uint64(1 << bit % _WORD)
    after, held = _completed(children, found, classes)
    return classes, after, held, np.asarray(held.any(axis=1))


def _completed(children: list[dict[int, int]], found: U64, classes: U8) -> tuple[U16, U64]:
    """Every state's way for every byte: where the string cannot go on, the longest end of it that can.

    States are numbered by their distance from the first, so that those which texts are mostly in lie close together.
    """
    if len(children) > 1 << 16:
        raise ValueError(f"{len(children)} letters are too many")
    ways = list(_breadth_first(children))
    number = np.empty(len(ways), np.int64)
    number[[state for state, _, _ in ways]] = np.arange(len(ways))
    after, held = np.zeros((len(ways), int(classes.max()) + 1), np.uint16), np.zeros_like(found)
    fallback = np.zeros(len(ways), np.int64)
    for at, (state, parent, byte) in enumerate(ways):
        # the way from where the parent falls back to; the first state and those after it fall back to the first
        back = 0 if number[parent] == 0 else int(after[fallback[number[parent]], classes[byte]])
        fallback[at] = back
        after[at] = after[back]
        held[at] = found[state] | held[back]
        for letter, child in children[state].items():
            after[at, classes[letter]] = number[child]
    return after, held


def _breadth_first(children: list[dict[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Every state, the one before it, and the byte between them."""
    waiting = deque([(0, 0, 0)])
    while waiting:
        state, parent, byte = waiting.popleft()
        yield state, parent, byte
        waiting.extend((child, state, letter) for letter, child in children[state].items())


@nb.njit(cache=True, nogil=True)
def _scan(data: U8, ends: I64, classes: U8, after: U16, found: U64, any_found: Bools) -> U64:
    out = np.zeros((ends.shape[0] - 1, found.shape[1]), np.uint64)
    for t in range(out.shape[0]):
        state = np.uint16(0)
        for i in range(np.uint64(ends[t]), np.uint64(ends[t + 1])):
            state = after[state, classes[data[i]]]
            if any_found[state]:
                for k in range(found.shape[1]):
                    out[t, k] |= found[state, k]
    return out
