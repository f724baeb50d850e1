"""Token hashes to sparse features: known n-grams, concepts of a lexicon, pairs of concepts that stand close.

One pass over each text and no strings: an n-gram is known when its hash stands in the table. Training and scoring read
texts through the same kernel, so a model never meets a feature at work that it was not trained with.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
import numpy.typing as npt

from revenuer.text.ngrams import CLOSING, CONCEPTS, OPENING, SHAPE, FeatureTable, join, maybe, slot
from revenuer.text.tokens import Tokens

__all__ = [
    "EDGE_TOKENS",
    "FRAME_TOKENS",
    "HEAD_TOKENS",
    "NEAR",
    "SYSTEM_WEIGHT",
    "TAIL_TOKENS",
    "feature_rows",
    "ngram_hashes",
    "score_rows",
]

HEAD_TOKENS: Final = 256  # of a long text its two ends are read: what is asked stands there, bulk in the middle
TAIL_TOKENS: Final = 128
EDGE_TOKENS: Final = 8  # the first and last words count once more as what they are: opening and closing
NEAR: Final = 12  # tokens between two concepts that still belong to one request
FRAME_TOKENS: Final = 24  # at either end of a text stands what is asked, and there a concept counts
FRAME_WEIGHT: Final = 8  # so many times as much as in the bulk
PAIRS: Final = 8  # a text with more pairs of concepts than this has each weigh less
SYSTEM_WEIGHT: Final = 0.5  # a product's instructions say less of this exchange than what was asked in it

_SCRATCH: Final = 4 * (HEAD_TOKENS + TAIL_TOKENS) + CONCEPTS * CONCEPTS + CONCEPTS + SHAPE
_AROUND: Final = 5  # n-grams of one token at most
_NUMBER: Final = np.uint64(0xC1E42AF088FF1B2C)  # token_hash("7"), the hash of every number

F32 = npt.NDArray[np.float32]
I8 = npt.NDArray[np.int8]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]


@nb.njit(nogil=True)
def _place(start: int, end: int, i: int) -> int:
    """The i-th token to read of the text at `[start, end)`, or -1 past the last."""
    n = end - start
    if n <= HEAD_TOKENS + TAIL_TOKENS:
        return start + i if i < n else -1
    if i < HEAD_TOKENS:
        return start + i
    return end - TAIL_TOKENS + (i - HEAD_TOKENS) if i < HEAD_TOKENS + TAIL_TOKENS else -1


@nb.njit(nogil=True)
def _scale(weight: float, norm: Any, pairs: int, concepts: int, grams: int, counts: I32, ids: I32, values: F32) -> None:
    """Scale each kind of feature by how much of it the text has: a long text touches many subjects, and means one."""
    of_gram = np.float32(weight) / np.sqrt(max(norm, np.float32(1e-6)))
    of_pair = np.float32(weight) / np.sqrt(max(np.float32(1), np.float32(pairs) / PAIRS))
    for i in range(ids.shape[0]):
        if ids[i] < grams:
            values[i] *= of_gram
        elif ids[i] < grams + CONCEPTS:
            values[i] = weight * np.sqrt(np.float32(counts[ids[i] - grams]) / concepts)
        else:
            values[i] = of_pair


@nb.njit(inline="always")
def _grams(h: Any, before: Any, before2: Any, i: int, length: int, out: U64, n: int) -> int:
    """Write the n-grams that end with token `h`, the i-th of `length`, to `out` from position `n`; return the new count.

    `before` is the token before it, `before2` the two before it, joined.
    """
    out[n] = h
    n += 1
    if i >= 1:
        out[n] = join(before, h)
        n += 1
    if i >= 2:
        out[n] = join(before2, h)
        n += 1
    if i < EDGE_TOKENS:
        out[n] = h ^ OPENING
        n += 1
    if i >= length - EDGE_TOKENS:
        out[n] = h ^ CLOSING
        n += 1
    return n


@nb.njit(inline="always")
def _pair(
    c: int, i: int, near: int, heard: int, recent: I32, grams: int, stamp: I32, mark: int, ids: I32, values: F32, n: int
) -> tuple[int, int]:
    """Pair concept `c`, heard at token `i`, with those heard shortly before; return the new count, and who is near."""
    while near < heard and i - recent[near, 0] > NEAR:
        near += 1
    for j in range(near, heard):
        d = recent[j, 1]
        pair = grams + CONCEPTS + d * CONCEPTS + c
        if d != c and stamp[pair] != mark and n < ids.shape[0] - SHAPE:
            stamp[pair] = mark
            ids[n] = pair
            values[n] = 0  # known at the end
            n += 1
    recent[heard, 0] = i
    recent[heard, 1] = c
    return n, near


@nb.njit(nogil=True)
def _scratch() -> tuple[I32, I32, U64, I32]:
    """Where `_part` notes which concepts it heard last, how often each, and the n-grams it may know with their tokens."""
    recent = np.empty((_AROUND * (HEAD_TOKENS + TAIL_TOKENS), 2), np.int32)
    most = _AROUND * (HEAD_TOKENS + TAIL_TOKENS) + 1
    return recent, np.empty(CONCEPTS, np.int32), np.empty(most, np.uint64), np.empty(most, np.int32)


@nb.njit(inline="always")
def _kept(gram: Any, i: int, chosen: Any, known: U8, out: U64, tokens: I32, n: int) -> Any:
    """Write an n-gram of token `i` that is chosen, if the table may have it; return the new count. It takes no branch."""
    out[n], tokens[n] = gram, i
    return n + (maybe(known, gram) & chosen)


@nb.njit(nogil=True)
def _candidates(hashes: U64, start: int, end: int, known: U8, out: U64, tokens: I32) -> tuple[int, int]:
    """Write the n-grams of a text that the table may have, as `_grams` orders them; return how many, and how many numbers."""
    length = min(end - start, HEAD_TOKENS + TAIL_TOKENS)
    numbers = n = 0
    before = before2 = np.uint64(0)
    for i in range(length):
        h = hashes[_place(start, end, i)]
        numbers += h == _NUMBER
        pair = join(before, h)
        n = _kept(h, i, 1, known, out, tokens, n)
        n = _kept(pair, i, i >= 1, known, out, tokens, n)
        n = _kept(join(before2, h), i, i >= 2, known, out, tokens, n)
        if i < EDGE_TOKENS:
            n = _kept(h ^ OPENING, i, 1, known, out, tokens, n)
        if i >= length - EDGE_TOKENS:
            n = _kept(h ^ CLOSING, i, 1, known, out, tokens, n)
        before, before2 = h, pair
    return n, numbers


@nb.njit(nogil=True)
def _part(
    hashes: U64,
    start: int,
    end: int,
    weight: float,
    table: tuple[U64, I32, I8, F32, U8],
    stamp: I32,
    mark: int,
    scratch: tuple[I32, I32, U64, I32],
    ids: I32,
    values: F32,
    n: int,
) -> int:
    """Append the features of one text to `ids` and `values` from position `n`; return the new count.

    `stamp` (one place per feature) remembers under `mark` what this text already has: presence counts, not frequency.
    First all n-grams are sifted, then those left are looked up: which are known is not foreseen, and each guess gone wrong costs
    as much as several n-grams.
    """
    keys, feature, concept, idf, may = table
    recent, counts, candidates, tokens = scratch
    grams = idf.shape[0]
    first = n
    norm = np.float32(0)
    hits = repeated = known = 0
    concepts = pairs = near = heard = 0
    length = min(end - start, HEAD_TOKENS + TAIL_TOKENS)
    if length == 0:
        return first
    counts[:] = 0
    left, numbers = _candidates(hashes, start, end, may, candidates, tokens)
    last = -1  # the token at which a concept was heard last
    for g in range(left):
        at = slot(keys, candidates[g])
        if keys[at] == 0:
            continue
        i, f, c = tokens[g], feature[at], concept[at]
        if f >= 0:
            known += 1
            if stamp[f] == mark:
                repeated += 1
            else:
                stamp[f] = mark
                ids[n] = f
                values[n] = idf[f]
                norm += idf[f] * idf[f]
                n += 1
        if c >= 0:
            share = FRAME_WEIGHT if i < FRAME_TOKENS or i >= length - FRAME_TOKENS else 1
            concepts += share
            counts[c] += share
            if counts[c] == share:
                ids[n] = grams + c
                values[n] = 0  # known at the end
                n += 1
            others = n
            n, near = _pair(c, i, near, heard, recent, grams, stamp, mark, ids, values, n)
            pairs += n - others
            heard += 1
            hits += i != last
            last = i
    _scale(weight, norm, pairs, concepts, grams, counts, ids[first:n], values[first:n])
    base = grams + CONCEPTS + CONCEPTS * CONCEPTS
    for i in range(SHAPE):
        ids[n + i] = base + i
    values[n] = weight * np.sqrt(np.float32(numbers) / length)
    values[n + 1] = weight * np.float32(repeated) / max(known, 1)
    values[n + 2] = weight * np.float32(hits) / length
    return n + SHAPE


@nb.njit(cache=True, nogil=True)
def _score(
    prompt: U64,
    p_ends: I64,
    system: U64,
    s_ends: I64,
    table: tuple[U64, I32, I8, F32, U8],
    weights: I8,
    scale: F32,
) -> F32:
    rows, columns = p_ends.shape[0] - 1, weights.shape[1]
    out = np.zeros((rows, columns), np.float32)
    stamp = np.full(weights.shape[0], -1, np.int32)
    scratch = _scratch()
    ids = np.empty(2 * _SCRATCH, np.int32)
    values = np.empty(2 * _SCRATCH, np.float32)
    for r in range(rows):
        n = _part(prompt, p_ends[r], p_ends[r + 1], 1.0, table, stamp, 2 * r, scratch, ids, values, 0)
        n = _part(system, s_ends[r], s_ends[r + 1], SYSTEM_WEIGHT, table, stamp, 2 * r + 1, scratch, ids, values, n)
        for i in range(n):
            v = values[i]
            row = weights[ids[i]]
            for k in range(columns):
                out[r, k] += v * row[k]
        for k in range(columns):
            out[r, k] *= scale[k]
    return out


@nb.njit(cache=True, nogil=True)
def _sparse(
    prompt: U64,
    p_ends: I64,
    system: U64,
    s_ends: I64,
    table: tuple[U64, I32, I8, F32, U8],
    width: int,
) -> tuple[I32, F32, I64]:
    rows = p_ends.shape[0] - 1
    stamp = np.full(width, -1, np.int32)
    scratch = _scratch()
    ids = np.empty(2 * _SCRATCH, np.int32)
    values = np.empty(2 * _SCRATCH, np.float32)
    ends = np.zeros(rows + 1, np.int64)
    room = 1024
    all_ids, all_values = np.empty(room, np.int32), np.empty(room, np.float32)
    for r in range(rows):
        n = _part(prompt, p_ends[r], p_ends[r + 1], 1.0, table, stamp, 2 * r, scratch, ids, values, 0)
        n = _part(system, s_ends[r], s_ends[r + 1], SYSTEM_WEIGHT, table, stamp, 2 * r + 1, scratch, ids, values, n)
        at = ends[r]
        if at + n > room:
            room = 2 * (at + n)
            bigger_ids, bigger_values = np.empty(room, np.int32), np.empty(room, np.float32)
            bigger_ids[:at], bigger_values[:at] = all_ids[:at], all_values[:at]
            all_ids, all_values = bigger_ids, bigger_values
        all_ids[at : at + n], all_values[at : at + n] = ids[:n], values[:n]
        ends[r + 1] = at + n
    return all_ids[: ends[rows]].copy(), all_values[: ends[rows]].copy(), ends


@nb.njit(cache=True, nogil=True)
def _ngrams(hashes: U64, start: int, end: int) -> U64:
    length = min(end - start, HEAD_TOKENS + TAIL_TOKENS)
    out = np.empty(_AROUND * max(length, 1), np.uint64)
    n = 0
    before = before2 = np.uint64(0)
    for i in range(length):
        h = hashes[_place(start, end, i)]
        n = _grams(h, before, before2, i, length, out, n)
        before2 = join(before, h)
        before = h
    return out[:n].copy()


@nb.njit(cache=True, nogil=True)
def _distinct(hashes: U64, offsets: I64, rows: I64) -> U64:
    room, n = 1 << 16, 0
    out = np.empty(room, np.uint64)
    for row in rows:
        grams = np.unique(_ngrams(hashes, offsets[row], offsets[row + 1]))
        if n + grams.shape[0] > room:
            room = 2 * (n + grams.shape[0])
            bigger = np.empty(room, np.uint64)
            bigger[:n] = out[:n]
            out = bigger
        out[n : n + grams.shape[0]] = grams
        n += grams.shape[0]
    return out[:n].copy()


def ngram_hashes(tokens: Tokens, rows: I64) -> U64:
    """The n-grams the kernel looks up in these texts (1 to 3 tokens, opening, closing), each once per text."""
    grams: U64 = _distinct(*tokens, rows)
    return grams


def feature_rows(prompt: Tokens, system: Tokens, table: FeatureTable) -> tuple[I32, F32, I64]:
    """The features of each exchange as CSR arrays (ids, values, row ends); an id may stand twice in a row (they add)."""
    ids, values, ends = _sparse(*prompt, *system, tuple(table), table.width)
    return ids, values, ends


def score_rows(prompt: Tokens, system: Tokens, table: FeatureTable, weights: I8, scale: F32) -> F32:
    """The features of each exchange times `weights` (features, columns), times `scale` (columns,).

    Returns:
        shape (exchanges, columns), float32. The GIL is released meanwhile.
    """
    scores: F32 = _score(*prompt, *system, tuple(table), weights, scale)
    return scores
