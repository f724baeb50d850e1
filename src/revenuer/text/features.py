"""Token hashes to sparse features: known n-grams, concepts of a lexicon, pairs of concepts that stand close.

One pass over each text and no strings: an n-gram is known when its hash stands in the table. Training and scoring read
texts through the same kernel, so a model never meets a feature at work that it was not trained with.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from revenuer.text.tokens import Tokens, mix

__all__ = [
    "CONCEPTS",
    "EDGE_TOKENS",
    "HEAD_TOKENS",
    "NEAR",
    "SHAPE",
    "SYSTEM_WEIGHT",
    "TAIL_TOKENS",
    "FeatureTable",
    "edge_hashes",
    "feature_rows",
    "ngram_hashes",
    "phrase_hashes",
    "score_rows",
]

HEAD_TOKENS: Final = 256  # of a long text its two ends are read: what is asked stands there, bulk in the middle
TAIL_TOKENS: Final = 128
EDGE_TOKENS: Final = 8  # the first and last words count once more as what they are: opening and closing
NEAR: Final = 12  # tokens between two concepts that still belong to one request
CONCEPTS: Final = 64
FRAME_TOKENS: Final = 40  # at either end of a text stands what is asked, and there a concept counts
FRAME_WEIGHT: Final = 3  # so many times as much as in the bulk
PAIRS: Final = 8  # a text with more pairs of concepts than this has each weigh less
SHAPE: Final = 3  # share of numbers, share of repeated known n-grams, share of tokens that hit the lexicon
SYSTEM_WEIGHT: Final = 0.5  # a product's instructions say less of this exchange than what was asked in it

_SCRATCH: Final = 4 * (HEAD_TOKENS + TAIL_TOKENS) + CONCEPTS * CONCEPTS + CONCEPTS + SHAPE
_PAIR: Final = np.uint64(0x9E3779B97F4A7C15)
_OPENING: Final = np.uint64(0xA24BAED4963EE407)
_CLOSING: Final = np.uint64(0x9FB21C651E98DF25)
_NUMBER: Final = np.uint64(0xC1E42AF088FF1B2C)  # token_hash("7"), the hash of every number

F32 = npt.NDArray[np.float32]
I8 = npt.NDArray[np.int8]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]


class FeatureTable(NamedTuple):
    """What the kernel knows: an open-addressing table from n-gram hash to feature and concept.

    Feature ids: `[0, V)` known n-grams, then `CONCEPTS` concepts, `CONCEPTS**2` ordered pairs, `SHAPE` shape features.

    Attributes:
        keys: shape (2**k,), uint64; 0 is an empty slot.
        feature: shape (2**k,), int32; the n-gram's feature id, or -1 when only the lexicon knows it.
        concept: shape (2**k,), int8; the n-gram's concept, or -1.
        idf: shape (V,), float32.
    """

    keys: U64
    feature: I32
    concept: I8
    idf: F32

    @property
    def width(self) -> int:
        """How many feature ids there are."""
        return len(self.idf) + CONCEPTS + CONCEPTS * CONCEPTS + SHAPE

    @classmethod
    def build(cls, grams: U64, idf: F32, lexicon: U64, concepts: I8) -> FeatureTable:
        """Lay known n-grams (feature i is `grams[i]`) and lexicon entries into one table, a third full at most."""
        bits = max(4, int(3 * (len(grams) + len(lexicon))).bit_length())
        table = cls(
            np.zeros(1 << bits, np.uint64), np.full(1 << bits, -1, np.int32), np.full(1 << bits, -1, np.int8), idf
        )
        _fill(table.keys, table.feature, table.concept, grams, lexicon, concepts)
        return table


@nb.njit(inline="always")
def _slot(keys: U64, gram: np.uint64) -> Any:
    """Where `gram` stands, or the empty slot where it would."""
    mask = keys.shape[0] - 1
    at = np.int64(gram >> np.uint64(20)) & mask
    while keys[at] != 0 and keys[at] != gram:
        at = (at + 1) & mask
    return at


@nb.njit(cache=True, nogil=True)
def _fill(keys: U64, feature: I32, concept: I8, grams: U64, lexicon: U64, concepts: I8) -> None:
    for i in range(grams.shape[0]):
        at = _slot(keys, grams[i])
        keys[at] = grams[i]
        feature[at] = i
    for i in range(lexicon.shape[0]):
        at = _slot(keys, lexicon[i])
        keys[at] = lexicon[i]
        concept[at] = concepts[i]


@nb.njit(inline="always")
def _join(left: np.uint64, right: np.uint64) -> Any:
    """The hash of two n-grams in this order."""
    return mix(left * _PAIR + right)


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
def _part(
    hashes: U64,
    start: int,
    end: int,
    weight: float,
    table: tuple[U64, I32, I8, F32],
    stamp: I32,
    mark: int,
    last: I32,
    counts: I32,
    ids: I32,
    values: F32,
    n: int,
) -> int:
    """Append the features of one text to `ids` and `values` from position `n`; return the new count.

    `stamp` (one place per feature) remembers under `mark` what this text already has: presence counts, not frequency.
    """
    keys, feature, concept, idf = table
    grams = idf.shape[0]
    first = n
    norm = np.float32(0)
    numbers = hits = repeated = known = tokens = 0
    concepts = pairs = 0
    last[:] = -10_000
    counts[:] = 0
    before = np.uint64(0)
    before2 = np.uint64(0)
    length = min(end - start, HEAD_TOKENS + TAIL_TOKENS)
    while True:
        at = _place(start, end, tokens)
        if at < 0:
            break
        h = hashes[at]
        if h == _NUMBER:
            numbers += 1
        two = _join(before, h)
        hit = False
        for kind in range(5):
            if kind == 0:
                gram = h
            elif kind == 1:
                if tokens < 1:
                    continue
                gram = two
            elif kind == 2:
                if tokens < 2:
                    continue
                gram = _join(before2, h)
            elif kind == 3:
                if tokens >= EDGE_TOKENS:
                    continue
                gram = h ^ _OPENING
            else:
                if tokens < length - EDGE_TOKENS:
                    continue
                gram = h ^ _CLOSING
            slot = _slot(keys, gram)
            if keys[slot] == 0:
                continue
            f = feature[slot]
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
            c = concept[slot]
            if c >= 0:
                hit = True
                share = FRAME_WEIGHT if tokens < FRAME_TOKENS or tokens >= length - FRAME_TOKENS else 1
                concepts += share
                counts[c] += share
                if counts[c] == share:
                    ids[n] = grams + c
                    values[n] = 0  # known at the end
                    n += 1
                for d in range(CONCEPTS):
                    if d != c and tokens - last[d] <= NEAR:
                        pair = grams + CONCEPTS + d * CONCEPTS + c
                        if stamp[pair] != mark and n < ids.shape[0] - SHAPE:
                            stamp[pair] = mark
                            ids[n] = pair
                            values[n] = 0
                            n += 1
                            pairs += 1
                last[c] = tokens
        hits += hit
        before2 = two
        before = h
        tokens += 1
    if tokens == 0:
        return first
    # Each kind is scaled by how much of it the text has: a long text touches many subjects, and means one.
    of_gram = np.float32(weight) / np.sqrt(max(norm, np.float32(1e-6)))
    of_pair = np.float32(weight) / np.sqrt(max(np.float32(1), np.float32(pairs) / PAIRS))
    for i in range(first, n):
        if ids[i] < grams:
            values[i] *= of_gram
        elif ids[i] < grams + CONCEPTS:
            values[i] = weight * np.sqrt(np.float32(counts[ids[i] - grams]) / concepts)
        else:
            values[i] = of_pair
    base = grams + CONCEPTS + CONCEPTS * CONCEPTS
    for i in range(SHAPE):
        ids[n + i] = base + i
    values[n] = weight * np.sqrt(np.float32(numbers) / tokens)
    values[n + 1] = weight * np.float32(repeated) / max(known, 1)
    values[n + 2] = weight * np.float32(hits) / tokens
    return n + SHAPE


@nb.njit(cache=True, nogil=True)
def _score(
    prompt: U64, p_ends: I64, system: U64, s_ends: I64, table: tuple[U64, I32, I8, F32], weights: I8, scale: F32
) -> F32:
    rows, columns = p_ends.shape[0] - 1, weights.shape[1]
    out = np.zeros((rows, columns), np.float32)
    stamp = np.full(weights.shape[0], -1, np.int32)
    last, counts = np.empty(CONCEPTS, np.int32), np.empty(CONCEPTS, np.int32)
    ids = np.empty(2 * _SCRATCH, np.int32)
    values = np.empty(2 * _SCRATCH, np.float32)
    for r in range(rows):
        n = _part(prompt, p_ends[r], p_ends[r + 1], 1.0, table, stamp, 2 * r, last, counts, ids, values, 0)
        n = _part(
            system, s_ends[r], s_ends[r + 1], SYSTEM_WEIGHT, table, stamp, 2 * r + 1, last, counts, ids, values, n
        )
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
    prompt: U64, p_ends: I64, system: U64, s_ends: I64, table: tuple[U64, I32, I8, F32], width: int
) -> tuple[I32, F32, I64]:
    rows = p_ends.shape[0] - 1
    stamp = np.full(width, -1, np.int32)
    last, counts = np.empty(CONCEPTS, np.int32), np.empty(CONCEPTS, np.int32)
    ids = np.empty(2 * _SCRATCH, np.int32)
    values = np.empty(2 * _SCRATCH, np.float32)
    ends = np.zeros(rows + 1, np.int64)
    room = 1024
    all_ids, all_values = np.empty(room, np.int32), np.empty(room, np.float32)
    for r in range(rows):
        n = _part(prompt, p_ends[r], p_ends[r + 1], 1.0, table, stamp, 2 * r, last, counts, ids, values, 0)
        n = _part(
            system, s_ends[r], s_ends[r + 1], SYSTEM_WEIGHT, table, stamp, 2 * r + 1, last, counts, ids, values, n
        )
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
    out = np.empty(5 * max(length, 1), np.uint64)
    n = 0
    before = before2 = np.uint64(0)
    for i in range(length):
        h = hashes[_place(start, end, i)]
        two = _join(before, h)
        out[n] = h
        n += 1
        if i >= 1:
            out[n] = two
            n += 1
        if i >= 2:
            out[n] = _join(before2, h)
            n += 1
        if i < EDGE_TOKENS:
            out[n] = h ^ _OPENING
            n += 1
        if i >= length - EDGE_TOKENS:
            out[n] = h ^ _CLOSING
            n += 1
        before2 = two
        before = h
    return out[:n].copy()


@nb.njit(cache=True, nogil=True)
def _phrases(hashes: U64, offsets: I64) -> U64:
    out = np.zeros(offsets.shape[0] - 1, np.uint64)
    for text in range(out.shape[0]):
        for at in range(offsets[text], min(offsets[text + 1], offsets[text] + 3)):
            out[text] = hashes[at] if at == offsets[text] else _join(out[text], hashes[at])
    return out


def phrase_hashes(tokens: Tokens) -> U64:
    """The n-gram that is each text's first three tokens (or fewer), as the kernel hashes it; 0 for an empty text."""
    phrases: U64 = _phrases(*tokens)
    return phrases


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


def edge_hashes(hashes: U64) -> U64:
    """What the kernel looks up for these tokens standing alone: anywhere, as an opening, as a closing."""
    return np.concatenate([hashes, hashes ^ _OPENING, hashes ^ _CLOSING])


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
