"""What an exchange would train if it served extraction: two capabilities it votes for, and with how many votes."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from revenuer.schema import CAPABILITIES, EXTRACTION_CAPABILITIES

__all__ = ["VOTES", "Votes", "votes"]

F32 = npt.NDArray[np.float32]
I8 = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]

# Whole numbers, so that sums of them are the same on every engine.
VOTES: Final = 20

# Votes are pooled, and pooled witnesses who are all as sure as they may be decide nothing between them.
SOFTNESS: Final = np.float32(0.65)

# What fills the slots speaks once with the frame around it, and so much more by itself: a frame is long and says one
# thing of whatever is put into it.
SLOT_WEIGHT: Final = np.float32(0.25)

# Log-odds that a conversation which opens with a reasoning block given out elsewhere is after the traces.
REPLAY: Final = np.float32(3.0)

N_EXTRACTION: Final = len(EXTRACTION_CAPABILITIES)
_TRACES: Final = CAPABILITIES.index("trace_reconstruction")


class Votes(NamedTuple):
    """The two likeliest extraction capabilities of n exchanges.

    Attributes:
        served: shape (n,), int8, number of the likeliest.
        served_votes: shape (n,), int8, its share among extraction capabilities in twentieths.
        second: shape (n,), int8; `second_votes` likewise.
    """

    served: I8
    served_votes: I8
    second: I8
    second_votes: I8


def votes(logits: F32, of_slots: F32, replayed: Bools) -> Votes:
    """Votes from calibrated logits.

    Args:
        logits: shape (n, capabilities), of the text as it was sent.
        of_slots: shape (n, capabilities), of what fills the slots of its frame; 0 where it has none.
        replayed: shape (n,), whether a conversation opens with a reasoning block.
    """
    own = SOFTNESS * (logits + SLOT_WEIGHT * of_slots)[:, :N_EXTRACTION]
    own[:, _TRACES] += REPLAY * replayed
    share = np.exp(own - own.max(axis=1, keepdims=True, initial=-np.inf))
    share /= share.sum(axis=1, keepdims=True)
    first, most = _likeliest(share)
    second, more = _likeliest(share)
    return Votes(first, most, second, more)


def _likeliest(share: F32) -> tuple[I8, I8]:
    """The likeliest of each row, of equals the first, and its votes; its share is then taken out of the row."""
    likeliest = share.argmax(axis=1)
    rows = np.arange(len(share))
    most = np.rint(VOTES * share[rows, likeliest]).astype(np.int8)
    share[rows, likeliest] = -1
    return likeliest.astype(np.int8), most
