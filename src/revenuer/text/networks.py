"""Client addresses to hashed networks: /24 for IPv4, /64 for IPv6, read off the text form."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.text.tokens import I64, mix, string_buffers

__all__ = ["hash_networks"]

_SEED = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)
_DOT, _COLON = 46, 58


@nb.njit(inline="always")
def _network_end(data: npt.NDArray[np.uint8], start: int, end: int) -> int:
    """Where the network part of an address ends: before the last dot, the fourth colon or a double colon."""
    last_dot, colons = end, 0
    for i in range(start, end):
        if data[i] == _DOT:
            last_dot = i
        elif data[i] == _COLON:
            colons += 1
            if colons == 4 or (i + 1 < end and data[i + 1] == _COLON):
                return i
    return last_dot


@nb.njit(cache=True, nogil=True)
def _hash_networks(data: npt.NDArray[np.uint8], ends: I64, out: I64) -> None:
    for t in range(ends.shape[0] - 1):
        h: Any = _SEED
        for i in range(ends[t], _network_end(data, ends[t], ends[t + 1])):
            h = (h ^ np.uint64(data[i])) * _PRIME
        out[t] = np.int64(mix(h)) if ends[t + 1] > ends[t] else 0


def hash_networks(addresses: pa.Array) -> I64:
    """A 64-bit hash of each address's network; 0 for null. An address masked by its gateway is hashed as it stands."""
    data, ends = string_buffers(addresses)
    out = np.empty(len(ends) - 1, np.int64)
    _hash_networks(data, ends, out)
    return out
