"""Which campaign a request carries a task of, and where its account stands: one compiled look-up a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from revenuer.response import TaskBook
from revenuer.text.characters import WORDS
from revenuer.text.probe import fill_slots, look_up

__all__ = ["FrameBook", "frame_book", "nothing_known"]

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

_BLANK: Final = b" "


@dataclass(frozen=True, slots=True)
class FrameBook:
    """A `TaskBook` as a hash table: what it holds is found by one probe a shingle, and most texts hold nothing.

    Attributes:
        slots: shingles where they hash to, shape (power of two,); an empty slot has `place` -1.
        place: number of the shingle, shape as `slots`.
        starts: where the frames of each shingle begin in `frames`, shape (shingles + 1,).
        frames: the frames that hold each shingle.
        owners, needed: as in the task book, shape (frames,).
    """

    slots: U64
    place: I64
    starts: I64
    frames: I64
    owners: I64
    needed: I64

    def look(self, text: str, key: int, keys: I64) -> tuple[int, int]:
        """Where a key stands, and what a text carries.

        Args:
            text: any.
            key: hash of the account.
            keys: sorted, without repetition.

        Returns:
            The place of the key among the keys, -1 if it is not there; the campaign's number as `TaskBook.carried`
            gives it, -1 for none.
        """
        # a lone half of a pair of surrogates cannot be encoded, and is no word either
        data = np.frombuffer(text.encode("utf-8", "replace") or _BLANK, np.uint8)
        found: tuple[int, int] = look_up(
            data, WORDS, self.slots, self.place, self.starts, self.frames, self.owners, self.needed, key, keys
        )
        return found


def frame_book(book: TaskBook) -> FrameBook:
    """A task book, ready for single requests."""
    shingles, starts = np.unique(book.shingles, return_index=True)
    bits = max(int(2 * len(shingles)).bit_length(), 3)
    slots, place = np.zeros(1 << bits, np.uint64), np.full(1 << bits, -1, np.int64)
    fill_slots(shingles, slots, place)
    ends = np.append(starts.astype(np.int64), len(book.shingles))
    return FrameBook(slots, place, ends, book.frames, book.owners, book.needed)


def nothing_known() -> FrameBook:
    """A book without frames."""
    none = np.empty(0, np.int64)
    return frame_book(TaskBook(none, none, np.empty(0, np.uint64), none))
