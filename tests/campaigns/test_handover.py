"""What a group does when accounts of it are banned, against what it does otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from life_worlds import HOUR, NAMES, START, fingerprints, world
from revenuer.campaigns.handover import STRONGEST, STRONGEST_BROKEN, find_handovers, succession_evidence
from revenuer.findings import Evidence
from revenuer.linkage.groups import Group
from revenuer.schema import ENFORCEMENT

OWN, OTHER = 77, 78
GROUP, DAYS, BANNED_AT = 40, 14, 7 * 24.0
BANNED = np.arange(12)
NEW = np.arange(28, 40)


def lives(*, successors: bool = True, gone: bool = True, rolling: bool = False, seed: int = 0) -> dict[str, Any]:
    """A group with about 150 requests a day of which the first twelve accounts are banned in the middle.

    Args:
        successors: the last twelve accounts ask only afterwards, else never.
        gone: the banned ask no more.
        rolling: every account is in service for three days of its own.
        seed: of the times.
    """
    rng = np.random.default_rng(seed)
    accounts = rng.integers(0, GROUP, 3_000)
    hours = rng.uniform(0, DAYS * 24, 3_000)
    late = hours > BANNED_AT
    kept = ~(np.isin(accounts, NEW) & (~late if successors else late | ~late))
    kept &= ~(np.isin(accounts, BANNED) & late & gone)
    if rolling:
        begin = accounts / GROUP * (DAYS - 3) * 24
        kept = (hours >= begin) & (hours < begin + 72)
    accounts, hours = accounts[kept], hours[kept]
    return {
        "accounts": list(accounts),
        "hours": list(hours),
        "prompt_frame": np.full(len(accounts), OWN),
        "item": np.arange(len(accounts)) + 1,
    }


def bans(who: Any = BANNED, hour: float = BANNED_AT, action: str = "ban") -> pa.Table:
    at = datetime.fromtimestamp((START + hour * HOUR) / 1e6, UTC)
    rows = [{"account_id": NAMES[number], "ts": at, "action": action} for number in who]
    return pa.Table.from_pylist(rows, ENFORCEMENT)


def found(lived: dict[str, Any], acts: pa.Table | None = None, **columns: Any) -> Evidence | None:
    with world(fingerprints(**(lived | columns))) as w:
        members = np.flatnonzero(np.isin(w.profiles.ids, NAMES[:GROUP]))
        groups = [Group(members, np.array([0, 1]))]
        grouped = w.grouped(*groups, frames=[OWN, OTHER])
        seen = find_handovers(w.engine, grouped, w.profiles, groups, bans() if acts is None else acts)
        return succession_evidence(seen, w.profiles, 0, seed=0)


def test_a_pool_that_is_replaced_is_found():
    """The volume goes on, by accounts that were quiet before, as at no other time."""
    evidence = found(lives())
    assert evidence is not None
    assert evidence.channel == "succession"
    assert 1.0 <= evidence.strength <= STRONGEST
    assert evidence.accounts == len(NEW)
    assert "12 accounts that made 46% of the group's requests are banned" in evidence.fact


def test_customers_who_are_banned_and_missed_speak_against():
    """Nobody takes over: the volume stays away."""
    evidence = found(lives(successors=False))
    assert evidence is not None
    assert evidence.strength < 0.0


@pytest.mark.parametrize(
    "acts",
    [ENFORCEMENT.empty_table(), bans(BANNED[:2]), bans(action="limit"), bans([90, 91, 92]), bans(hour=1.0)],
    ids=["none", "two", "limits", "others", "before there is anything to compare"],
)
def test_without_a_wave_of_bans_nothing_is_said(acts: pa.Table):
    """None, too few, other measures, other accounts, or too early."""
    assert found(lives(), acts) is None


def test_accounts_that_come_and_go_anyway_succeed_nobody():
    """In a pool that rolls all the time, the moment of a ban of three is like any other."""
    evidence = found(lives(rolling=True), bans([18, 19, 20], hour=7.5 * 24))
    assert evidence is None or evidence.strength < 0.5


@pytest.mark.parametrize(
    "change",
    [
        {"prompt_frame": lambda lived: np.where(np.isin(lived["accounts"], NEW), OTHER, OWN)},
        {"item": lambda lived: np.array(lived["item"]) % 40 + 1},
    ],
    ids=["other frames", "the same tasks"],
)
def test_whoever_does_something_else_is_hardly_a_successor(change: dict[str, Any]):
    """Successors who use other frames, or do again what was done, are little evidence."""
    lived = lives()
    evidence = found(lived, **{name: of(lived) for name, of in change.items()})
    assert evidence is not None
    assert evidence.strength <= STRONGEST_BROKEN


def test_accounts_of_the_banned_owners_are_no_successors():
    """Customers who go on with a second account of theirs are the same customers."""
    lived = lives()
    who = np.array(lived["accounts"])
    evidence = found(lived, org=np.where(np.isin(who, NEW), who - NEW[0] + 1_001, np.where(who < 12, who + 1_001, 0)))
    assert evidence is None or evidence.strength <= 0.0


def test_the_same_seed_gives_the_same_evidence():
    """The moments it is held against are drawn by seed."""
    assert found(lives()) == found(lives())
