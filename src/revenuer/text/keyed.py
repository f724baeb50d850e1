"""Hashes that only the holder of a secret can compute, so that nobody else can try out texts against what is kept.

SipHash-2-4 (Aumasson and Bernstein 2012, "SipHash: a fast short-input PRF") of each 64-bit hash. Equal hashes stay
equal, and zero, which stands for "none" everywhere, stays zero.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np

from revenuer.text.tokens import I64, U64, Tokens

__all__ = ["Key", "key_from", "keyed", "keyed_hashes", "sip_round"]


class Key(NamedTuple):
    """The two halves of a 128-bit key."""

    low: int
    high: int


_LOW: Final = np.uint64(0x736F6D6570736575)
_HIGH: Final = np.uint64(0x646F72616E646F6D)
_TWO: Final = np.uint64(0x6C7967656E657261)
_FOUR: Final = np.uint64(0x7465646279746573)
# The last block of a message of eight bytes: its length in the highest byte, and nothing besides.
_LENGTH: Final = np.uint64(8 << 56)
_END: Final = np.uint64(0xFF)


def key_from(secret: str) -> Key | None:
    """The key that a secret of any length stands for; None for an empty one."""
    if not secret:
        return None
    digest = hashlib.blake2b(secret.encode(), digest_size=16, person=b"revenuer-sketch").digest()
    return Key(int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little"))


@nb.njit(inline="always")
def _turned(value: np.uint64, bits: int) -> Any:
    return (value << np.uint64(bits)) | (value >> np.uint64(64 - bits))


@nb.njit(inline="always")
def sip_round(a: np.uint64, b: np.uint64, c: np.uint64, d: np.uint64) -> Any:
    """One round of SipHash, for compiled code."""
    a += b
    b = _turned(b, 13) ^ a
    a = _turned(a, 32)
    c += d
    d = _turned(d, 16) ^ c
    a += d
    d = _turned(d, 21) ^ a
    c += b
    b = _turned(b, 17) ^ c
    return a, b, _turned(c, 32), d


@nb.njit(inline="always")
def _siphash(word: np.uint64, low: np.uint64, high: np.uint64) -> Any:
    a, b, c, d = low ^ _LOW, high ^ _HIGH, low ^ _TWO, high ^ _FOUR
    d ^= word
    a, b, c, d = sip_round(a, b, c, d)
    a, b, c, d = sip_round(a, b, c, d)
    a ^= word
    d ^= _LENGTH
    a, b, c, d = sip_round(a, b, c, d)
    a, b, c, d = sip_round(a, b, c, d)
    a ^= _LENGTH
    c ^= _END
    for _ in range(4):
        a, b, c, d = sip_round(a, b, c, d)
    return a ^ b ^ c ^ d


@nb.njit(cache=True, nogil=True)
def _keyed(words: U64, low: np.uint64, high: np.uint64) -> U64:
    out = np.zeros_like(words)
    for i in range(words.shape[0]):
        if words[i] != 0:
            out[i] = _siphash(words[i], low, high)
    return out


def keyed_hashes(hashes: I64, key: Key | None) -> I64:
    """The hashes under a key, shape (n,), int64; without one, as they are."""
    if key is None:
        return hashes
    found: I64 = _keyed(hashes.view(np.uint64), np.uint64(key.low), np.uint64(key.high)).view(np.int64)
    return found


def keyed(tokens: Tokens, key: Key | None) -> Tokens:
    """The same texts with every token's hash under a key; without one, as they are.

    Shingles, frames, items and sketches are made of token hashes, so that they are under the key then too.
    """
    return (
        tokens
        if key is None
        else Tokens(keyed_hashes(tokens.hashes.view(np.int64), key).view(np.uint64), tokens.offsets)
    )
