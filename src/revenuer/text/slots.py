"""What fills the slots of a frame: the tokens of a text that stand outside the frame it is an instance of."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

from revenuer.text.tokens import I64, U64, Tokens

__all__ = ["slot_tokens"]

Bools = npt.NDArray[np.bool_]


@nb.njit(cache=True, nogil=True)
def _outside(hashes: U64, offsets: I64, inside: Bools, rows: I64, out: U64, ends: I64) -> int:
    n = 0
    for r in range(rows.shape[0]):
        for i in range(offsets[rows[r]], offsets[rows[r] + 1]):
            if not inside[i]:
                out[n] = hashes[i]
                n += 1
        ends[r + 1] = n
    return n


def slot_tokens(tokens: Tokens, inside: Bools, rows: I64) -> Tokens:
    """The tokens of chosen texts that stand outside their frames, in their order.

    Args:
        tokens: n texts.
        inside: whether each token stands in a frame, as `match` gave it; of the same texts under a key where frames are.
        rows: shape (k,), which texts.

    Returns:
        k texts.
    """
    room = int((tokens.offsets[rows + 1] - tokens.offsets[rows]).sum())
    out, ends = np.empty(room, np.uint64), np.zeros(len(rows) + 1, np.int64)
    n = _outside(tokens.hashes, tokens.offsets, inside, rows, out, ends)
    return Tokens(out[:n].copy(), ends)
