"""Where in a text somebody else's words may begin: at quotation marks, tags, fences, and lines that look like a heading of them."""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.text.tokens import string_buffers

__all__ = ["beginnings"]

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


# The first two letters of headings of lines and fields, and of the names of tags, as `fingerprint.spans` knows them.
_HEADINGS: Final = (
    "te me pr re in on co em po ti fo ea ob to fu se st lo us so na ei be am le el il op dn de wa we is tr pu ve"
)
_NAMED: Final = (
    "to fu se st ob lo co te re do qu bl me em ma ci tr so ar pa ex po ch ti sn us pr in ca sa we ht bo da hi at q>"
    " q\t q] wa er fa de"  # with those of a log's levels
)


def _pairs(words: str) -> Bools:
    """Which pairs of letters these are, by five bits of each, so that case does not matter; shape (1024,)."""
    table = np.zeros(1 << 10, np.bool_)
    for pair in words.split(" "):
        table[(ord(pair[0]) & 31) << 5 | ord(pair[1]) & 31] = True
    return table


_HEADING_PAIRS: Final = _pairs(_HEADINGS)
_NAME_PAIRS: Final = _pairs(_NAMED)
_NAME_PAIRS[(ord("q") & 31) << 5] = True  # <q and a blank


@nb.njit(inline="always")
def _at(data: U8, i: int, start: int, end: int) -> int:
    """The byte at `i`; a line's end outside the text."""
    b: Any = np.int64(data[i]) if start <= i < end else 10
    return int(b)


@nb.njit(inline="always")
def _begins(data: U8, i: int, start: int, end: int, pairs: Bools) -> bool:
    """Whether letters stand at byte `i` that are among these pairs, or that are not ASCII and may count as others."""
    one, two = _at(data, i, start, end), _at(data, i + 1, start, end)
    return bool(one >= 0x80 or (97 <= (one | 32) <= 122 and (two >= 0x80 or pairs[(one & 31) << 5 | two & 31])))


@nb.njit(inline="always")
def _is_word(b: int) -> bool:
    return 97 <= (b | 32) <= 122 or 48 <= b <= 57 or b == 95


@nb.njit(inline="always")
def _last_colon(data: U8, i: int, end: int) -> int:
    """Where the last colon, full-width colon or ideographic full stop of the line that holds byte `i` stands; or -1."""
    last = -1
    while i < end and data[i] != 10:
        b = data[i]
        if b == 58 or (b == 0x9A and data[i - 1] == 0xBC) or (b == 0x82 and data[i - 1] == 0x80):
            last = i
        i += 1
    return last


@nb.njit(inline="always")
def _is_day(data: U8, i: int, start: int, end: int) -> bool:
    """Whether a date like `jan 12` may begin at byte `i`: a digit follows three letters and a blank or two."""
    day = _at(data, i + 5, start, end)
    return bool(_at(data, i + 3, start, end) == 32 and (48 <= day <= 57 or day >= 0x80))


@nb.njit(inline="always")
def _is_heading(data: U8, start: int, i: int, end: int, colon: int, below: bool) -> bool:  # noqa: FBT001
    """Whether the line that begins at byte `i` may begin with a mark of lines: a fence, `>`, a log's entry, `Tool output:`."""
    while i < end and (data[i] == 32 or data[i] == 9):
        i += 1
    b = _at(data, i, start, end)
    after = _at(data, i + 1, start, end)
    if b >= 0x80 or b == 62:
        return True
    if b == 91:
        return bool(48 <= after <= 57 or _begins(data, i + 1, start, end, _NAME_PAIRS))
    if b == 96 or b == 126 or b == 45:
        return bool(after == b)
    if 48 <= b <= 57:
        while i < end and 48 <= data[i] <= 57:
            i += 1
        b, after = _at(data, i, start, end), _at(data, i + 1, start, end)
        return bool(b >= 0x80 or ((b == 45 or b == 46) and (48 <= after <= 57 or after >= 0x80)))
    if colon >= i and _is_day(data, i, start, end):
        return True
    return bool((colon >= i or below) and _begins(data, i, start, end, _HEADING_PAIRS))


