"""Pools of accounts behind one counter: who serves a request, who is banned, who comes after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from revenuer.simulate.archetypes import Archetype
from revenuer.simulate.world import DAY

__all__ = ["Pool"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pool:
    """The accounts in service: at `ban` the first `banned` of `first` go, and the rest of `accounts` come."""

    accounts: int
    first: int
    banned: int
    ban: float
    assignment: str
    span: tuple[float, float]
    rolling: float

    @staticmethod
    def of(kind: Archetype, accounts: int, length: float, span: tuple[float, float] | None = None) -> Pool:
        """The pool of a campaign of this kind in a window of so many seconds; `span`: its first and last, if not its kind's."""
        span = span or (kind.start * length, min(kind.end, 0.998) * length)
        when, share = kind.ban or (1.0, 0.0)
        return Pool.replaced(accounts, span, when, share, assignment=kind.assignment, rolling=kind.rolling)

    @staticmethod
    def replaced(
        accounts: int,
        span: tuple[float, float],
        when: float,
        share: float,
        *,
        assignment: str = "random",
        rolling: float = 1.0,
    ) -> Pool:
        """A pool that loses a share of its accounts at `when` (0-1 of its span) and takes as many new ones in."""
        first = max(2, round(accounts / (1 + share)))
        banned = min(max(1, round(first * share)), first) if share and first < accounts else 0
        ban = span[0] + when * (span[1] - span[0]) if banned else float("inf")
        return Pool(accounts, first if banned else accounts, banned, ban, assignment, span, rolling)

    def _rolled(self, at: Floats) -> tuple[Ints, Ints]:
        """First and last account in service: a window that slides over all of them while the campaign runs."""
        width = min(max(3, round(self.accounts * self.rolling)), self.accounts)
        done = np.clip((at - self.span[0]) / (self.span[1] - self.span[0]), 0, 1)
        low = np.round(done * (self.accounts - width)).astype(np.int64)
        return low, low + width

    def terms(self) -> tuple[Floats, Floats]:
        """When each account comes into service and when it goes, in seconds of the window."""
        row, (begin, end) = np.arange(self.accounts), self.span
        if self.banned:
            return np.where(row < self.first, begin, self.ban), np.where(row < self.banned, self.ban, end)
        width = min(max(3, round(self.accounts * self.rolling)), self.accounts)
        slide = max(self.accounts - width, 1)
        # As in `_rolled`: an account serves while the window's first account is at most itself and at least `width` before it.
        come = np.clip((row - width + 0.5) / slide, 0, 1) * (end - begin) + begin
        go = np.clip((row + 0.5) / slide, 0, 1) * (end - begin) + begin
        if width == self.accounts or self.assignment != "random":
            return np.full(self.accounts, begin), np.full(self.accounts, end)
        return come, go

    def serve(self, rng: np.random.Generator, at: Floats) -> Ints:
        """The account of each conversation, in order of time, as the queue hands them out."""
        low = np.where(at < self.ban, 0, self.banned)
        high = np.where(at < self.ban, self.first, self.accounts)
        if self.assignment == "robin":
            return np.asarray(low + np.arange(len(at)) % (high - low), dtype=np.int64)
        if self.assignment == "quota":
            return np.asarray(low + (_place_in_day(at) * (high - low)).astype(np.int64), dtype=np.int64)
        if self.rolling < 1:
            low, high = self._rolled(at)
        # Accounts of one pool differ a little in how much they are given.
        speed = np.concatenate([[0.0], rng.lognormal(0, 0.3, self.accounts).cumsum()])
        drawn = speed[low] + rng.random(len(at)) * (speed[high] - speed[low])
        return np.asarray(np.searchsorted(speed, drawn, side="right") - 1).clip(0, self.accounts - 1)

    def bans(self, who: Ints, at: Floats, rng: np.random.Generator) -> list[tuple[int, float, str]]:
        """Enforcement against the accounts that go, each after its last request."""
        last = np.zeros(self.accounts)
        np.maximum.at(last, who, at)
        return [
            (row, max(self.ban, float(last[row])) + float(rng.uniform(10, 2_400)), "ban") for row in range(self.banned)
        ]


def _place_in_day(at: Floats) -> Floats:
    """How far into the requests of its day each one is (0-1): accounts take turns until their day's quota is used."""
    order = np.argsort(at, kind="stable")
    day = (at[order] / DAY).astype(np.int64)
    _, start, count = np.unique(day, return_index=True, return_counts=True)
    rank = np.arange(len(at)) - np.repeat(start, count)
    place = np.empty(len(at))
    place[order] = rank / np.repeat(count, count)
    return place
