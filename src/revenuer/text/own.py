"""Words that an account puts into text after text: a lead-in, a signature, a context of its own.

Of every text a quarter of the shingles, chosen by their hash, are counted together with the account that sent them, in a count-min
table (Cormode and Muthukrishnan 2005, as `shingles`). What an account has sent in three texts is its own, if two such shingles
stand beside each other with no other counted one between them.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
import numpy.typing as npt

from revenuer.text.shingles import shingle_at
from revenuer.text.tokens import I64, U64, Tokens, mix

__all__ = ["OWN_BITS", "chosen", "count_own", "empty_own", "is_own", "own_key", "own_shingles"]

OWN_BITS: Final = 26
LEAST_TEXTS: Final = 3
_SCRATCH_BITS: Final = 12
_ACCOUNT: Final = np.uint64(0x9FB21C651E98DF25)
_ROW_TWO: Final = np.uint64(0xD6E8FEB86659FD93)

U8 = npt.NDArray[np.uint8]


def empty_own(bits: int = OWN_BITS) -> U8:
    """A table of `2**bits` one-byte counters, all zero."""
    return np.zeros(1 << bits, np.uint8)


@nb.njit(inline="always")
def chosen(shingle: np.uint64) -> Any:
    """Whether a shingle is among the quarter that is counted."""
    return (shingle >> np.uint64(20)) & np.uint64(3) == 0


@nb.njit(inline="always")
def own_key(shingle: np.uint64, account: np.int64) -> Any:
    """Shingle and account in one hash."""
    return mix(shingle ^ (np.uint64(account) * _ACCOUNT))


@nb.njit(cache=True, nogil=True)
def _count(hashes: U64, offsets: I64, accounts: I64, table: U8, scratch: U64) -> None:
    mask = np.uint64(table.shape[0] - 1)
    seen = np.uint64(scratch.shape[0] - 1)
    for t in range(offsets.shape[0] - 1):
        serial = mix(np.uint64(t + 1))
        for i in range(offsets[t], offsets[t + 1] - 3):
            h = shingle_at(hashes, i)
            if not chosen(h) or scratch[(h >> np.uint64(30)) & seen] == h ^ serial:
                continue
            scratch[(h >> np.uint64(30)) & seen] = h ^ serial
            key = own_key(h, accounts[t])
            one, two = key & mask, mix(key ^ _ROW_TWO) & mask
            table[one] = min(table[one] + 1, 255)
            if two != one:
                table[two] = min(table[two] + 1, 255)


def count_own(tokens: Tokens, accounts: I64, table: U8) -> None:
    """Add to `table`, in place, one for every text in which an account has a chosen shingle.

    Args:
        tokens: the texts.
        accounts: hash of who sent each, shape (texts,).
        table: from `empty_own`.
    """
    _count(tokens.hashes, tokens.offsets, accounts, table, np.zeros(1 << _SCRATCH_BITS, np.uint64))


def own_shingles(table: U8) -> U8:
    """A bit for every place of the table that holds `LEAST_TEXTS` or more, shape (places / 8,)."""
    return np.packbits(table >= LEAST_TEXTS, bitorder="little")


@nb.njit(inline="always")
def is_own(bits: U8, key: np.uint64) -> Any:
    """Whether the shingle and account of this key have been counted in enough texts."""
    mask = np.uint64(bits.shape[0] * 8 - 1)
    one, two = key & mask, mix(key ^ _ROW_TWO) & mask
    first, second = bits[one >> np.uint64(3)] >> (one & np.uint64(7)), bits[two >> np.uint64(3)] >> (two & np.uint64(7))
    return first & second & np.uint8(1)  # both at once: to wait for the first would cost more than the second
