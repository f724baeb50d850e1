"""Min-hash sketches of shingle sets and verified grouping by locality-sensitive hashing.

Broder 1997, "On the resemblance and containment of documents"; bands after Indyk and Motwani 1998. Candidates that
share a band are joined only if the estimated Jaccard similarity of their sketches reaches the threshold: without that
check one shared phrase chains everything together.
"""

from __future__ import annotations

from typing import Final

import numba as nb
import numpy as np
import numpy.typing as npt

from revenuer.text.tokens import I64, U64, Tokens, mix

__all__ = ["HASHES", "group_sketches", "set_signatures", "sketches"]

HASHES: Final = 24

U32 = npt.NDArray[np.uint32]


def _multipliers() -> U64:
    return np.random.default_rng(0x5EED).integers(1, 2**63, HASHES, dtype=np.uint64) | np.uint64(1)


_MULTIPLIERS: Final = _multipliers()


@nb.njit(cache=True, nogil=True)
def _sketches(hashes: U64, offsets: I64, multipliers: U64, out: U32) -> None:
    k = multipliers.shape[0]
    for t in range(offsets.shape[0] - 1):
        for j in range(k):
            out[t, j] = np.uint32(0xFFFFFFFF)
        for i in range(offsets[t], offsets[t + 1]):
            h = hashes[i]
            for j in range(k):
                value = np.uint32((h * multipliers[j]) >> np.uint64(32))
                out[t, j] = min(out[t, j], value)


def sketches(sets: Tokens) -> U32:
    """Min-hash sketches, shape (sets, HASHES), uint32; an empty set is all ones."""
    out = np.empty((len(sets.offsets) - 1, HASHES), np.uint32)
    _sketches(sets.hashes, sets.offsets, _MULTIPLIERS, out)
    return out


@nb.njit(cache=True, nogil=True)
def _set_signatures(hashes: U64, offsets: I64, out: U64) -> None:
    for t in range(offsets.shape[0] - 1):
        total = np.uint64(0)
        for i in range(offsets[t], offsets[t + 1]):
            total += mix(hashes[i])
        out[t] = total


def set_signatures(sets: Tokens) -> U64:
    """An order-free 64-bit signature of each multiset of hashes; 0 for an empty one."""
    out = np.empty(len(sets.offsets) - 1, np.uint64)
    _set_signatures(sets.hashes, sets.offsets, out)
    return out


@nb.njit(cache=True, nogil=True)
def _agreement(sketches: U32, a: int, b: int) -> float:
    same = 0
    for j in range(sketches.shape[1]):
        if sketches[a, j] == sketches[b, j]:
            same += 1
    return float(same) / float(sketches.shape[1])


@nb.njit(cache=True, nogil=True)
def _group(sketches: U32, threshold: float, tries: int) -> I64:
    n, width = sketches.shape
    bands = width // 2
    slots = 1
    while slots < 4 * n * bands // 3 + 16:
        slots <<= 1
    keys = np.zeros(slots, np.uint64)
    owners = np.full(slots, -1, np.int64)
    mask = np.uint64(slots - 1)
    leader = np.empty(n, np.int64)
    for i in range(n):
        best, best_agreement, tried = -1, threshold, 0
        for b in range(bands):
            key = mix(
                (np.uint64(sketches[i, 2 * b]) << np.uint64(32) | np.uint64(sketches[i, 2 * b + 1])) + np.uint64(b)
            )
            at = key & mask
            seen = 0
            while owners[at] >= 0 and seen < tries:
                if keys[at] == key:
                    seen += 1
                    tried += 1
                    agreement = _agreement(sketches, i, owners[at])
                    if agreement > best_agreement or (agreement == best_agreement and best < 0):
                        best, best_agreement = owners[at], agreement
                at = (at + np.uint64(1)) & mask
            if best_agreement == 1.0:
                break
        if best >= 0:
            leader[i] = best
            continue
        leader[i] = i
        for b in range(bands):
            key = mix(
                (np.uint64(sketches[i, 2 * b]) << np.uint64(32) | np.uint64(sketches[i, 2 * b + 1])) + np.uint64(b)
            )
            at = key & mask
            while owners[at] >= 0:
                at = (at + np.uint64(1)) & mask
            keys[at] = key
            owners[at] = i
    return leader


def group_sketches(rows: U32, *, threshold: float = 0.6, tries: int = 4) -> I64:
    """Group sketches around leaders: each joins the most similar earlier leader, or leads a group of its own.

    Rows must come in order of importance (most frequent first): the first of a kind becomes the leader, so the grouping
    depends on nothing but that order. At most `tries` leaders of one band are compared.

    Returns:
        shape (rows,), int64: the row number of each row's leader.
    """
    return _group(np.ascontiguousarray(rows), threshold, tries) if len(rows) else np.zeros(0, np.int64)
