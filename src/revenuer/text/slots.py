"""What fills the slots of a frame: the tokens of a text that stand outside the frame it is an instance of."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

from revenuer.text.match import Index, _find
from revenuer.text.shingles import SHINGLE, shingle_at
from revenuer.text.tokens import I64, U64, Tokens

__all__ = ["slot_tokens"]

I32 = npt.NDArray[np.int32]


@nb.njit(cache=True, nogil=True)
def _outside(
    hashes: U64, sought: U64, offsets: I64, rows: I64, frame: I32, keys: U64, postings: I32, out: U64, ends: I64
) -> int:
    longest = 1
    for row in rows:
        longest = max(longest, offsets[row + 1] - offsets[row])
    inside = np.zeros(longest, np.bool_)
    n = 0
    for r in range(rows.shape[0]):
        start, end = offsets[rows[r]], offsets[rows[r] + 1]
        inside[: end - start] = False
        for i in range(start, end - SHINGLE + 1):
            at = _find(keys, shingle_at(sought, i))
            if at < 0:
                continue
            for p in range(postings.shape[1]):
                if postings[at, p] == frame[rows[r]]:
                    inside[i - start : i - start + SHINGLE] = True
                    break
        for i in range(start, end):
            if not inside[i - start]:
                out[n] = hashes[i]
                n += 1
        ends[r + 1] = n
    return n


def slot_tokens(tokens: Tokens, sought: Tokens, index: Index, frame: I32, rows: I64) -> Tokens:
    """The tokens of chosen texts that stand outside their frames, in their order.

    Args:
        tokens: n texts.
        sought: the same texts as `index` knows their tokens (keyed, where it is).
        index: the cores of the frames.
        frame: shape (n,), the frame of each text by its index, as `match` gave it.
        rows: shape (k,), which texts; each must have a frame.

    Returns:
        k texts.
    """
    room = int((tokens.offsets[rows + 1] - tokens.offsets[rows]).sum())
    out, ends = np.empty(room, np.uint64), np.zeros(len(rows) + 1, np.int64)
    n = _outside(tokens.hashes, sought.hashes, tokens.offsets, rows, frame, index.keys, index.postings, out, ends)
    return Tokens(out[:n].copy(), ends)
