"""Which words and pairs of words a text holds, as bucket numbers: features for a classifier made on the spot."""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
import numpy.typing as npt

from revenuer.text.tokens import Tokens

__all__ = ["BUCKETS", "HEAD_TOKENS", "TAIL_TOKENS", "bucket_rows", "weighed"]

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
U64 = npt.NDArray[np.uint64]

BUCKETS: Final = 1 << 16
# Of a long text its two ends are read: what is asked stands there, bulk in the middle.
HEAD_TOKENS: Final = 96
TAIL_TOKENS: Final = 64
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(48)


@nb.njit(cache=True, nogil=True)
def _bucket(one: np.uint64, two: np.uint64) -> Any:
    return np.int64(((one * np.uint64(31) + two) * _MIX) >> _SHIFT)


@nb.njit(cache=True, nogil=True)
def _rows(hashes: U64, offsets: I64, salt: np.uint64, seen: I32, out: I32, ends: I64) -> int:
    """Distinct buckets of each text, one after the other; returns how many there are."""
    at = 0
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        before = salt
        for i in range(start, end):
            if start + HEAD_TOKENS <= i < end - TAIL_TOKENS:
                continue
            for bucket in (_bucket(salt, hashes[i]), _bucket(before, hashes[i])):
                if seen[bucket] != row + 1:
                    seen[bucket] = row + 1
                    out[at] = bucket
                    at += 1
            before = hashes[i]
        ends[row + 1] = at
    return at


def bucket_rows(tokens: Tokens, salt: int = 0) -> tuple[I32, I64]:
    """The distinct buckets of the words and pairs of neighbours of each text.

    Args:
        tokens: the texts.
        salt: of the kind of text; equal words of two kinds fall into different buckets.

    Returns:
        bucket numbers, and offsets of shape (texts + 1,).
    """
    read = np.minimum(np.diff(tokens.offsets), HEAD_TOKENS + TAIL_TOKENS).sum()
    out, ends = np.empty(2 * int(read) + 2, np.int32), np.zeros(len(tokens.offsets), np.int64)
    size = _rows(tokens.hashes, tokens.offsets, np.uint64(salt + 1), np.zeros(BUCKETS, np.int32), out, ends)
    return out[:size], ends


@nb.njit(cache=True, nogil=True)
def weighed(ends: I32, words: I32, known: Bools, weights: F32) -> F32:
    """Rows of words, each row of unit length, times the weights of each word.

    Args:
        ends: offsets of shape (rows + 1,) into `words`.
        words: which weights each row has.
        known: which words weigh anything, shape (words,).
        weights: shape (words, width).

    Returns:
        shape (rows, width).
    """
    sums = np.zeros((len(ends) - 1, weights.shape[1]), np.float32)
    for row in range(len(sums)):
        share = np.float32(1.0 / np.sqrt(max(ends[row + 1] - ends[row], 1)))
        for word in words[ends[row] : ends[row + 1]]:
            if known[word]:
                for column in range(weights.shape[1]):
                    sums[row, column] += share * weights[word, column]
    return sums
