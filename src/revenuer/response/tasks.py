"""Which requests carry a task of a campaign: containment of its masked frames, as one look-up a request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.text.shingles import SHINGLE, windows
from revenuer.text.tokens import tokenize

__all__ = ["TaskBook", "task_book"]

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

SLOT: Final = "{…}"
SYSTEM: Final = "[system] "
# A frame of fewer shingles is said by many who have nothing to do with each other.
LEAST_SHINGLES: Final = 6
# Share of a frame's shingles that a request must hold.
CONTAINED: Final = 0.8
# As for the identity of campaigns: what is shorter is said by many who have nothing to do with each other ("Think step by step,
# check your steps, then give the result after '####'"), and tells something of those alone who serve the campaign.
LONG: Final = 12

_NONE: Final = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class TaskBook:
    """Frames of campaigns, ready to be looked up.

    Attributes:
        owners: number of the campaign of each frame, shape (frames,).
        needed: shingles of each frame that have to be there, shape (frames,); less than 0 for short frames, which nobody
            carries and to which one can come near, by the same number.
        shingles: sorted, shape (entries,), and `frames`, the frame of each.
    """

    owners: I64
    needed: I64
    shingles: U64
    frames: I64

    def carried(self, texts: pa.Array) -> I64:
        """The campaign of which each text carries a task, shape (texts,); -1 for none, the first of several."""
        long = self.needed > 0
        return np.array(
            [_first(self.owners[(counted >= self.needed) & long]) for counted in self._counted(texts)], np.int64
        )

    def near(self, texts: pa.Array) -> list[frozenset[int]]:
        """The campaigns to a task of which each text comes near: it holds half of what a task needs."""
        half = (np.abs(self.needed) + 1) // 2
        return [frozenset(self.owners[counted >= half].tolist()) for counted in self._counted(texts)]

    def _counted(self, texts: pa.Array) -> Iterator[I64]:
        """How many shingles of each frame a text holds, text by text."""
        tokens = tokenize(texts)
        for start, end in zip(tokens.offsets[:-1], tokens.offsets[1:], strict=True):
            own = np.unique(windows(tokens.hashes[start:end]))
            first, last = (np.searchsorted(self.shingles, own, side) for side in ("left", "right"))
            hit = np.flatnonzero(last > first)
            frames = [self.frames[first[h] : last[h]] for h in hit]
            yield np.bincount(np.concatenate([_NONE, *frames]), minlength=len(self.owners))


def _first(owners: I64) -> int:
    return int(owners.min()) if len(owners) else -1


def task_book(frames: Sequence[Sequence[str]], *, system: bool = False) -> TaskBook:
    """The frames of each campaign as findings show them, put in order for look-ups.

    Args:
        frames: masked texts, one list a campaign.
        system: take the frames of system prompts, and not those of prompts.
    """
    owners: list[int] = []
    sets: list[U64] = []
    for number, texts in enumerate(frames):
        for text in texts:
            if text.startswith(SYSTEM) != system:
                continue
            shingles = _shingles(text.removeprefix(SYSTEM))
            if len(shingles) >= LEAST_SHINGLES:
                owners.append(number)
                sets.append(shingles)
    lengths = np.array([len(one) for one in sets], np.int64)
    joined = np.concatenate(sets) if sets else np.empty(0, np.uint64)
    order = np.argsort(joined, kind="stable")
    frame_of = np.repeat(np.arange(len(sets), dtype=np.int64), lengths)
    needed = np.ceil(CONTAINED * lengths).astype(np.int64) * np.where(lengths < LONG, -1, 1)
    return TaskBook(np.array(owners, np.int64), needed, joined[order], frame_of[order])


def _shingles(masked: str) -> U64:
    """Shingles that lie within the constant parts."""
    parts = tokenize(pa.array(masked.split(SLOT)))
    runs = [parts.hashes[a:b] for a, b in zip(parts.offsets[:-1], parts.offsets[1:], strict=True) if b - a >= SHINGLE]
    return np.unique(np.concatenate([windows(run) for run in runs])) if runs else np.empty(0, np.uint64)
