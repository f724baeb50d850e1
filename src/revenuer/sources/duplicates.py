"""Repeated ids, found over 64-bit hashes: the memory is eight bytes a row, whatever the ids look like."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.text.tokens import mix, string_buffers

__all__ = ["duplicate_hashes", "duplicate_ids", "id_hashes"]

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]


def id_hashes(ids: Any) -> U64:
    """A 64-bit hash of each id, shape (n,); the same on every machine, so that parts can be hashed apart.

    Two of a million different ids fall together with probability 3e-8.

    Args:
        ids: a string Array or ChunkedArray without nulls.
    """
    chunks = ids.chunks if isinstance(ids, pa.ChunkedArray) else [ids]
    hashes = [_hash(*string_buffers(chunk)) for chunk in chunks if len(chunk)]
    return np.concatenate(hashes) if hashes else np.empty(0, np.uint64)


def duplicate_hashes(hashes: U64, ts: I64 | None = None) -> npt.NDArray[np.bool_]:
    """Which rows repeat an earlier one: earlier by `ts` where it is given, and then by position. Shape (n,)."""
    position = np.arange(len(hashes))
    order = np.lexsort((position, hashes)) if ts is None else np.lexsort((position, ts, hashes))
    repeated = np.zeros(len(hashes), dtype=np.bool_)
    repeated[order[1:]] = hashes[order[1:]] == hashes[order[:-1]]
    return repeated


def duplicate_ids(ids: Any, ts: I64 | None = None) -> npt.NDArray[np.bool_]:
    """`duplicate_hashes` of `id_hashes`: which rows repeat an id that an earlier row has."""
    return duplicate_hashes(id_hashes(ids), ts)


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _hash(data: npt.NDArray[np.uint8], ends: I64) -> U64:
    out = np.empty(len(ends) - 1, dtype=np.uint64)
    for i in range(len(ends) - 1):
        h = np.uint64(ends[i + 1] - ends[i])
        word = np.uint64(0)
        filled = 0
        for at in range(ends[i], ends[i + 1]):
            word = (word << np.uint64(8)) | np.uint64(data[at])
            filled += 1
            if filled == 8:
                h = mix(h ^ word)
                word, filled = np.uint64(0), 0
        out[i] = mix(mix(h ^ word))
    return out
