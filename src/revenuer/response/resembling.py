"""Accounts whose requests resemble tasks of a campaign: a bounded memory of who sent something like which."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

__all__ = ["Resembling"]

# Days after which a resemblance is forgotten, as the default policy forgets what it made an account verify for.
DAYS: Final = 30
# Pairs of account and campaign, the oldest of which go first: some 30 MB.
MOST: Final = 100_000


class Resembling:
    """Who sent something like which tasks; owned by one thread, and never written down.

    Args:
        tasks: so many different ones of one campaign, each in a request of its own, and the account serves it; 0: never.
    """

    def __init__(self, tasks: int) -> None:
        self.tasks = tasks
        self._seen: dict[tuple[str, str], tuple[int, frozenset[int]]] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def serves(self, account: str, campaign: str, kind: int, *, day: int, kinds: AbstractSet[int]) -> bool:
        """Take in a request that resembles a task, and say whether the account has sent enough different ones.

        Args:
            account: that asked.
            campaign: of the task.
            kind: of the task; see `task_kinds`.
            day: since 1970.
            kinds: that there are now; others, which a scan has put together anew since, would count twice.
        """
        if not self.tasks:
            return False
        last, found = self._seen.pop((account, campaign), (day, frozenset()))
        kept = found & kinds if day - last <= DAYS else frozenset()
        if len(kept) < self.tasks:
            kept |= {kind}
        self._seen[account, campaign] = day, kept
        if len(self._seen) > MOST:
            del self._seen[next(iter(self._seen))]
        return len(kept) >= self.tasks
