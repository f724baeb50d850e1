"""Campaigns and accounts for the tests of the state, and databases to keep them in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from revenuer.findings import Campaign, Succession
from revenuer.state import AccountFound

NOON: Final = "2026-03-01T12:00:00Z"
LATER: Final = "2026-03-02T12:00:00Z"
TASKS: Final = (
    "Grade the following answer against the rubric and explain every point that you take off: {…}",
    "Solve the puzzle below one small step at a time and write each of the steps down before the answer: {…}",
    "Write the function that this docstring asks for and then a table of inputs with what it gives: {…}",
)


def campaign(
    name: str, accounts: Sequence[str], tasks: Sequence[str] = TASKS, *, banned: Sequence[str] = (), last: str = NOON
) -> Campaign:
    """A campaign of these accounts and tasks."""
    successions = (Succession(tuple(banned), tuple(accounts), NOON),) if banned else ()
    return Campaign(
        name, 0.97, len(accounts), 100, "2026-02-01T00:00:00Z", last, {"coding": 1.0}, {}, tuple(accounts), tuple(tasks),
        (), (), (), successions,
    )  # fmt: skip


def people(first: int, last: int) -> list[str]:
    """Account ids."""
    return [f"acct-{number}" for number in range(first, last)]


def found(accounts: Sequence[str], campaign_id: str | None) -> list[AccountFound]:
    """These accounts as a scan finds them; flagged if they are of a campaign."""
    return [AccountFound(one, campaign_id, 0.9, campaign_id is not None, 0.8, 0.7) for one in accounts]