@nb.njit(inline="always")
def _is_sign(data: U8, start: int, i: int, end: int) -> bool:
    """Whether the character at byte `i` may open or close a span wherever it stands."""
    b, before, after = data[i], _at(data, i - 1, start, end), _at(data, i + 1, start, end)
    third = _at(data, i + 2, start, end)
    found = b == 34
    if b == 39:
        found = not (_is_word(before) and _is_word(after))
    elif b == 60 or b == 91:
        found = _begins(data, i + 2 if after == 47 else i + 1, start, end, _NAME_PAIRS)
    elif b == 96:
        found = after == 96 and third == 96
    elif b == 0xC2:
        found = after == 0xAB or after == 0xBB
    elif b == 0xE2 and after == 0x80 and third == 0x99:
        found = not (_is_word(before) and _is_word(_at(data, i + 3, start, end)))
    elif b == 0xE2 and after == 0x80:
        found = third == 0x98 or 0x9C <= third <= 0x9E or third == 0xB9 or third == 0xBA
    elif b == 0xE3 and after == 0x80:
        found = 0x8A <= third <= 0x8F or third == 0x9D or third == 0x9E
    elif b == 0xEF and after == 0xBC:
        found = third == 0x82
    return bool(found)


_PLAIN, _INNER, _LINE, _STOP = 0, 1, 2, 3


def _kinds() -> U8:
    """What each byte may be: of no weight, within a character, a line's end, the end of a sentence; 4 and more: a sign."""
    kinds = np.zeros(256, np.uint8)
    kinds[0x80:0xC0] = _INNER
    kinds[[0x0A, *b".?!"]] = [_LINE, _STOP, _STOP, _STOP]
    kinds[[*b"\"'<[`", 0xC2, 0xE2, 0xE3, 0xEF]] = 4
    return kinds


_KINDS: Final = _kinds()


@nb.njit(cache=True, nogil=True)
def _find(data: U8, ends: I64, below: Bools, kinds: U8) -> tuple[I64, I64]:
    texts = ends.shape[0] - 1
    room, n = 1024, 0
    places, counts = np.empty(room, np.int64), np.zeros(texts + 1, np.int64)
    for t in range(texts):
        start, end, character, colon = ends[t], ends[t + 1], -1, -1
        line, since = True, 9  # whether a line begins, and bytes since a sentence ended
        for i in range(start, end):
            kind = kinds[data[i]]
            if kind == _INNER:
                since = 0  # the end of a sentence in other scripts, maybe
                continue
            character += 1
            since += 1
            opens = False
            if line:
                colon = _last_colon(data, i, end)
                opens = _is_heading(data, start, i, end, colon, below[t])
            elif since == 2:
                opens = colon >= i and data[i - 1] == 32 and _begins(data, i, start, end, _HEADING_PAIRS)
            line = kind == _LINE
            if kind == _STOP:
                since = 0
            if opens or (kind > _STOP and _is_sign(data, start, i, end)):
                if n == room:
                    room *= 2
                    bigger = np.empty(room, np.int64)
                    bigger[:n] = places[:n]
                    places = bigger
                places[n] = character
                n += 1
        counts[t + 1] = n
    return places[:n].copy(), counts


def beginnings(texts: pa.Array, below: Bools) -> tuple[I64, I64]:
    """Characters at which a mark of `fingerprint.spans` may begin, but for those that words within a line are.

    Far from all of them begin one; what begins one is among them.

    Args:
        texts: an array of strings.
        below: shape (texts,), whether a line without a colon may begin one.

    Returns:
        the places of all texts, in order, and the first and past the last of each text's, shape (texts + 1,).
    """
    places: tuple[I64, I64] = _find(*string_buffers(texts), below, _KINDS)
    return places
