"""Patterns of words, looked for in many texts at once by RE2, which Arrow brings.

RE2 takes time linear in the text and lets go of the interpreter's lock. It knows words of ASCII letters alone: letters of other
scripts are therefore spelt in ASCII, in texts and patterns alike, by capitals that no folded text holds. What a pattern
finds is what `re` finds with it in the folded text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Pattern", "folded", "not_after", "not_before", "spelt"]

Bools = npt.NDArray[np.bool_]

# Letters that `re.IGNORECASE` takes for others although `str.lower` does not.
_ALIKE: Final = tuple(zip("ıſςᲀᲁᲂᲃᲄᲅ", "isσвдостт", strict=True))  # noqa: RUF001 - letters of other scripts are the point
_SPELT: Final = "X[0-9A-F]{6}"


def folded(text: str) -> str:
    """The text, of the same length, in which a pattern of lower-case letters finds what it finds in `text` without case."""
    lower = text.replace("İ", "i").lower()
    return lower if lower.isascii() else _unlike(lower)


def _unlike(lower: str) -> str:
    """Lower-case text or pattern with one letter for those that count as one."""
    for letter, alike in _ALIKE:
        lower = lower.replace(letter, alike)
    return lower


class _Spelling(dict[int, str]):
    """How each character is spelt: digits as ASCII ones, other letters by their number, what is no letter as it is."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        if letter.isdecimal():
            said = str(int(letter))
        else:
            said = f"X{code:06X}" if letter.isalnum() and not letter.isascii() else letter
        self[code] = said
        return said


_SPELLING: Final = _Spelling()
_FOREIGN: Final = re.compile("[^\\x00-\\x7f]+")


def spelt(texts: Iterable[str]) -> pa.Array:
    """Folded texts as patterns read them."""
    return pa.array([text if text.isascii() else _FOREIGN.sub(_spelt, text) for text in texts], pa.string())


def _spelt(run: re.Match[str]) -> str:
    return run[0].translate(_SPELLING)


class Pattern:
    """A pattern in the syntax of `re`, of lower-case letters, without groups that are named and without looking around.

    Raises:
        ValueError: it says something that cannot be said in ASCII letters.
    """

    def __init__(self, pattern: str) -> None:
        """Translate the pattern."""
        ways = _alternatives(_unlike(pattern))
        plain, repeating = ([way for way in ways if bool(_REPEAT.search(way)) is repeats] for repeats in (False, True))
        parts = [plain, *(repeating[at : at + _TOGETHER] for at in range(0, len(repeating), _TOGETHER))]
        self._parts = ["|".join(part) for part in parts if part]

    def stands(self, texts: pa.Array) -> Bools:
        """In which of the texts it matches anywhere.

        Args:
            texts: as `spelt` gives them.
        """
        found = np.zeros(len(texts), np.bool_)
        for part in self._parts:
            left = np.flatnonzero(~found)
            said: Any = pc.match_substring_regex(texts.take(pa.array(left)), part)
            found[left] = said.to_numpy(zero_copy_only=False)
        return found


# Alternatives that repeat something multiply each other's states, of which RE2 keeps so many: a few at a time are quicker.
_REPEAT: Final = re.compile(r"[*+]|\{\d")
_TOGETHER: Final = 4
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
    said = token.translate(_SPELLING)
    return said if said == token else f"(?:{said})"


def _class(token: str) -> str:
    """A class of characters as one of ASCII characters and what is spelt in several."""
    unlike, inside = token[1] == "^", token[1:-1].removeprefix("^")
    spelt_out = [_SPELLING[ord(letter)] for letter in inside if len(_SPELLING[ord(letter)]) > 1]
    plain = "".join(letter for letter in inside if len(_SPELLING[ord(letter)]) == 1).replace(r"\w", "a-z0-9_")
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
