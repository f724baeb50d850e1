"""Which campaign a request carries a task of, and where its account stands: one compiled look-up a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from revenuer.response import TaskBook, task_book, task_kinds, told_apart
from revenuer.text.characters import WORDS
from revenuer.text.probe import SIEVE_SHARE, fill_slots, look_up

__all__ = ["FrameBook", "Frames", "frame_book", "nothing_known"]

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

_BLANK: Final = b" "


@dataclass(frozen=True, slots=True)
class FrameBook:
    """A `TaskBook` as a hash table: what it holds is found by one probe a shingle, and most texts hold nothing.

    Attributes:
        slots: shingles where they hash to, shape (power of two,); an empty slot has `place` -1.
        place: number of the shingle, shape as `slots`.
        sieve: marks of the shingles, shape (power of two,).
        starts: where the frames of each shingle begin in `frames`, shape (shingles + 1,).
        frames: the frames that hold each shingle.
        owners, needed, kinds: as in the task book, shape (frames,).
        least: the least of `needed`, 1 where there is no frame.
    """

    slots: U64
    place: I64
    sieve: U64
    starts: I64
    frames: I64
    owners: I64
    needed: I64
    least: int
    kinds: U64

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
            data, WORDS, self.slots, self.place, self.sieve, self.starts, self.frames, self.owners, self.needed,
            self.least, key, keys,
        )  # fmt: skip
        return found


def frame_book(book: TaskBook) -> FrameBook:
    """A task book, ready for single requests."""
    shingles, starts = np.unique(book.shingles, return_index=True)
    bits = max(int(2 * len(shingles)).bit_length(), 3)
    slots, place = np.zeros(1 << bits, np.uint64), np.full(1 << bits, -1, np.int64)
    sieve = np.zeros((1 << bits) // SIEVE_SHARE, np.uint64)
    fill_slots(shingles, slots, place, sieve)
    ends = np.append(starts.astype(np.int64), len(book.shingles))
    least = int(book.needed.min(initial=np.iinfo(np.int64).max)) if len(book.needed) else 1
    return FrameBook(slots, place, sieve, ends, book.frames, book.owners, book.needed, max(least, 1), book.kinds)


class Frames:
    """Frames of campaigns, read once each: when a scan adds a few, only these are taken apart."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, bool], TaskBook] = {}
        self._books: dict[bool, tuple[dict[str, list[str]], list[str], FrameBook]] = {}

    def book(self, frames: Mapping[str, Sequence[str]], numbers: Mapping[str, int], *, system: bool) -> FrameBook:
        """The frames of each campaign; see `task_book`. What was put in order stays so while the frames are the same.

        Args:
            frames: masked texts, by the id of the campaign.
            numbers: of these campaigns, and maybe of others.
            system: take the frames of system prompts, and not those of prompts.
        """
        wanted = {name: told_apart(texts) for name, texts in sorted(frames.items())}
        if system not in self._books or self._books[system][0] != wanted:
            self._books[system] = wanted, *self._made(wanted, system=system)
        _, names, book = self._books[system]
        return replace(book, owners=np.array([numbers[name] for name in names], np.int64))

    def _made(self, frames: Mapping[str, Sequence[str]], *, system: bool) -> tuple[list[str], FrameBook]:
        """The book, and of each of its frames the campaign."""
        parts = self._parts | dict(self._taken_apart(frames.values(), system=system))
        wanted = [(name, (text, system)) for name, texts in frames.items() for text in texts]
        mine = [(name, parts[key]) for name, key in wanted if len(parts[key].owners)]
        kept = {key for _, key in wanted}
        self._parts = {key: part for key, part in parts.items() if key[1] != system or key in kept}
        sizes = np.array([len(part.shingles) for _, part in mine], np.int64)
        shingles = np.concatenate([np.empty(0, np.uint64), *(part.shingles for _, part in mine)])
        order = np.argsort(shingles, kind="stable")
        frame_of = np.repeat(np.arange(len(mine), dtype=np.int64), sizes)
        needed = np.array([part.needed[0] for _, part in mine], np.int64)
        nobody = np.full(len(mine), -1, np.int64)
        kinds = task_kinds([part.shingles for _, part in mine], [name for name, _ in mine])
        return [name for name, _ in mine], frame_book(TaskBook(nobody, needed, shingles[order], frame_of[order], kinds))

    def _taken_apart(
        self, frames: Iterable[Sequence[str]], *, system: bool
    ) -> Iterator[tuple[tuple[str, bool], TaskBook]]:
        for text in {text for texts in frames for text in texts}:
            if (text, system) not in self._parts:
                yield (text, system), task_book([[text]], system=system)


def nothing_known() -> FrameBook:
    """A book without frames."""
    none = np.empty(0, np.int64)
    return frame_book(TaskBook(none, none, np.empty(0, np.uint64), none, np.empty(0, np.uint64)))
