"""Shingles of four tokens and a fixed-size table of how many texts hold each: the raw matter of frames.

The table is a count-min sketch with two rows folded into one byte array (Cormode and Muthukrishnan 2005, "An improved
data stream summary"); counts saturate at 255. It errs upwards only, and a frame needs several frequent shingles in a
row, so a collision alone makes no frame.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
import numpy.typing as npt

from revenuer.text.tokens import I64, U64, Tokens, mix

__all__ = [
    "SHINGLE",
    "TABLE_BITS",
    "add_tables",
    "count_documents",
    "empty_table",
    "frequent_shingles",
    "shared_shingles",
    "windows",
]

SHINGLE: Final = 4
TABLE_BITS: Final = 26
_SCRATCH_BITS: Final = 14

_A: Final = np.uint64(0x9E3779B97F4A7C15)
_B: Final = np.uint64(0xBF58476D1CE4E5B9)
_C: Final = np.uint64(0x94D049BB133111EB)
_D: Final = np.uint64(0xD6E8FEB86659FD93)
_ROW_TWO: Final = np.uint64(0xA0761D6478BD642F)

U8 = npt.NDArray[np.uint8]


@nb.njit(inline="always")
def shingle_at(hashes: U64, i: int) -> Any:
    """Hash of the four tokens from position `i`, order kept."""
    return mix(hashes[i] * _A + (hashes[i + 1] * _B ^ (hashes[i + 2] * _C + hashes[i + 3] * _D)) * _ROW_TWO)


@nb.njit(inline="always")
def table_count(table: U8, mask: np.uint64, shingle: np.uint64) -> Any:
    """How many texts hold the shingle, at least; never less than the truth below saturation."""
    return min(table[shingle & mask], table[mix(shingle ^ _ROW_TWO) & mask])


@nb.njit(cache=True, nogil=True)
def _count_documents(hashes: U64, offsets: I64, copies: I64, table: U8, scratch: U64) -> None:
    mask = np.uint64(table.shape[0] - 1)
    seen = np.uint64(scratch.shape[0] - 1)
    for t in range(offsets.shape[0] - 1):
        serial = np.uint64(t + 1) * _A
        add = min(copies[t], 255)
        for i in range(offsets[t], offsets[t + 1] - 3):
            h = shingle_at(hashes, i)
            # shingle and text in one: another shingle in the same place is counted twice, never left out
            if scratch[(h >> np.uint64(40)) & seen] == h ^ serial:
                continue
            scratch[(h >> np.uint64(40)) & seen] = h ^ serial
            one, two = h & mask, mix(h ^ _ROW_TWO) & mask
            table[one] = min(table[one] + add, 255)
            if two != one:
                table[two] = min(table[two] + add, 255)


@nb.njit(cache=True, nogil=True)
def _windows(hashes: U64, out: U64) -> None:
    for i in range(out.shape[0]):
        out[i] = shingle_at(hashes, i)


def windows(hashes: U64) -> U64:
    """The shingles of one text, in order; shape (tokens - 3,), none for a text of fewer than four tokens."""
    out = np.empty(max(len(hashes) - SHINGLE + 1, 0), np.uint64)
    _windows(hashes, out)
    return out


def empty_table(bits: int = TABLE_BITS) -> U8:
    """A table of `2**bits` one-byte counters, all zero."""
    return np.zeros(1 << bits, np.uint8)


def count_documents(tokens: Tokens, table: U8, copies: I64 | None = None) -> None:
    """Add to `table`, in place, one for every text that holds a shingle.

    Args:
        tokens: the texts.
        table: from `empty_table`.
        copies: how often each text occurs, shape (texts,); once by default.
    """
    scratch = np.zeros(1 << _SCRATCH_BITS, np.uint64)
    times = np.ones(len(tokens.offsets) - 1, np.int64) if copies is None else copies
    _count_documents(tokens.hashes, tokens.offsets, times, table, scratch)


def add_tables(one: U8, other: U8) -> U8:
    """The sum of two tables, saturating at 255."""
    total = one + other
    total[total < one] = 255
    return total


@nb.njit(cache=True, nogil=True)
def _frequent(hashes: U64, offsets: I64, table: U8, least: int, run: int, out: U64, out_offsets: I64) -> int:
    mask = np.uint64(table.shape[0] - 1)
    n = 0
    for t in range(offsets.shape[0] - 1):
        out_offsets[t] = n
        length = 0
        for i in range(offsets[t], offsets[t + 1] - 3):
            h = shingle_at(hashes, i)
            if table_count(table, mask, h) >= least:
                out[n] = h
                n += 1
                length += 1
            else:
                if length < run:
                    n -= length  # too short a run: a common phrase, not a frame
                length = 0
        if length < run:
            n -= length
    out_offsets[offsets.shape[0] - 1] = n
    return n


def frequent_shingles(tokens: Tokens, table: U8, *, least: int, run: int) -> Tokens:
    """The shingles of each text that stand in runs of `run` or more, each held by `least` texts or more."""
    out = np.empty(max(len(tokens.hashes), 1), np.uint64)
    offsets = np.zeros(len(tokens.offsets), np.int64)
    n = _frequent(tokens.hashes, tokens.offsets, table, least, run, out, offsets)
    return Tokens(out[:n].copy(), offsets)


@nb.njit(cache=True, nogil=True)
def _shared(hashes: U64, offsets: I64, copies: I64, groups: I64, share: float, out: U64, ends: I64) -> int:
    n = 0
    for g in range(groups.shape[0] - 1):
        low, high = groups[g], groups[g + 1]
        room = offsets[high] - offsets[low]
        held, times = np.empty(room, np.uint64), np.empty(room, np.int64)
        size = total = 0
        for t in range(low, high):
            total += copies[t]
            own = np.sort(hashes[offsets[t] : offsets[t + 1]])
            for i in range(own.shape[0]):
                if i == 0 or own[i] != own[i - 1]:  # a text holds a shingle once, however often it stands there
                    held[size], times[size] = own[i], copies[t]
                    size += 1
        order = np.argsort(held[:size])
        count = 0
        for i in range(size):
            count += times[order[i]]
            if i + 1 == size or held[order[i + 1]] != held[order[i]]:
                if count >= share * total:
                    out[n] = held[order[i]]
                    n += 1
                count = 0
        ends[g + 1] = n
    return n


def shared_shingles(sets: Tokens, copies: I64, groups: I64, share: float) -> Tokens:
    """The shingles that a share of the texts of each group hold, in ascending order.

    Args:
        sets: shingles of each text, the texts of a group one after the other.
        copies: how often each text occurs, shape (texts,).
        groups: where each group begins and the last one ends, shape (groups + 1,).
        share: of the texts of a group, copies counted, that must hold a shingle.

    Returns:
        one set a group.
    """
    out, ends = np.empty(len(sets.hashes), np.uint64), np.zeros(len(groups), np.int64)
    n = _shared(sets.hashes, sets.offsets, copies, groups, share, out, ends)
    return Tokens(out[:n].copy(), ends)
