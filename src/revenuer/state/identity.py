"""Whether a campaign of a new scan is one that is known: by who takes part, and by what it asks.

A campaign is known again if

* half of the smaller one's accounts are the other's too, and three at least (it grew, shrank or moved to other tasks), where
  accounts that were banned count for their successors' campaign; or
* half of the smaller one's tasks are the other's too, and two at least, or all of them where there is but one and it is long
  (the same list of tasks on a second pool of accounts). A task is the same if its words agree, three shingles out of five.

Of several that fit, the pair with the largest overlap is taken first, accounts before tasks; a known campaign goes to one
new campaign and a new one to one known one. A second new campaign that fits a taken known one is a part that split off and
keeps its own id; a second known one that fits a taken new one has been merged into it, and its id becomes an alias.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

__all__ = ["Known", "Matched", "match_campaigns", "same_task", "words_of"]

SHARE: Final = 0.5
LEAST_ACCOUNTS: Final = 3
LEAST_TASKS: Final = 2
SAME_TASK: Final = 0.6
# Below this many shingles a task is said by many who have nothing to do with each other.
LONG_TASK: Final = 12
_RUN: Final = 3

Shingles = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Known:
    """A campaign as far as its identity goes: its id, its accounts (the banned among them), and its tasks' masked texts."""

    campaign_id: str
    accounts: frozenset[str]
    tasks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matched:
    """What the new campaigns are.

    Attributes:
        ids: id in the new scan -> the id that it keeps.
        why: id in the new scan -> the overlap, in words; absent where it is new.
        merged: known id -> the id that it became part of.
    """

    ids: dict[str, str]
    why: dict[str, str]
    merged: dict[str, str]


def match_campaigns(known: Iterable[Known], found: Iterable[Known]) -> Matched:
    """Tell which of the `found` campaigns are which of the `known`; the order of neither changes the result.

    A new campaign whose id is an unrelated known one's (ids are short hashes) gets a suffix.
    """
    old, new = (
        {one.campaign_id: one for one in sorted(group, key=lambda c: c.campaign_id)} for group in (known, found)
    )
    pairs = sorted(
        (-rank, before.campaign_id, after.campaign_id, why)
        for before in old.values()
        for after in new.values()
        if (fit := _fit(before, after)) is not None
        for rank, why in (fit,)
    )
    ids: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for _, before, after, why in pairs:
        if after not in ids and before not in ids.values():
            ids[after], reasons[after] = before, why
    merged = {before: ids[after] for _, before, after, _ in reversed(pairs) if before not in ids.values()}
    taken = {*old, *ids.values()}
    for after in new:
        if after not in ids:
            ids[after] = _free(after, taken)
            taken.add(ids[after])
    return Matched(ids, reasons, merged)


def _fit(before: Known, after: Known) -> tuple[float, str] | None:
    """How well two campaigns fit, accounts (2 to 3) before tasks (up to 1), and in what; None: they do not."""
    common = len(before.accounts & after.accounts)
    share = common / max(min(len(before.accounts), len(after.accounts)), 1)
    if common >= LEAST_ACCOUNTS and share >= SHARE:
        return 2.0 + share, f"{common} accounts in common"
    tasks, alike, long = _common_tasks(before, after)
    if tasks and alike / tasks >= SHARE and (alike >= LEAST_TASKS or long):
        return alike / tasks, f"{alike} tasks in common"
    return None


def _common_tasks(before: Known, after: Known) -> tuple[int, int, bool]:
    """How many tasks the smaller list has, how many of them the other has too, and whether one of these is long."""
    few, many = sorted((before.tasks, after.tasks), key=len)
    others = [words_of(task) for task in many]
    alike = [len(task) for task in map(words_of, few) if any(same_task(task, other) for other in others)]
    return len(few), len(alike), any(length >= LONG_TASK for length in alike)


def words_of(task: str) -> Shingles:
    """Runs of three words of a masked text, in lower case; slots and digits count as none."""
    words = re.findall(r"[^\W\d_]+", task.lower())
    return frozenset(tuple(words[place : place + _RUN]) for place in range(max(len(words) - _RUN + 1, 1)) if words)


def same_task(one: Shingles, other: Shingles) -> bool:
    """Whether two tasks' words agree: Jaccard of their shingles at least `SAME_TASK`."""
    return bool(one) and len(one & other) >= SAME_TASK * len(one | other)


def _free(name: str, taken: set[str]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free
