"""Patterns of words, looked for in many texts at once by RE2, which Arrow brings.

RE2 takes time linear in the text and lets go of the interpreter's lock. It knows words of ASCII letters alone: letters of other
scripts are therefore spelt in ASCII, in texts and patterns alike, by capitals that no folded text holds. What a pattern
finds is what `re` finds with it in the folded text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from revenuer.text.sieve import Sieve, needed
from revenuer.text.spelling import SPELLING, unlike

__all__ = ["Patterns", "not_after", "not_before"]

Bools = npt.NDArray[np.bool_]
U64 = npt.NDArray[np.uint64]

_SPELT: Final = "X[0-9A-F]{6}"


class Patterns:
    """Named patterns in the syntax of `re`, of lower-case letters, without groups that are named and without looking around.

    Raises:
        ValueError: one says something that cannot be said in ASCII letters.
    """

    def __init__(self, patterns: Mapping[str, str]) -> None:
        """Translate the patterns."""
        self._parts = {name: _parts(pattern) for name, pattern in patterns.items()}
        firsts = np.cumsum([0, *map(len, self._parts.values())])
        self._first = dict(zip(self._parts, firsts.tolist(), strict=False))

    @cached_property
    def _sieve(self) -> Sieve:
        return Sieve([needed(part) for parts in self._parts.values() for part in parts])

    def sift(self, texts: pa.Array) -> U64:
        """What the texts hold of what the patterns need, shape (texts, words); made once for all patterns asked of the texts.

        Args:
            texts: as `spelling.spelt` gives them.
        """
        return self._sieve.sift(texts)

    def stands(self, name: str, texts: pa.Array, held: U64) -> Bools:
        """In which of the texts a pattern matches anywhere.

        Args:
            name: of the pattern.
            texts: as `spelling.spelt` gives them.
            held: as `sift` gives it of them.
        """
        found = np.zeros(len(texts), np.bool_)
        for number, part in enumerate(self._parts[name], self._first[name]):
            left = np.flatnonzero(~found & self._sieve.passes(held, number))
            if len(left):
                said: Any = pc.match_substring_regex(texts.take(pa.array(left)), part)
                found[left] = said.to_numpy(zero_copy_only=False)
        return found


def _parts(pattern: str) -> list[str]:
    """The alternatives of a pattern, translated: those that repeat nothing in one, each of the others by itself."""
    ways = _alternatives(unlike(pattern))
    plain, repeating = ([way for way in ways if bool(_REPEAT.search(way)) is repeats] for repeats in (False, True))
    return ["|".join(plain), *repeating] if plain else repeating


# Alternatives that repeat something multiply each other's states, of which RE2 keeps so many, and what one needs is told
# more closely than what several do: each is tried by itself.
_REPEAT: Final = re.compile(r"[*+]|\{\d")
_TOKEN: Final = re.compile(r"\\.|\[\^?(?:\\.|[^\]\\])+\]|\(\?:|.", re.DOTALL)


def _alternatives(pattern: str) -> list[str]:
    """The alternatives of a pattern at its top level, translated."""
    ways, depth = [""], 0
    for match in _TOKEN.finditer(pattern):
        depth += {"(?:": 1, ")": -1}.get(match[0], 0)
        if match[0] == "|" and not depth:
            ways.append("")
        else:
            ways[-1] += _token(match[0])
    return ways


_SAID: Final = {
    ".": f"(?:{_SPELT}|[^X\\n])",
    r"\w": f"(?:{_SPELT}|[a-z0-9_])",
    r"\S": f"(?:{_SPELT}|[^X\\s])",
    r"\Z": r"\z",
    **{escape: escape for escape in (r"\b", r"\B", r"\d", r"\n", r"\s")},
}


def _token(token: str) -> str:
    if token in _SAID:
        return _SAID[token]
    if token[0] == "\\" and token[1].isalnum():
        raise ValueError(f"{token} is not translated")
    if token[0] == "[":
        return _class(token)
    said = token.translate(SPELLING)
    return said if said == token else f"(?:{said})"


def _class(token: str) -> str:
    """A class of characters as one of ASCII characters and what is spelt in several."""
    unlike, inside = token[1] == "^", token[1:-1].removeprefix("^")
    spelt_out = [SPELLING[ord(letter)] for letter in inside if len(SPELLING[ord(letter)]) > 1]
    plain = "".join(letter for letter in inside if len(SPELLING[ord(letter)]) == 1).replace(r"\w", "a-z0-9_")
    if unlike and (spelt_out or r"\w" in inside):
        raise ValueError(f"{token} is not translated")
    if unlike:
        return f"(?:{_SPELT}|[^X{plain}])"
    ways = [*([_SPELT] if r"\w" in inside else []), *spelt_out, *([f"[{plain}]"] if plain else [])]
    return f"(?:{'|'.join(ways)})"


def not_before(*words: str) -> str:
    r"""A pattern of whatever stands where none of the words does; the last thing in an alternative.

    Args:
        words: plain letters; one that ends in ``\b`` is a word of its own, others may go on.
    """
    return _other_than(
        _trie(word.split("\\b")[0] for word in words), {word[:-2] for word in words if word.endswith("\\b")}
    )


def not_after(*words: str) -> str:
    """A pattern of whatever ends where none of the words does; the first thing in an alternative.

    Args:
        words: plain letters.
    """
    return _other_before(_trie(word[::-1] for word in words))


_Trie = dict[str, Any]


def _trie(words: Iterable[str]) -> _Trie:
    root: _Trie = {}
    for word in words:
        node = root
        for letter in word:
            node = node.setdefault(letter, {})
        node.clear()
    return root


def _other_than(node: _Trie, whole: set[str], before: str = "") -> str:
    ways = [r"\Z", f"[^{''.join(node)}]"]
    for letter, after in node.items():
        if after:
            ways.append(letter + _other_than(after, whole, before + letter))
        elif before + letter in whole:
            ways.append(rf"{letter}\B")
    return f"(?:{'|'.join(ways)})"


def _other_before(node: _Trie) -> str:
    ways = ["^", f"[^{''.join(node)}]", *(_other_before(before) + letter for letter, before in node.items() if before)]
    return f"(?:{'|'.join(ways)})"
