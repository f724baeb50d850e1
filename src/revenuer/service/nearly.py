"""What a request comes near to: tasks of the campaign that its account serves, and the task that it resembles, whoever sent it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from revenuer.response import resembling
from revenuer.service.frames import I64, FrameBook

__all__ = ["Likeness", "comes_near", "likeness"]

_NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Likeness:
    """A book that asks for less, as `TaskBook.resembled` does: what it does not find carries no task either.

    Attributes:
        book: whose owners are ranks of frames, by campaign and kind.
        ranked: the frame of each rank, shape (frames,).
    """

    book: FrameBook
    ranked: I64

    def look(self, text: str, key: int, keys: I64) -> tuple[int, int]:
        """Where a key stands, see `FrameBook.look`, and the first frame that a text resembles; -1 for none."""
        place, rank = self.book.look(text, key, keys)
        return place, int(self.ranked[rank]) if rank >= 0 else -1


def likeness(book: FrameBook) -> Likeness:
    """The book that finds what resembles a frame of another."""
    ranked = np.lexsort((book.kinds, book.owners))
    ranks = np.empty_like(ranked)
    ranks[ranked] = np.arange(len(ranked))
    needed = resembling(book.needed)
    least = int(needed.min(initial=_NEVER)) if len(needed) else 1
    return Likeness(replace(book, owners=ranks, needed=needed, least=least), ranked)


def comes_near(book: FrameBook, text: str, number: int) -> bool:
    """Whether a text holds half of what a task of the campaign of this number needs, as `TaskBook.near` has it."""
    half = np.where(book.owners == number, (np.abs(book.needed) + 1) // 2, _NEVER)
    least = int(half.min(initial=_NEVER))
    if least == _NEVER:
        return False
    nobody = np.empty(0, np.int64)
    return replace(book, needed=half, least=least).look(text, 0, nobody)[1] == number
