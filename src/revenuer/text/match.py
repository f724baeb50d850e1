"""Which frame a text is an instance of, and what fills its slots: containment against an inverted index of shingles."""

from __future__ import annotations

from typing import Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from revenuer.text.own import chosen, is_own, own_key
from revenuer.text.shingles import shingle_at
from revenuer.text.tokens import I64, U64, Tokens, mix

__all__ = [
    "SKETCH_UNIT",
    "SKETCH_WIDTH",
    "TOKEN_BITS",
    "Index",
    "Matches",
    "build_index",
    "count_tokens",
    "match",
    "token_weights",
]

SKETCH_WIDTH: Final = 16
# How long a sketch is: a whole number of eight bits for each direction.
SKETCH_UNIT: Final = 127.0
TOKEN_BITS: Final = 20
_POSTING: Final = 12
_SCRATCH_BITS: Final = 12
# What an account says in all its texts is left out of what fills the slots, if as many tokens remain.
_LEAST_LEFT: Final = 6
# Fewer tokens outside the frame are its ragged edge, or words of the trade; without this bound accounts of a proxy were lost.
_LEAST_SAID: Final = 16
# One bit for each shingle of a core: most shingles of a text are in none, and this much stays in the cache near the core.
_KNOWN_BITS: Final = 20

I32 = npt.NDArray[np.int32]
F32 = npt.NDArray[np.float32]
I8 = npt.NDArray[np.int8]
U32 = npt.NDArray[np.uint32]
U8 = npt.NDArray[np.uint8]


class Index(NamedTuple):
    """Cores of frames, findable by shingle.

    Attributes:
        keys: open-addressing table of shingles, shape (slots,), 0 where free.
        postings: the frames that hold the shingle, shape (slots, 12), -1 where none.
        sizes: how many shingles each frame's core has, shape (frames,).
        known: a bit for every shingle in `keys`, found by its upper half; shape (2**17,).
    """

    keys: U64
    postings: I32
    sizes: I32
    known: U8


class Matches(NamedTuple):
    """What `match` says of each text.

    Attributes:
        frame: index of the frame, -1 for none; shape (texts,).
        hits: shingles of that frame's core found; shape (texts,).
        item: order-free signature of the tokens outside the frame, 0 if there are none; shape (texts,).
        free: how many tokens stand outside the frame; shape (texts,).
        sketch: signed random projection of those tokens, unit length x 127; shape (texts, 16), int8.
        inside: whether each token stands in the frame of its text; shape (tokens,).
    """

    frame: I32
    hits: I32
    item: U64
    free: I32
    sketch: I8
    inside: npt.NDArray[np.bool_]


@nb.njit(cache=True, nogil=True)
def _build(hashes: U64, offsets: I64, keys: U64, postings: I32, known: U8) -> None:
    mask = np.uint64(keys.shape[0] - 1)
    for f in range(offsets.shape[0] - 1):
        for i in range(offsets[f], offsets[f + 1]):
            bit = hashes[i] >> np.uint64(64 - _KNOWN_BITS)
            known[bit >> np.uint64(3)] |= np.uint8(1 << (bit & np.uint64(7)))
            h = hashes[i] | np.uint64(1)  # 0 marks a free slot
            at = mix(h) & mask
            while keys[at] != 0 and keys[at] != h:
                at = (at + np.uint64(1)) & mask
            keys[at] = h
            for p in range(postings.shape[1]):
                if postings[at, p] == f:
                    break
                if postings[at, p] < 0:
                    postings[at, p] = f
                    break


def build_index(cores: Tokens) -> Index:
    """Index the cores of frames; a shingle that more than 12 frames share keeps the first 12."""
    slots = 1 << max(4, int(np.ceil(np.log2(max(len(cores.hashes), 1) * 2))))
    keys = np.zeros(slots, np.uint64)
    postings = np.full((slots, _POSTING), -1, np.int32)
    known = np.zeros(1 << (_KNOWN_BITS - 3), np.uint8)
    _build(cores.hashes, cores.offsets, keys, postings, known)
    return Index(keys, postings, np.diff(cores.offsets).astype(np.int32), known)


@nb.njit(inline="always")
def _find(keys: U64, shingle: np.uint64) -> np.int64:
    mask = np.uint64(keys.shape[0] - 1)
    h = shingle | np.uint64(1)
    at = mix(h) & mask
    while keys[at] != 0:
        if keys[at] == h:
            return np.int64(at)
        at = (at + np.uint64(1)) & mask
    return np.int64(-1)


