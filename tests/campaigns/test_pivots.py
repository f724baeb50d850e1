"""Groups that take up a new model, against others who used the same models before."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from scipy import stats

from life_worlds import HOUR, START, fingerprints, world
from revenuer.campaigns.pivots import (
    ALARM,
    ODDS,
    STEP_HOURS,
    STRONGEST,
    STRONGEST_SWITCH,
    Tally,
    _bet,
    _nulls,
    find_adoptions,
    pivot_evidence,
)
from revenuer.findings import Evidence
from revenuer.linkage.groups import Group
from revenuer.schema import RELEASES

F64 = npt.NDArray[np.float64]

GROUP, EVERYBODY, DAYS, RELEASED = 12, 200, 12, 8 * 24.0
NEVER = 1e6
OWN = 77


def lives(own: F64, others: F64, *, each: float = 1.5, seed: int = 0) -> dict[str, Any]:
    """Accounts that ask `each` times a day and go over to the new model so many hours after its release.

    Args:
        own: hours of each member.
        others: of everybody else.
        each: requests a day; 1.5 makes 18 of the group a day.
        seed: of the times.
    """
    rng = np.random.default_rng(seed)
    delay = np.concatenate([own, others])
    accounts = np.sort(
        np.concatenate([np.arange(len(delay)), rng.integers(0, len(delay), int(each * DAYS * len(delay)))])
    )
    hours = rng.uniform(0, DAYS * 24, len(accounts))
    return {
        "accounts": list(accounts),
        "hours": list(hours),
        "model": np.where(hours >= RELEASED + delay[accounts], "new", "old"),
        "prompt_frame": np.where(accounts < len(own), OWN, 0),
    }


def slow(count: int = EVERYBODY, seed: int = 1) -> F64:
    """The hours of people who go over within weeks, a few of them at once."""
    return np.random.default_rng(seed).lognormal(5.0, 1.0, count)


def releases(hour: float = RELEASED) -> pa.Table:
    at = datetime.fromtimestamp((START + hour * HOUR) / 1e6, UTC)
    return pa.Table.from_pylist([{"model": "new", "released_at": at}], RELEASES)


def found(
    lived: dict[str, Any], table: pa.Table | None = None, members: int = GROUP, **columns: Any
) -> Evidence | None:
    with world(fingerprints(**(lived | columns))) as w:
        grouped = w.grouped(Group(np.arange(members), np.array([0])), frames=[OWN])
        seen = find_adoptions(w.engine, w.rows, grouped, w.profiles, releases() if table is None else table)
        return pivot_evidence(seen, 0)


def hours(low: float, high: float, count: int = GROUP) -> F64:
    return np.random.default_rng(5).uniform(low, high, count)


def test_a_small_group_that_goes_over_within_a_day_is_found():
    """Twelve accounts with 18 requests a day; the fact states the sequential alarm, its delay and its run length."""
    evidence = found(lives(hours(1, 20), slow()))
    assert evidence is not None
    assert evidence.channel == "pivot"
    assert 1.0 <= evidence.strength <= STRONGEST
    assert f"once in {STEP_HOURS / ALARM / 24:.0f} days or less often" in evidence.fact
    assert evidence.fact.split("gives one after ")[1].split(" h")[0] in {"12", "18", "24", "30"}


def test_half_of_a_group_is_enough():
    """The other half stays; the first day still tells."""
    own = np.where(np.arange(40) % 2, NEVER, hours(1, 18, 40))
    evidence = found(lives(own, slow()), members=40)
    assert evidence is not None
    assert evidence.strength >= 1.0


@pytest.mark.parametrize(
    ("own", "others"),
    [
        (hours(1, 20), hours(1, 20, EVERYBODY)),
        (slow(GROUP, 2), slow()),
        (np.full(GROUP, NEVER), slow()),
        (np.where(np.arange(GROUP) < 2, 1.0, NEVER), slow()),
        (hours(72, 96), slow()),
    ],
    ids=["everybody goes over", "at the usual pace", "stays", "two enthusiasts", "days later"],
)
def test_other_groups_are_no_pivot(own: F64, others: F64):
    """What others do as well, what few do, and what comes late."""
    assert found(lives(own, others)) is None


def test_one_switch_for_all_is_little():
    """A client whose vendor switches has all users go over at one moment."""
    evidence = found(lives(np.full(60, 9.0), slow(), each=4), members=60)
    assert evidence is not None
    assert evidence.strength <= STRONGEST_SWITCH
    assert "all in one go" in evidence.fact


def test_accounts_of_one_owner_are_one():
    """A firm that moves its accounts is one customer that moves."""
    lived = lives(hours(1, 20), slow())
    assert found(lived, org=np.where(np.array(lived["accounts"]) < GROUP, 9, 0)) is None


def test_others_with_another_earlier_model_are_no_measure():
    """Whoever never used the old model and takes the new one up says nothing about those who did."""
    lived = lives(hours(1, 20), np.concatenate([np.full(100, NEVER), np.zeros(100)]))
    small = (np.array(lived["accounts"]) >= GROUP + 100) & (lived["model"] == "old")
    evidence = found(lived, model=np.where(small, "small", lived["model"]))
    assert evidence is not None
    assert "of as many others who used the same models before 0.0 would have" in evidence.fact


def test_only_the_groups_own_requests_are_its_move():
    """What members send of other people's traffic is left out."""
    lived = lives(hours(1, 20), slow())
    assert found(lived, prompt_frame=np.zeros(len(lived["hours"]), np.int64)) is None


@pytest.mark.parametrize("table", [RELEASES.empty_table(), releases(-24 * 100), releases(24 * 100)])
def test_without_a_release_in_the_traffic_there_is_no_pivot(table: pa.Table):
    """None is known, or none of these days."""
    assert found(lives(hours(1, 20), slow()), table) is None


def test_groups_at_everybodys_pace_have_little_evidence():
    """Over sixty random groups of one world the likelihood ratios average to about one."""
    with world(fingerprints(**lives(np.zeros(0), np.random.default_rng(4).exponential(60.0, 400)))) as w:
        rng = np.random.default_rng(6)
        groups = [Group(np.sort(rng.choice(400, 20, replace=False)), np.array([0])) for _ in range(60)]
        table = w.rows.mutate(prompt_frame=w.rows.prompt_frame + OWN)
        grouped = w._replace(rows=table).grouped(*groups, frames=[OWN])
        seen = find_adoptions(w.engine, w.rows, grouped, w.profiles, releases())
        told = [pivot_evidence(seen, number) for number in range(60)]
    assert np.mean([10.0 ** (one.strength if one else 0.0) for one in told]) < 1.5


@pytest.mark.parametrize("odds", ODDS)
def test_a_bet_is_fair_under_the_null(odds: float):
    """The likelihood ratio of a step has an expectation of one, so the average run length holds."""
    group, others = np.array([[0, 6, 3]]), np.array([[0, 50, 9]])
    expectation = 0.0
    for first in range(7):
        for second in range(4):
            took = np.array([[0, first, second]])
            tally = Tally(group, took), Tally(others, np.array([[0, 20 - first, 4 - second]]))
            chance = stats.hypergeom.pmf(first, 56, 20, 6) * stats.hypergeom.pmf(second, 12, 4, 3)
            expectation += chance * _bet(_nulls(*tally, 0), odds)
    assert expectation == pytest.approx(1.0)
