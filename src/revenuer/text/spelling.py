"""Texts without case, spelt in ASCII letters: as patterns read them, written by one compiled pass."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

import numba as nb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.text.tokens import string_buffers

__all__ = ["SPELLING", "folded", "is_blank", "spelt", "strings", "unlike"]

U8 = npt.NDArray[np.uint8]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

# Letters that `re.IGNORECASE` takes for others although `str.lower` does not.
_ALIKE: Final = tuple(zip("ıſςᲀᲁᲂᲃᲄᲅ", "isσвдостт", strict=True))  # noqa: RUF001 - letters of other scripts are the point
_SPELT_BYTES: Final = 7  # "X" and six digits


def folded(text: str) -> str:
    """The text, of the same length, in which a pattern of lower-case letters finds what it finds in `text` without case."""
    lower = text.replace("İ", "i").lower()
    return lower if lower.isascii() else unlike(lower)


def unlike(lower: str) -> str:
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


SPELLING: Final = _Spelling()
_FOREIGN: Final = re.compile("[^\\x00-\\x7f]+")
_PLANE: Final = 1 << 16


@cache
def _table() -> I32:
    """What each character of the Basic Multilingual Plane becomes: a character, or less than 0 the letter to spell out."""
    table = np.arange(_PLANE, dtype=np.int32)
    for code in (code for code in range(_PLANE) if not 0xD800 <= code < 0xE000):
        lower = ord(folded(chr(code)))
        said = SPELLING[lower]
        table[code] = ord(said) if len(said) == 1 else -lower
    return table


@nb.njit(inline="always")
def is_blank(cp: int) -> bool:
    """Whether a character is white space, as `str.isspace` has it."""
    if cp < 0x80:
        return cp == 32 or 9 <= cp <= 13 or 28 <= cp <= 31
    return cp in (0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000) or 0x2000 <= cp <= 0x200A


@nb.njit(inline="always")
def _written(out: U8, n: int, cp: int) -> int:
    """Append a character to `out` as UTF-8."""
    if cp < 0x80:
        out[n] = cp
        return n + 1
    if cp < 0x800:
        out[n], out[n + 1] = 0xC0 | (cp >> 6), 0x80 | (cp & 0x3F)
        return n + 2
    out[n], out[n + 1], out[n + 2] = 0xE0 | (cp >> 12), 0x80 | ((cp >> 6) & 0x3F), 0x80 | (cp & 0x3F)
    return n + 3


@nb.njit(inline="always")
def _numbered(out: U8, n: int, letter: int) -> int:
    """Append a letter by its number, in hexadecimal capitals."""
    out[n] = 88
    for place in range(6):
        digit = (letter >> (4 * (5 - place))) & 15
        out[n + 1 + place] = digit + (48 if digit < 10 else 55)
    return n + 7


@nb.njit(cache=True, nogil=True)
def _spell(data: U8, ends: I64, table: I32, room: int, squeeze: bool) -> tuple[U8, I64, npt.NDArray[np.bool_]]:  # noqa: FBT001
    """The texts spelt, and which of them hold characters beyond the table, which are left out."""
    texts = ends.shape[0] - 1
    out, offsets, beyond = np.empty(room, np.uint8), np.zeros(texts + 1, np.int64), np.zeros(texts, np.bool_)
    n = 0
    for t in range(texts):
        i, first, gap = ends[t], n, False
        while i < ends[t + 1]:
            b = np.int64(data[i])
            if 32 < b < 0x80 or (b <= 32 and not squeeze):
                if gap and n > first:
                    out[n] = 32
                    n += 1
                gap = False
                out[n] = table[b]
                n += 1
                i += 1
                continue
            if b < 0x80:
                cp, i = b, i + 1
            elif b < 0xE0:
                cp, i = ((b & 0x1F) << 6) | (data[i + 1] & 0x3F), i + 2
            elif b < 0xF0:
                cp = ((b & 0x0F) << 12) | ((np.int64(data[i + 1]) & 0x3F) << 6) | (data[i + 2] & 0x3F)
                i += 3
            else:
                beyond[t] = True
                break
            if squeeze and is_blank(cp):
                gap = True
                continue
            if gap and n > first:
                out[n] = 32
                n += 1
            gap = False
            said = table[cp]
            n = _written(out, n, said) if said >= 0 else _numbered(out, n, -said)
        if beyond[t]:
            n = first
        offsets[t + 1] = n
    return out[:n].copy(), offsets, beyond


def strings(data: U8, offsets: I64) -> pa.Array:
    """Bytes and where each text starts and ends in them, as an Arrow array of strings, without a copy."""
    buffers = [None, pa.py_buffer(np.ascontiguousarray(offsets)), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.large_string(), len(offsets) - 1, buffers)


def spelt(texts: pa.Array, *, squeezed: bool = False) -> pa.Array:
    """Texts as patterns read them: folded, letters of other scripts spelt in ASCII.

    Args:
        texts: an array of strings; null is an empty text.
        squeezed: white space at the ends is left out, and each run of it within is one blank.

    Returns:
        shape (texts,), large strings. The GIL is released meanwhile, but for texts with characters beyond U+FFFF.
    """
    data, ends = string_buffers(texts)
    letters = int(np.count_nonzero(data[ends[0] : ends[-1]] >= 0xC0))
    out, offsets, beyond = _spell(data, ends, _table(), int(ends[-1] - ends[0]) + _SPELT_BYTES * letters, squeezed)
    found = strings(out, offsets)
    rest = np.flatnonzero(beyond)
    if not len(rest):
        return found
    said = [_spelt(text, squeezed) for text in texts.take(pa.array(rest)).to_pylist()]
    place = np.arange(len(texts))
    place[rest] = len(texts) + np.arange(len(rest))
    return pa.concat_arrays([found, pa.array(said, pa.large_string())]).take(pa.array(place))


def _spelt(text: str, squeezed: bool) -> str:  # noqa: FBT001 - the caller's own
    lower = folded(" ".join(text.split()) if squeezed else text)
    return _FOREIGN.sub(lambda run: run[0].translate(SPELLING), lower)
