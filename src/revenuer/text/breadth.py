"""How many accounts send a shingle, and the part of a text that more than a few of them do.

Of every shingle a bitmap is kept with a bit for each account that sent it, 64 bits wide: bits set are at most the accounts there were
(linear counting, Whang et al. 1990, "A linear-time probabilistic counting algorithm", here as a lower bound only). The bitmaps stand in
a table of fixed size in two places each, of which both are asked; other shingles in the same places can only add bits.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
import numpy.typing as npt

from revenuer.text.tokens import I64, U64, Tokens, mix

__all__ = ["account_bits", "broad_parts", "either", "spread"]

_MOST_BITS: Final = 24
_ROW_TWO: Final = np.uint64(0xA0761D6478BD642F)


def account_bits(accounts: I64) -> U64:
    """The bit of each account, shape (rows,), from hashes of their ids."""
    bits: U64 = np.uint64(1) << (accounts.view(np.uint64) >> np.uint64(58))
    return bits


def either(bits: U64, groups: npt.NDArray[np.integer[Any]], n: int) -> U64:
    """The bits that any row of each of `n` groups has, shape (n,); rows of a group below 0 count nowhere."""
    held = groups >= 0
    total = np.zeros(n, np.uint64)
    np.bitwise_or.at(total, groups[held], bits[held])
    return total


@nb.njit(cache=True, nogil=True)
def _spread(hashes: U64, offsets: I64, bits: U64, table: U64) -> None:
    mask = np.uint64(table.shape[0] - 1)
    for t in range(offsets.shape[0] - 1):
        for i in range(offsets[t], offsets[t + 1]):
            h = hashes[i]
            table[h & mask] |= bits[t]
            table[mix(h ^ _ROW_TWO) & mask] |= bits[t]


def spread(sets: Tokens, bits: U64) -> U64:
    """The table of bitmaps of these sets of shingles.

    Args:
        sets: shingles.
        bits: of the accounts that sent each set, shape (sets,).
    """
    slots = int(np.clip(np.ceil(np.log2(4 * len(sets.hashes) + 1)), 10, _MOST_BITS))
    table = np.zeros(1 << slots, np.uint64)
    _spread(sets.hashes, sets.offsets, bits, table)
    return table


@nb.njit(inline="always")
def _ones(bits: np.uint64) -> int:
    count = 0
    while bits:
        bits &= bits - np.uint64(1)
        count += 1
    return count


@nb.njit(cache=True, nogil=True)
def _broad(hashes: U64, offsets: I64, table: U64, least: int, run: int, out: U64, ends: I64) -> int:
    mask = np.uint64(table.shape[0] - 1)
    n = 0
    for t in range(offsets.shape[0] - 1):
        begin, length = n, 0
        for i in range(offsets[t], offsets[t + 1]):
            h = hashes[i]
            if _ones(table[h & mask] & table[mix(h ^ _ROW_TWO) & mask]) >= least:
                out[n] = h
                n += 1
                length += 1
            else:
                if length < run:
                    n -= length
                length = 0
        if length < run:
            n -= length
        if n == begin:  # nothing of it is broad: it stays as it is
            for i in range(offsets[t], offsets[t + 1]):
                out[n] = hashes[i]
                n += 1
        ends[t + 1] = n
    return n


def broad_parts(sets: Tokens, table: U64, *, least: int, run: int) -> Tokens:
    """Of each set the shingles, in runs of `run` or more, that `least` accounts or more sent; all of it if there are none.

    Args:
        sets: shingles, in the order in which they stand in their texts.
        table: from `spread`.
        least: accounts, 64 at the most; a bit is one account at least.
        run: shingles in a row.
    """
    out, ends = np.empty(len(sets.hashes), np.uint64), np.zeros(len(sets.offsets), np.int64)
    n = _broad(sets.hashes, sets.offsets, table, least, run, out, ends)
    return Tokens(out[:n].copy(), ends)
