"""Texts cut into sentences, and texts put together again from some of them, over Arrow buffers."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.text.spelling import is_blank, strings
from revenuer.text.tokens import string_buffers

__all__ = ["put_together", "sentences"]

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@nb.njit(inline="always")
def _width(b: int) -> int:
    return 1 if b < 0x80 else 2 if b < 0xE0 else 3 if b < 0xF0 else 4


@nb.njit(inline="always")
def _character(data: U8, i: int) -> int:
    """The character at byte `i`; one beyond U+FFFF ends no sentence, whichever it is."""
    b: Any = np.int64(data[i])
    cp: int = 0x10000
    if b < 0x80:
        cp = b
    elif b < 0xE0:
        cp = ((b & 0x1F) << 6) | (data[i + 1] & 0x3F)
    elif b < 0xF0:
        cp = ((b & 0x0F) << 12) | ((np.int64(data[i + 1]) & 0x3F) << 6) | (data[i + 2] & 0x3F)
    return cp


@nb.njit(inline="always")
def _stops(cp: int) -> bool:
    """Whether the character ends a sentence: a full stop, ! or ? of any script, a line's end."""
    if cp < 0x80:
        return cp == 0x2E or cp == 0x21 or cp == 0x3F or cp == 0x0A
    return cp == 0x3002 or cp == 0xFF01 or cp == 0xFF1F or cp == 0x61F or cp == 0x964


@nb.njit(cache=True, nogil=True)
def _cut(data: U8, ends: I64) -> tuple[I64, I64]:
    texts = ends.shape[0] - 1
    room, n = 1024 + int(ends[texts] - ends[0]) // 16, 0
    places, counts = np.empty(room, np.int64), np.zeros(texts + 1, np.int64)
    for t in range(texts):
        i, end = ends[t], ends[t + 1]
        while i < end:
            if n == room:
                room *= 2
                bigger = np.empty(room, np.int64)
                bigger[:n] = places[:n]
                places = bigger
            places[n] = i
            n += 1
            while i < end:
                cp = _character(data, i)
                if _stops(cp):
                    # a full stop within a word ends nothing
                    within = cp < 0x80 and cp != 0x0A and i + 1 < end and not is_blank(_character(data, i + 1))
                    if not within:
                        break
                i += _width(data[i])
            while i < end and _stops(_character(data, i)):
                i += _width(data[i])
            while i < end and is_blank(_character(data, i)):
                i += _width(data[i])
        counts[t + 1] = n
    return places[:n].copy(), counts


def sentences(texts: pa.Array) -> tuple[pa.Array, I64]:
    """Each text cut into its sentences: together they are the text.

    A sentence goes up to the first character that ends one, and holds the others and the white space which follow.

    Returns:
        the sentences of all texts as an array of strings, and the first and past the last of each text's, shape (texts + 1,).
    """
    data, ends = string_buffers(texts)
    places, counts = _cut(data, ends)
    return strings(data, np.append(places, ends[-1])), counts


@nb.njit(cache=True, nogil=True)
def _joined(data: U8, places: I64, counts: I64, chosen: Bools) -> tuple[U8, I64]:
    offsets = np.zeros(counts.shape[0], np.int64)
    for t in range(counts.shape[0] - 1):
        length = 0
        for s in range(counts[t], counts[t + 1]):
            length += places[s + 1] - places[s] if chosen[s] else 0
        offsets[t + 1] = offsets[t] + length
    out = np.empty(offsets[-1], np.uint8)
    n = 0
    for s in range(chosen.shape[0]):
        if chosen[s]:
            length = places[s + 1] - places[s]
            out[n : n + length] = data[places[s] : places[s + 1]]
            n += length
    return out, offsets


def put_together(parts: pa.Array, counts: I64, chosen: Bools) -> pa.Array:
    """Each text without the sentences that are not chosen.

    Args:
        parts: the sentences of all texts, as `sentences` gives them.
        counts: as `sentences` gives them.
        chosen: shape (sentences,).
    """
    data, places = string_buffers(parts)
    return strings(*_joined(data, places, counts, chosen))
