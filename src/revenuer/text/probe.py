"""A short list of known shingles held against one text at a time: what an answer to a waiting client may cost."""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
import numpy.typing as npt

from revenuer.text.shingles import SHINGLE, shingle_at
from revenuer.text.tokens import HEAD_BYTES, I64, TAIL_BYTES, U16, U64, _span_tokens

__all__ = ["SIEVE_SHARE", "fill_slots", "look_up"]

# Slots for each word of the sieve: with two to four slots a shingle it has 16 to 32 bits for each.
SIEVE_SHARE: Final = 8

_SIX: Final = np.uint64(6)
_WORD: Final = np.uint64(63)
_ONE: Final = np.uint64(1)
_HIGH: Final = np.uint64(40)


@nb.njit(inline="always")
def _marks(shingle: np.uint64) -> Any:
    """Two bits of one word of the sieve (a blocked Bloom filter, Putze, Sanders and Singler 2007)."""
    high = shingle >> _HIGH
    return (_ONE << (high & _WORD)) | (_ONE << ((high >> _SIX) & _WORD))


@nb.njit(cache=True, nogil=True)
def fill_slots(shingles: U64, slots: U64, place: I64, sieve: U64) -> None:
    """Put distinct shingles where they hash to, and mark them in the sieve.

    Both rooms are powers of two; at least half of the slots stay empty.
    """
    mask, narrow = np.uint64(slots.shape[0] - 1), np.uint64(sieve.shape[0] - 1)
    for i in range(shingles.shape[0]):
        sieve[shingles[i] & narrow] |= _marks(shingles[i])
        at = np.int64(shingles[i] & mask)
        while place[at] >= 0:
            at = np.int64(np.uint64(at + 1) & mask)
        slots[at], place[at] = shingles[i], i


@nb.njit(cache=True, nogil=True)
def _search(keys: I64, key: int) -> int:
    low, high = 0, keys.shape[0]
    while low < high:
        middle = (low + high) >> 1
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low if low < keys.shape[0] and keys[low] == key else -1


@nb.njit(cache=True, nogil=True)
def _held(hashes: U64, slots: U64, place: I64, sieve: U64, out: I64) -> int:
    """The known shingles of a text, as often as they stand there.

    Nearly every shingle is unknown, and the sieve, which stays in the processor's cache where the slots do not, says so.
    """
    mask, narrow = np.uint64(slots.shape[0] - 1), np.uint64(sieve.shape[0] - 1)
    n = 0
    for i in range(hashes.shape[0] - SHINGLE + 1):
        shingle = shingle_at(hashes, i)
        marks = _marks(shingle)
        if sieve[shingle & narrow] & marks != marks:
            continue
        at = np.int64(shingle & mask)
        while place[at] >= 0:
            if slots[at] == shingle:
                out[n] = place[at]
                n += 1
                break
            at = np.int64(np.uint64(at + 1) & mask)
    return n


@nb.njit(cache=True, nogil=True)
def _owner(held: I64, starts: I64, frames: I64, owners: I64, needed: I64) -> int:
    """The first campaign of which a frame has as many of its shingles as it needs; each counts once."""
    counts = np.zeros(owners.shape[0], np.int64)
    owner = -1
    held.sort()
    for i in range(held.shape[0]):
        if i and held[i] == held[i - 1]:
            continue
        for j in range(starts[held[i]], starts[held[i] + 1]):
            frame = frames[j]
            counts[frame] += 1
            if counts[frame] == needed[frame] and (owner < 0 or owners[frame] < owner):
                owner = owners[frame]
    return owner


@nb.njit(cache=True)  # some microseconds: who let go of the interpreter for them would wait longer to get it back
def look_up(
    data: npt.NDArray[np.uint8], words: U16, slots: U64, place: I64, sieve: U64, starts: I64, frames: I64,
    owners: I64, needed: I64, least: int, key: int, keys: I64,
) -> Any:  # fmt: skip
    """Where a key stands among sorted ones, and the owner of the frames that a text holds; -1 for nowhere and nobody.

    Args:
        data: UTF-8, not empty; of a long text both ends are read, as `tokenize` does.
        words: `WORDS`.
        slots: shingles where they hash to, from `fill_slots`.
        place: number of the shingle in each slot, -1 in an empty one.
        sieve: marks of the shingles, from `fill_slots`.
        starts: where the frames of each shingle begin.
        frames: the frames that hold each shingle.
        owners: of the frames.
        needed: how many of its shingles have to be there, of each frame.
        least: the least that any frame needs.
        key: what is looked for.
        keys: ascending, without repetition.
    """
    found = _search(keys, key)
    if owners.shape[0] == 0:
        return found, -1
    size = data.shape[0]
    hashes = np.empty(min(size, HEAD_BYTES + TAIL_BYTES) // 2 + 4, np.uint64)
    if size <= HEAD_BYTES + TAIL_BYTES:
        n = _span_tokens(data, 0, size, words, hashes, 0)
    else:
        n = _span_tokens(data, 0, HEAD_BYTES, words, hashes, 0)
        n = _span_tokens(data, size - TAIL_BYTES, size, words, hashes, n)
    if n < SHINGLE:
        return found, -1
    held = np.empty(n, np.int64)
    count = _held(hashes[:n], slots, place, sieve, held)
    return found, _owner(held[:count], starts, frames, owners, needed) if count >= least else -1
