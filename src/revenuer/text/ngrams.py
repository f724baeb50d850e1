"""The table of known n-grams: which feature and which concept a run of tokens stands for."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from revenuer.text.tokens import Tokens, mix

__all__ = [
    "CLOSING",
    "CONCEPTS",
    "OPENING",
    "SHAPE",
    "FeatureTable",
    "edge_hashes",
    "join",
    "maybe",
    "phrase_hashes",
    "slot",
]

CONCEPTS: Final = 64
SHAPE: Final = 3  # share of numbers, share of repeated known n-grams, share of tokens that hit the lexicon
OPENING: Final = np.uint64(0xA24BAED4963EE407)  # turns a token's hash into that of a token near the start of its text
CLOSING: Final = np.uint64(0x9FB21C651E98DF25)  # and this near its end

_KNOWN_BYTES: Final = 1 << 15
_PAIR: Final = np.uint64(0x9E3779B97F4A7C15)

F32 = npt.NDArray[np.float32]
I8 = npt.NDArray[np.int8]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]


class FeatureTable(NamedTuple):
    """What the kernel knows: an open-addressing table from n-gram hash to feature and concept.

    Feature ids: `[0, V)` known n-grams, then `CONCEPTS` concepts, `CONCEPTS**2` ordered pairs, `SHAPE` shape features.

    Attributes:
        keys: shape (2**k,), uint64; 0 is an empty slot.
        feature: shape (2**k,), int32; the n-gram's feature id, or -1 when only the lexicon knows it.
        concept: shape (2**k,), int8; the n-gram's concept, or -1.
        idf: shape (V,), float32.
        known: shape (2**15,), uint8; a bit for each n-gram of the table, small enough to stay in the nearest cache.
    """

    keys: U64
    feature: I32
    concept: I8
    idf: F32
    known: U8

    @property
    def width(self) -> int:
        """How many feature ids there are."""
        return len(self.idf) + CONCEPTS + CONCEPTS * CONCEPTS + SHAPE

    @classmethod
    def build(cls, grams: U64, idf: F32, lexicon: U64, concepts: I8) -> FeatureTable:
        """Lay known n-grams (feature i is `grams[i]`) and lexicon entries into one table, a third full at most."""
        bits = max(4, int(3 * (len(grams) + len(lexicon))).bit_length())
        keys, known = np.zeros(1 << bits, np.uint64), np.zeros(_KNOWN_BYTES, np.uint8)
        table = cls(keys, np.full(1 << bits, -1, np.int32), np.full(1 << bits, -1, np.int8), idf, known)
        _fill(keys, table.feature, table.concept, known, grams, lexicon, concepts)
        return table


@nb.njit(inline="always")
def slot(keys: U64, gram: np.uint64) -> Any:
    """Where `gram` stands, or the empty slot where it would."""
    mask = keys.shape[0] - 1
    at = np.int64(gram >> np.uint64(20)) & mask
    while keys[at] != 0 and keys[at] != gram:
        at = (at + 1) & mask
    return at


@nb.njit(inline="always")
def maybe(known: U8, gram: np.uint64) -> Any:
    """Whether the table may have `gram`: never wrong when it says no, and most n-grams of a text are unknown."""
    bit = np.int64(gram >> np.uint64(40)) & (8 * _KNOWN_BYTES - 1)
    return (known[bit >> 3] >> (bit & 7)) & 1


@nb.njit(inline="always")
def _mark(known: U8, gram: np.uint64) -> None:
    bit = np.int64(gram >> np.uint64(40)) & (8 * _KNOWN_BYTES - 1)
    known[bit >> 3] |= np.uint8(1 << (bit & 7))


@nb.njit(cache=True, nogil=True)
def _fill(keys: U64, feature: I32, concept: I8, known: U8, grams: U64, lexicon: U64, concepts: I8) -> None:
    for i in range(grams.shape[0]):
        at = slot(keys, grams[i])
        keys[at] = grams[i]
        feature[at] = i
        _mark(known, grams[i])
    for i in range(lexicon.shape[0]):
        at = slot(keys, lexicon[i])
        keys[at] = lexicon[i]
        concept[at] = concepts[i]
        _mark(known, lexicon[i])


@nb.njit(inline="always")
def join(left: np.uint64, right: np.uint64) -> Any:
    """The hash of two n-grams in this order."""
    return mix(left * _PAIR + right)


@nb.njit(cache=True, nogil=True)
def _phrases(hashes: U64, offsets: I64) -> U64:
    out = np.zeros(offsets.shape[0] - 1, np.uint64)
    for text in range(out.shape[0]):
        for at in range(offsets[text], min(offsets[text + 1], offsets[text] + 3)):
            out[text] = hashes[at] if at == offsets[text] else join(out[text], hashes[at])
    return out


def phrase_hashes(tokens: Tokens) -> U64:
    """The n-gram that is each text's first three tokens (or fewer), as the kernel hashes it; 0 for an empty text."""
    phrases: U64 = _phrases(*tokens)
    return phrases


def edge_hashes(hashes: U64) -> U64:
    """What the kernel looks up for these tokens standing alone: anywhere, as an opening, as a closing."""
    return np.concatenate([hashes, hashes ^ OPENING, hashes ^ CLOSING])
