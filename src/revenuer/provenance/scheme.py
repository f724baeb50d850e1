"""What a watermark is made of: its rule, its window, and the keyed numbers that everybody with the key can compute again.

The numbers are SipHash-2-4 (Aumasson and Bernstein 2012) of the last tokens and a candidate, in whole 64-bit arithmetic: a
CPU, a GPU and a verifier years later get the same ones, which the random generator of a device does not promise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numba as nb
import numpy as np
from numpy.typing import NDArray

from revenuer.errors import ConfigError
from revenuer.text.keyed import sip_round

__all__ = ["GUMBEL", "KGW", "Scheme", "array_hashes", "hash_one", "hashes", "unit"]

Name = Literal["gumbel", "kgw"]
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
Floats = NDArray[np.float64]

_INIT: Final = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
_MASK: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Scheme:
    """The public part of a watermark; the key is the secret part.

    Args:
        name: `gumbel` (the exponential race of Aaronson 2022: the answer's distribution is kept, averaged over keys) or
            `kgw` (Kirchenbauer et al. 2023: a keyed share of the vocabulary is made likelier; stronger, and it distorts).
        window: how many tokens before a candidate enter its number. One is easily stolen, four is hardly learnt by a student.
        gamma: `kgw` alone: share of the vocabulary that is green.
        delta: `kgw` alone: what is added to green logits.

    Raises:
        ConfigError: a value that cannot be.
    """

    name: Name = "gumbel"
    window: int = 2
    gamma: float = 0.5
    delta: float = 2.0

    def __post_init__(self) -> None:
        if self.name not in {"gumbel", "kgw"}:
            raise ConfigError(f"no watermark is called {self.name}: gumbel or kgw")
        if not 1 <= self.window <= 8:
            raise ConfigError(f"window {self.window}: expected 1 to 8 tokens")
        if not (0 < self.gamma < 1 and 0 < self.delta <= 20):
            raise ConfigError("expected gamma between 0 and 1, and delta above 0 and up to 20")

    def label(self) -> str:
        """The scheme in one line, as commitments bind it."""
        tail = f"|gamma={self.gamma:g}|delta={self.delta:g}" if self.name == "kgw" else ""
        return f"{self.name}|window={self.window}{tail}"


GUMBEL: Final = Scheme()
KGW: Final = Scheme(name="kgw")


def _signed(value: int) -> int:
    """The 64 bits of an unsigned number as a signed one, which all array libraries have."""
    value &= _MASK
    return value - (1 << 64) if value >> 63 else value


def _turned(value: Any, bits: int) -> Any:
    # An arithmetic shift drags the sign along; the mask takes it off.
    return (value << bits) | ((value >> (64 - bits)) & ((1 << bits) - 1))


def _round(a: Any, b: Any, c: Any, d: Any) -> tuple[Any, Any, Any, Any]:
    a = a + b
    b = _turned(b, 13) ^ a
    a = _turned(a, 32)
    c = c + d
    d = _turned(d, 16) ^ c
    a = a + d
    d = _turned(d, 21) ^ a
    c = c + b
    b = _turned(b, 17) ^ c
    return a, b, _turned(c, 32), d


def array_hashes(low: Any, high: Any, contexts: tuple[Any, ...], tokens: Any) -> Any:
    """SipHash-2-4 by array operations alone, so that it runs wherever the logits are.

    Args:
        low: lower halves of the keys; int64 arrays (NumPy, torch, JAX with 64 bits) that broadcast together.
        high: upper halves.
        contexts: the window's tokens, oldest first, an array each.
        tokens: candidates.

    Returns:
        The hash of the contexts as 64-bit and the candidate as 32-bit little-endian numbers, as int64.
    """
    a, b, c, d = low ^ _INIT[0], high ^ _INIT[1], low ^ _INIT[2], high ^ _INIT[3]
    for word in contexts:
        d = d ^ word
        a, b, c, d = _round(*_round(a, b, c, d))
        a = a ^ word
    last = tokens + _signed(((8 * len(contexts) + 4) & 0xFF) << 56)
    d = d ^ last
    a, b, c, d = _round(*_round(a, b, c, d))
    a = a ^ last
    c = c ^ 0xFF
    for _ in range(4):
        a, b, c, d = _round(a, b, c, d)
    return a ^ b ^ c ^ d


def unit(hashed: Any) -> Any:
    """A number strictly between 0 and 1 of each hash (its 52 upper bits), the same on every device."""
    return (((hashed >> 12) & ((1 << 52) - 1)) + 0.5) * 2.0**-52


@nb.njit(inline="always")  # type: ignore[untyped-decorator]
def hash_one(low: np.uint64, high: np.uint64, context: Any, token: np.int64) -> Any:
    """The hash of one candidate after one context, for compiled loops."""
    a, b = low ^ np.uint64(0x736F6D6570736575), high ^ np.uint64(0x646F72616E646F6D)
    c, d = low ^ np.uint64(0x6C7967656E657261), high ^ np.uint64(0x7465646279746573)
    for column in range(context.shape[0]):
        word = np.uint64(context[column])
        d ^= word
        a, b, c, d = sip_round(a, b, c, d)
        a, b, c, d = sip_round(a, b, c, d)
        a ^= word
    last = np.uint64(token) | (np.uint64((8 * context.shape[0] + 4) & 0xFF) << np.uint64(56))
    d ^= last
    a, b, c, d = sip_round(a, b, c, d)
    a, b, c, d = sip_round(a, b, c, d)
    a ^= last
    c ^= np.uint64(0xFF)
    for _ in range(4):
        a, b, c, d = sip_round(a, b, c, d)
    return a ^ b ^ c ^ d


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _fill(keys: Any, contexts: Any, tokens: Any, out: Any) -> None:
    for row in range(out.shape[0]):
        key = keys[row % keys.shape[0]]
        for column in range(out.shape[1]):
            token = tokens[row % tokens.shape[0], column]
            out[row, column] = hash_one(key[0], key[1], contexts[row], token)


def hashes(keys: Words, contexts: Ints, tokens: Ints) -> Words:
    """The numbers of `array_hashes`, compiled: of each row's candidates under the row's key.

    Args:
        keys: two halves of a key a row, shape (rows, 2), or (1, 2) for all rows.
        contexts: shape (rows, window).
        tokens: candidates below 2**32, shape (rows, candidates), or (1, candidates) for all rows.

    Returns:
        Shape (rows, candidates).
    """
    out = np.empty((len(contexts), tokens.shape[1]), np.uint64)
    _fill(keys, np.ascontiguousarray(contexts, np.int64), np.ascontiguousarray(tokens, np.int64), out)
    return out