@nb.njit(nogil=True)
def _maybe(hashes: U64, start: int, end: int, known: U8, shingles: U64, spots: I64) -> int:
    """Write the shingles of a text that a frame may have, and where they stand; return how many. It takes no branch."""
    n = 0
    for i in range(start, end - 3):
        h = shingle_at(hashes, i)
        bit = h >> np.uint64(64 - _KNOWN_BITS)
        shingles[n], spots[n] = h, i
        n += (known[bit >> np.uint64(3)] >> (bit & np.uint64(7))) & np.uint8(1)
    return n


@nb.njit(cache=True, nogil=True)
def _best_frame(
    hashes: U64,
    start: int,
    end: int,
    keys: U64,
    postings: I32,
    sizes: I32,
    known: U8,
    contained: float,
    hits: I32,
    touched: I32,
    scratch: U64,
    shingles: U64,
    spots: I64,
    places: I64,
) -> tuple[int, int, int]:
    """The best frame of the text at `[start, end)`, its hits, and how many shingles of the text stand in `keys`.

    Leaves in `spots` where in the text these are, and in `places` where in `keys`.
    """
    n_touched = found = 0
    fresh = True  # the scratch is cleared for a text that has a shingle of a frame, and few have
    seen = np.uint64(scratch.shape[0] - 1)
    for j in range(_maybe(hashes, start, end, known, shingles, spots)):
        h = shingles[j]
        at = _find(keys, h)
        if at < 0:
            continue
        spots[found], places[found] = spots[j], at
        found += 1
        if fresh:
            scratch[:] = 0
            fresh = False
        if scratch[h & seen] == h:
            continue
        scratch[h & seen] = h
        for p in range(postings.shape[1]):
            f = postings[at, p]
            if f < 0:
                break
            if hits[f] == 0:
                touched[n_touched] = f
                n_touched += 1
            hits[f] += 1
    best, best_hits = -1, 0
    for j in range(n_touched):
        f = touched[j]
        enough = hits[f] >= contained * sizes[f]
        if enough and (hits[f] > best_hits or (hits[f] == best_hits and f < best)):
            best, best_hits = f, hits[f]
    for j in range(n_touched):
        hits[touched[j]] = 0
    return best, best_hits, found


@nb.njit(cache=True, nogil=True)
def _leave_own(
    hashes: U64,
    start: int,
    end: int,
    account: np.int64,
    own: U8,
    inside: npt.NDArray[np.bool_],
    marked: npt.NDArray[np.bool_],
    keys: U64,
    spots: I64,
) -> None:
    """Count what the account says in all its texts among the constant parts.

    It reaches from one counted shingle that is not its own to the next, so that it takes a few tokens of what stands beside it.
    All are looked up before the first is asked about: `keys` and `spots` are room for that.
    """
    n = 0
    for i in range(start, end - 3):
        h = shingle_at(hashes, i)
        keys[n], spots[n] = own_key(h, account), i
        n += chosen(h)
    for j in range(n):
        keys[j] = is_own(own, keys[j])
    marked[: end - start] = False
    begin, run, some = start, 0, False
    for j in range(n + 1):
        last = j == n
        if not last and keys[j]:
            run += 1
            continue
        stop = end if last else spots[j] + 3
        if run >= 2:
            said = 0
            for i in range(begin, stop):
                said += not inside[i]
            if said >= _LEAST_SAID:
                marked[begin - start : stop - start] = some = True
        begin, run = spots[j] + 1, 0
    if not some:
        return
    left = 0
    for i in range(start, end):
        left += not (inside[i] | marked[i - start])
    if left >= _LEAST_LEFT:
        for i in range(start, end):
            inside[i] |= marked[i - start]


@nb.njit(nogil=True)
def _mark_frame(spots: I64, places: I64, found: int, best: int, postings: I32, inside: npt.NDArray[np.bool_]) -> None:
    """Mark the tokens of each shingle of the text that frame `best` holds."""
    for j in range(found):
        for p in range(postings.shape[1]):
            if postings[places[j], p] == best:
                inside[spots[j] : spots[j] + 4] = True
                break


@nb.njit(nogil=True)
def _fill(
    hashes: U64,
    start: int,
    end: int,
    inside: npt.NDArray[np.bool_],
    weights: F32,
    total: npt.NDArray[np.float64],
    heavy: I64,
) -> tuple[np.uint64, int]:
    """Signature and number of the tokens outside the frame; their weighted projection is left in `total`.

    Those of weight are found first, without a branch: their weights, far apart in memory, then come together.
    """
    word_mask = np.uint64(weights.shape[0] - 1)
    signature = np.uint64(0)
    outside = n = 0
    total[:] = 0.0
    for i in range(start, end):
        h, free = hashes[i], not inside[i]
        outside += free
        signature += mix(h) if free else np.uint64(0)
        heavy[n] = i
        n += free & (weights[h & word_mask] > 0.0)
    for j in range(n):
        h = hashes[heavy[j]]
        weight = np.float64(weights[h & word_mask])
        for d in range(SKETCH_WIDTH):
            total[d] += weight if (h >> np.uint64(40 + d)) & np.uint64(1) else -weight
    return signature, outside


