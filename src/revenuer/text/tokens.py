"""UTF-8 text to masked token hashes, over Arrow buffers.

A token is a run of letters and digits, folded to lower case, in which every run of digits counts as one `0`; in scripts
written without spaces each character is a token. Nothing else is kept, so numbers, punctuation and layout never tell
two prompts apart. A token is represented by a 64-bit hash that every engine computes alike.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.text.characters import WORDS, is_unspaced

__all__ = [
    "HEAD_BYTES",
    "TAIL_BYTES",
    "Tokens",
    "hash_strings",
    "mix",
    "string_buffers",
    "take",
    "token_hash",
    "tokenize",
]

# A longer text is read at both ends: instructions stand at the start or the end, bulk in the middle.
HEAD_BYTES: Final = 24_576
TAIL_BYTES: Final = 8_192

_SEED: Final = np.uint64(0xCBF29CE484222325)
_PRIME: Final = np.uint64(0x100000001B3)
_MIX_A: Final = np.uint64(0xFF51AFD7ED558CCD)
_MIX_B: Final = np.uint64(0xC4CEB9FE1A85EC53)
_S33: Final = np.uint64(33)

U16 = npt.NDArray[np.uint16]
U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]


class Tokens(NamedTuple):
    """Token hashes of many texts laid end to end.

    Attributes:
        hashes: shape (total tokens,), uint64.
        offsets: shape (texts + 1,), int64; text i owns `hashes[offsets[i]:offsets[i + 1]]`.
    """

    hashes: U64
    offsets: I64


@nb.njit(inline="always")
def mix(h: np.uint64) -> np.uint64:
    """Finalise a 64-bit hash (MurmurHash3 fmix64, Appleby, public domain)."""
    h ^= h >> _S33
    h *= _MIX_A
    h ^= h >> _S33
    h *= _MIX_B
    return h ^ (h >> _S33)


_is_unspaced = nb.njit(inline="always")(is_unspaced)


@nb.njit(cache=True, nogil=True)
def _span_tokens(data: npt.NDArray[np.uint8], start: int, end: int, words: U16, out: U64, n: int) -> int:
    """Append the tokens of `data[start:end]` to `out` from position `n`; return the new count.

    In one piece: with the decoding of a character in a function of its own it took three times as long. ASCII, most of most
    texts, takes no branch: where words end is not foreseen. `out` has room for one more than there are.
    """
    h = _SEED
    inside = False
    digits = False
    i = start
    first = n
    while i < end:
        b = data[i]
        if b < 0x80:
            i += 1
            letter = np.uint64(words[b])
            stops, digit = letter == 0, letter == 48
            out[n] = h
            n += inside & stops
            grown = h if digit & digits else (h ^ letter) * _PRIME
            h = _SEED if stops else grown
            inside, digits = not stops, digit
            continue
        word: Any = 0  # the code point to add to the current token; 0 ends it
        alone = False
        if b < 0xC2:
            i += 1  # a stray continuation byte ends the token, as a space does
        elif b < 0xE0:
            cp = ((b & 0x1F) << 6) | (data[i + 1] & 0x3F) if i + 1 < end else 0
            i += 2
            word = np.int64(words[cp])
        elif b < 0xF0:
            cp = ((b & 0x0F) << 12) | ((data[i + 1] & 0x3F) << 6) | (data[i + 2] & 0x3F) if i + 2 < end else 0
            i += 3
            word = np.int64(words[cp])
            alone = word != 48 and _is_unspaced(cp)
        else:
            if i + 3 < end:
                word = (
                    ((b & 0x07) << 18)
                    | ((data[i + 1] & 0x3F) << 12)
                    | ((data[i + 2] & 0x3F) << 6)
                    | (data[i + 3] & 0x3F)
                )
            alone = True
            i += 4
        if inside and (word == 0 or alone):
            out[n] = h
            n += 1
            h = _SEED
            inside = False
            digits = False
        if word == 0:
            continue
        if alone:
            out[n] = (_SEED ^ np.uint64(word)) * _PRIME
            n += 1
            continue
        if word == 48 and digits:
            continue
        digits = word == 48
        h = (h ^ np.uint64(word)) * _PRIME
        inside = True
    if inside:
        out[n] = h
        n += 1
    for at in range(first, n):
        out[at] = mix(out[at])
    return n


@nb.njit(cache=True, nogil=True)
def _tokenize(data: npt.NDArray[np.uint8], ends: I64, words: U16, head: int, tail: int, out: U64) -> I64:
    texts = ends.shape[0] - 1
    offsets = np.empty(texts + 1, np.int64)
    offsets[0] = 0
    n = 0
    for t in range(texts):
        start, end = ends[t], ends[t + 1]
        if end - start <= head + tail:
            n = _span_tokens(data, start, end, words, out, n)
        else:
            n = _span_tokens(data, start, start + head, words, out, n)
            n = _span_tokens(data, end - tail, end, words, out, n)
        offsets[t + 1] = n
    return offsets


def string_buffers(texts: pa.Array) -> tuple[npt.NDArray[np.uint8], I64]:
    """The bytes of a string array and where each text starts and ends, without a copy; a null is an empty text.

    Returns:
        data: shape (bytes,), uint8, and ends: shape (texts + 1,), int64.
    """
    if texts.null_count:
        texts = texts.fill_null("")
    offset_type = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    _, offsets, data = texts.buffers()
    if len(texts) == 0 or offsets is None:
        return np.zeros(1, np.uint8), np.zeros(len(texts) + 1, np.int64)
    ends = np.frombuffer(offsets, offset_type)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    if data is None or data.size == 0:
        return np.zeros(1, np.uint8), ends
    return np.frombuffer(data, np.uint8), ends


@nb.njit(cache=True, nogil=True)
def _hash_strings(data: npt.NDArray[np.uint8], ends: I64, out: I64) -> None:
    for t in range(ends.shape[0] - 1):
        h = _SEED
        for i in range(ends[t], ends[t + 1]):
            h = (h ^ np.uint64(data[i])) * _PRIME
        out[t] = np.int64(mix(h)) if ends[t + 1] > ends[t] else 0


def hash_strings(texts: pa.Array) -> I64:
    """A 64-bit hash of each string, bytes as they are (FNV-1a, finalised); 0 for null and for the empty string."""
    data, ends = string_buffers(texts)
    out = np.empty(len(ends) - 1, np.int64)
    _hash_strings(data, ends, out)
    return out


@nb.njit(cache=True, nogil=True)
def _take(hashes: U64, offsets: I64, rows: I64, most: int) -> tuple[U64, I64]:
    out_offsets = np.zeros(rows.shape[0] + 1, np.int64)
    for r in range(rows.shape[0]):
        length = min(offsets[rows[r] + 1] - offsets[rows[r]], most) if rows[r] >= 0 else 0
        out_offsets[r + 1] = out_offsets[r] + length
    out = np.empty(out_offsets[rows.shape[0]], np.uint64)
    for r in range(rows.shape[0]):
        length = out_offsets[r + 1] - out_offsets[r]
        if length:
            start = offsets[rows[r]]
            out[out_offsets[r] : out_offsets[r + 1]] = hashes[start : start + length]
    return out, out_offsets


def take(tokens: Tokens, rows: I64, *, most: int = 1 << 40) -> Tokens:
    """The texts numbered `rows` (shape (n,), -1 for an empty text), each cut to its first `most` tokens."""
    return Tokens(*_take(tokens.hashes, tokens.offsets, rows, most))


def tokenize(texts: pa.Array, *, head: int = HEAD_BYTES, tail: int = TAIL_BYTES) -> Tokens:
    """Masked token hashes of each text; of a text longer than `head + tail` bytes, those of its two ends."""
    data, ends = string_buffers(texts)
    room = int((np.minimum(np.diff(ends), head + tail) // 2 + 2).sum())
    # of memory that numpy asks for what is not written takes no place, so what is written need not be copied out of it
    out = np.empty(room, np.uint64)
    offsets = _tokenize(data, ends, WORDS, head, tail, out)
    return Tokens(out[: offsets[-1]], offsets)


def token_hash(word: str) -> int:
    """The hash that `tokenize` gives to a text that is one token; for tables of known words.

    Raises:
        ValueError: the text is not exactly one token.
    """
    hashes = tokenize(pa.array([word])).hashes
    if len(hashes) != 1:
        message = f"{word!r} is {len(hashes)} tokens, not one"
        raise ValueError(message)
    return int(hashes[0])
