"""Which requests carry a task of a campaign: containment of its masked frames, as one look-up a request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.text.shingles import SHINGLE, windows
from revenuer.text.tokens import tokenize

__all__ = ["COMMON", "COVER", "SYSTEM", "TaskBook", "marked", "resembling", "task_book", "task_kinds", "told_apart"]

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

SLOT: Final = "{…}"
SYSTEM: Final = "[system] "
# What stands before a frame that others send too, and before one that goes with what is no harvest, see `common`.
COMMON: Final = "[common] "
COVER: Final = "[cover] "
# A frame of fewer shingles is said by many who have nothing to do with each other.
LEAST_SHINGLES: Final = 6
# Share of a frame's shingles that a request must hold.
CONTAINED: Final = 0.8
# As for the identity of campaigns: what is shorter is said by many who have nothing to do with each other ("Think step by step,
# check your steps, then give the result after '####'"), and tells something of those alone who serve the campaign.
LONG: Final = 12

# Texts that are looked up at once, which bounds the memory that it takes.
_SOME: Final = 4_096
_NOBODY: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class TaskBook:
    """Frames of campaigns, ready to be looked up.

    Attributes:
        owners: number of the campaign of each frame, shape (frames,).
        needed: shingles of each frame that have to be there, shape (frames,); less than 0 for short and common frames, which
            nobody carries and to which one can come near, by the same number.
        shingles: sorted, shape (entries,), and `frames`, the frame of each.
        kinds: of each frame, shape (frames,); see `task_kinds`.
    """

    owners: I64
    needed: I64
    shingles: U64
    frames: I64
    kinds: U64

    def carried(self, texts: pa.Array) -> I64:
        """The campaign of which each text carries a task, shape (texts,); -1 for none, the first of several."""
        text, frame, counts = self.held(texts)
        whole = (counts >= self.needed[frame]) & (self.needed[frame] > 0)
        found = np.full(len(texts), _NOBODY, np.int64)
        np.minimum.at(found, text[whole], self.owners[frame[whole]])
        return np.where(found == _NOBODY, -1, found)

    def near(self, texts: pa.Array) -> list[frozenset[int]]:
        """The campaigns to a task of which each text comes near: it holds half of what a task needs."""
        text, frame, counts = self.held(texts)
        half = counts >= (np.abs(self.needed[frame]) + 1) // 2
        found: list[set[int]] = [set() for _ in range(len(texts))]
        for row, owner in zip(text[half].tolist(), self.owners[frame[half]].tolist(), strict=True):
            found[row].add(owner)
        return [frozenset(one) for one in found]

    def resembled(self, texts: pa.Array) -> list[tuple[int, int] | None]:
        """Campaign and kind of the first task, by their numbers, that each text resembles: it holds three quarters of what that needs."""
        text, frame, counts = self.held(texts)
        like = counts >= resembling(self.needed)[frame]
        found: list[tuple[int, int] | None] = [None] * len(texts)
        rows, owners, kinds = text[like].tolist(), self.owners[frame[like]].tolist(), self.kinds[frame[like]].tolist()
        for row, one in zip(rows, zip(owners, kinds, strict=True), strict=True):
            found[row] = min(one, found[row] or one)
        return found

    def held(self, texts: pa.Array) -> tuple[I64, I64, I64]:
        """Texts and frames that share shingles, and how many, each of shape (pairs,); a shingle counts once a text."""
        parts = [self._held(texts[start : start + _SOME]) for start in range(0, max(len(texts), 1), _SOME)]
        text = np.concatenate([rows + number * _SOME for number, (rows, _, _) in enumerate(parts)])
        return text, np.concatenate([part[1] for part in parts]), np.concatenate([part[2] for part in parts])

    def _held(self, texts: pa.Array) -> tuple[I64, I64, I64]:
        text, shingles = _distinct(texts)
        first, last = (np.searchsorted(self.shingles, shingles, side) for side in ("left", "right"))
        times = last - first
        places = np.repeat(last - np.cumsum(times), times) + np.arange(times.sum())
        frames = max(len(self.owners), 1)
        pairs, counts = np.unique(np.repeat(text, times) * frames + self.frames[places], return_counts=True)
        return pairs // frames, pairs % frames, counts.astype(np.int64)


def _distinct(texts: pa.Array) -> tuple[I64, U64]:
    """The shingles of each text, once each, and the numbers of the texts."""
    tokens = tokenize(texts)
    of_token = np.repeat(np.arange(len(tokens.offsets) - 1, dtype=np.int64), np.diff(tokens.offsets))
    shingles = windows(tokens.hashes)
    begins = of_token[: len(shingles)]
    within = begins == of_token[len(of_token) - len(shingles) :]  # from the first to the last token of each
    text, shingles = begins[within], shingles[within]
    order = np.lexsort((shingles, text))
    text, shingles = text[order], shingles[order]
    fresh = np.ones(len(text), np.bool_)
    fresh[1:] = (text[1:] != text[:-1]) | (shingles[1:] != shingles[:-1])
    return text[fresh], shingles[fresh]


def resembling(needed: I64) -> I64:
    """How many shingles of each frame a text holds that resembles it: three quarters of what it needs, three fifths of all."""
    return (3 * np.abs(needed) + 3) // 4


def task_kinds(sets: Sequence[U64], of: Sequence[Hashable]) -> U64:
    """One task in several wordings is one kind: by its least shingle, the first frame of the campaign that shares half of the shorter's.

    Args:
        sets: shingles of each frame, once each, at least one.
        of: its campaign.
    """
    leaders: dict[tuple[Hashable, int], list[int]] = {}
    led: list[int] = []
    for number, (own, name) in enumerate(zip(sets, of, strict=True)):
        shared = Counter(one for shingle in own.tolist() for one in leaders.get((name, shingle), ()))
        alike = (one for one in sorted(shared) if 2 * shared[one] >= min(len(sets[one]), len(own)))
        led.append(next(alike, number))
        for shingle in own.tolist() if led[-1] == number else ():
            leaders.setdefault((name, shingle), []).append(number)
    return np.array([sets[one].min() for one in led], np.uint64)


def marked(frames: Iterable[str], marks: Mapping[str, str]) -> tuple[str, ...]:
    """The frames of a campaign, each with its mark if it has one."""
    return tuple(marks.get(one, "") + one for one in frames)


def told_apart(frames: Iterable[str]) -> list[str]:
    """The frames, once each, without what is no task; what a scan has marked once is not what it is without."""
    once = dict.fromkeys(frames)
    plain = (one for one in once if COMMON + one not in once and COVER + one not in once)
    return [one for one in plain if not one.startswith(COVER) and COVER + one.removeprefix(COMMON) not in once]


def task_book(frames: Sequence[Sequence[str]], *, system: bool = False) -> TaskBook:
    """The frames of each campaign as findings show them, put in order for look-ups.

    Args:
        frames: masked texts, one list a campaign; those that are common are marked, see `marked`.
        system: take the frames of system prompts, and not those of prompts.
    """
    owners: list[int] = []
    sets: list[U64] = []
    common: list[bool] = []
    for number, texts in enumerate(frames):
        for text in told_apart(texts):
            bare = text.removeprefix(COMMON)
            shingles = _shingles(bare.removeprefix(SYSTEM))
            if bare.startswith(SYSTEM) == system and len(shingles) >= LEAST_SHINGLES:
                owners.append(number)
                sets.append(shingles)
                common.append(bare != text)
    lengths = np.array([len(one) for one in sets], np.int64)
    joined = np.concatenate(sets) if sets else np.empty(0, np.uint64)
    order = np.argsort(joined, kind="stable")
    frame_of = np.repeat(np.arange(len(sets), dtype=np.int64), lengths)
    for_servers = (lengths < LONG) | np.array(common, np.bool_)
    needed = np.ceil(CONTAINED * lengths).astype(np.int64) * np.where(for_servers, -1, 1)
    return TaskBook(np.array(owners, np.int64), needed, joined[order], frame_of[order], task_kinds(sets, owners))


def _shingles(masked: str) -> U64:
    """Shingles that lie within the constant parts."""
    parts = tokenize(pa.array(masked.split(SLOT)))
    runs = [parts.hashes[a:b] for a, b in zip(parts.offsets[:-1], parts.offsets[1:], strict=True) if b - a >= SHINGLE]
    return np.unique(np.concatenate([windows(run) for run in runs])) if runs else np.empty(0, np.uint64)