@nb.njit(cache=True, nogil=True)
def _match(
    hashes: U64,
    offsets: I64,
    keys: U64,
    postings: I32,
    sizes: I32,
    known: U8,
    weights: F32,
    contained: float,
    frame: I32,
    matched: I32,
    item: U64,
    free: I32,
    sketch: I8,
    inside: npt.NDArray[np.bool_],
    accounts: I64,
    own: U8,
) -> None:
    longest = 1
    for t in range(offsets.shape[0] - 1):
        longest = max(longest, offsets[t + 1] - offsets[t])
    shingles = np.zeros(longest + 1, np.uint64)
    spots, places = np.zeros(longest + 1, np.int64), np.zeros(longest + 1, np.int64)
    hits = np.zeros(sizes.shape[0] + 1, np.int32)
    touched = np.zeros(sizes.shape[0] + 1, np.int32)
    scratch = np.zeros(1 << 12, np.uint64)
    total = np.zeros(sketch.shape[1], np.float64)
    marked = np.zeros(longest, np.bool_)
    for t in range(offsets.shape[0] - 1):
        start, end = offsets[t], offsets[t + 1]
        best, best_hits, found = _best_frame(
            hashes, start, end, keys, postings, sizes, known, contained, hits, touched, scratch, shingles, spots, places
        )
        frame[t], matched[t] = best, best_hits
        if best >= 0:
            _mark_frame(spots, places, found, best, postings, inside)
            if own.shape[0]:
                _leave_own(hashes, start, end, accounts[t], own, inside, marked, shingles, spots)
        item[t], free[t] = _fill(hashes, start, end, inside, weights, total, places)
        square = 0.0
        for d in range(SKETCH_WIDTH):
            square += total[d] * total[d]
        norm = np.sqrt(square)
        if norm > 0.0:
            for d in range(SKETCH_WIDTH):
                sketch[t, d] = np.int8(np.rint(SKETCH_UNIT * total[d] / norm))


def match(
    tokens: Tokens,
    index: Index,
    weights: F32,
    *,
    contained: float = 0.6,
    accounts: I64 | None = None,
    own: U8 | None = None,
) -> Matches:
    """Match each text against the frames: the frame most of whose core it holds, if it holds `contained` of it.

    What stands outside the frame is what fills its slots, less what the account says in all its texts.

    Args:
        tokens: the texts.
        index: the frames' cores.
        weights: weight of each token in the sketch, shape (2**TOKEN_BITS,), from `token_weights`.
        contained: the least share of a core that must be found.
        accounts: hash of who sent each text, shape (texts,); None: not known.
        own: what accounts say in all their texts, from `own_shingles`; None: not counted.
    """
    n = len(tokens.offsets) - 1
    found = Matches(
        np.empty(n, np.int32),
        np.empty(n, np.int32),
        np.empty(n, np.uint64),
        np.empty(n, np.int32),
        np.zeros((n, SKETCH_WIDTH), np.int8),
        np.zeros(len(tokens.hashes), np.bool_),
    )
    known = accounts is not None and own is not None
    who = accounts if known else np.zeros(0, np.int64)
    _match(*tokens, *index, weights, contained, *found, who, own if known else np.zeros(0, np.uint8))
    return found


@nb.njit(cache=True, nogil=True)
def _count_tokens(hashes: U64, offsets: I64, table: U32, scratch: U64) -> None:
    mask = np.uint64(table.shape[0] - 1)
    seen = np.uint64(scratch.shape[0] - 1)
    for t in range(offsets.shape[0] - 1):
        serial = mix(np.uint64(t + 1))
        for i in range(offsets[t], offsets[t + 1]):
            h = hashes[i]
            if scratch[(h >> np.uint64(30)) & seen] == h ^ serial:
                continue
            scratch[(h >> np.uint64(30)) & seen] = h ^ serial
            table[h & mask] += 1


def count_tokens(tokens: Tokens, table: U32) -> None:
    """Add to `table` (shape (2**TOKEN_BITS,), uint32), in place, one for every text that holds a token."""
    _count_tokens(tokens.hashes, tokens.offsets, table, np.zeros(1 << _SCRATCH_BITS, np.uint64))


def token_weights(table: U32, texts: int) -> F32:
    """Inverse document frequency, zero for a token in over a twentieth of the texts, at most 3 (natural log)."""
    frequency = (table.astype(np.float64) + 1.0) / max(texts, 1)
    weights: F32 = np.clip(np.log(0.05) - np.log(frequency), 0.0, 3.0).astype(np.float32)
    return weights
