"""What campaigns do when a model is released and when accounts are banned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from revenuer.behaviour import Profiles
from revenuer.campaigns.handover import WAVE, bans_of
from revenuer.campaigns.life import TAKEOVER, Hours, pivots, successions
from revenuer.findings import Pivot, Succession
from revenuer.schema import ENFORCEMENT, RELEASES
from revenuer.text.tokens import hash_strings

I64 = npt.NDArray[np.int64]
HOUR = 3_600_000_000
DAY = 24 * HOUR
START = datetime(2026, 3, 2, tzinfo=UTC)
RELEASED = START + timedelta(days=10, hours=6, minutes=30)
NEW, OLD = "new-model", "old-model"


def micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


def hourly(campaign: int, share: float, *, wait: int = 0, each: int = 100) -> list[tuple[int, int, str, int]]:
    """Twenty days of traffic; `wait` hours after the release, `share` of it goes to the new model."""
    rows = []
    for hour in range(20 * 24):
        at = micros(START) + hour * HOUR
        new = round(each * share) if at >= micros(RELEASED) // HOUR * HOUR + wait * HOUR else 0
        rows += [(campaign, at, OLD, each - new), (campaign, at, NEW, new)]
    return [row for row in rows if row[3]]


def hours(*rows: tuple[int, int, str, int]) -> Hours:
    campaign, hour, model, n = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Hours(
        *(np.array(column, np.int64) for column in (campaign, hour)), np.array(model, object), np.array(n, np.int64)
    )


def releases(*models: tuple[str, datetime]) -> pa.Table:
    return pa.Table.from_pylist([{"model": model, "released_at": at} for model, at in models], RELEASES)


def moves(seen: Hours, table: pa.Table | None = None) -> tuple[Pivot, ...]:
    return pivots(0, seen, releases((NEW, RELEASED)) if table is None else table)


def test_a_planted_pivot_is_found():
    """With its model, its moment, shares before and after, and the hours it took."""
    (pivot,) = moves(hours(*hourly(0, 0.9, wait=3), *hourly(-1, 0.05)))
    assert (pivot.model, pivot.released_at) == (NEW, "2026-03-12T06:30:00Z")
    assert (pivot.share_before, pivot.share_after) == (0.0, pytest.approx(0.9, abs=0.02))
    assert 2.5 <= pivot.hours <= 4
    assert all(type(value) is float for value in (pivot.hours, pivot.share_before, pivot.share_after))


def test_a_release_that_everybody_adopts_is_no_pivot():
    """The campaign moves as far and as fast as the rest does."""
    assert moves(hours(*hourly(0, 0.6), *hourly(-1, 0.5))) == ()


def test_a_campaign_that_stays_has_no_pivot():
    """A few curious requests to the new model are none either."""
    assert moves(hours(*hourly(0, 0.0), *hourly(-1, 0.1))) == ()
    assert moves(hours(*hourly(0, 0.1), *hourly(-1, 0.0))) == ()


def test_a_move_that_takes_a_week_is_no_pivot():
    """It is the hours after the release that count."""
    assert moves(hours(*hourly(0, 0.9, wait=24 * 7), *hourly(-1, 0.05))) == ()


def test_too_few_exchanges_are_no_pivot():
    """One exchange an hour before, three after: chance would do as much."""
    rows = [(0, micros(RELEASED) - HOUR * k, OLD, 1) for k in range(1, 20)]
    late = [(0, micros(RELEASED) + HOUR, NEW, 3)]
    assert moves(hours(*rows, *late, *hourly(-1, 0.3))) == ()


def test_only_the_own_exchanges_of_a_campaign_are_its_pivot():
    """What another campaign does is not told of this one."""
    seen = hours(*hourly(0, 0.0), *hourly(1, 0.9), *hourly(-1, 0.05))
    assert moves(seen) == ()
    assert len(pivots(1, seen, releases((NEW, RELEASED)))) == 1


@pytest.mark.parametrize(
    "table",
    [
        releases(),
        releases((NEW, START - timedelta(days=100))),
        releases((NEW, START + timedelta(days=100))),
        releases(("another-model", RELEASED)),
    ],
)
def test_without_a_release_in_the_traffic_there_is_no_pivot(table: pa.Table):
    """None is known, or none of these days, or nobody asked for the model."""
    assert moves(hours(*hourly(0, 0.9), *hourly(-1, 0.05)), table) == ()


def test_no_traffic_has_no_pivot():
    """And no error."""
    assert moves(hours()) == ()


BANNED = START + timedelta(days=5)
NAMES = sorted((f"acct-{number:02d}" for number in range(30)), key=lambda name: int(hash_strings(pa.array([name]))[0]))


def profiles(first: dict[int, datetime]) -> Profiles:
    """Thirty accounts that began with the traffic, or when `first` says."""
    keys = hash_strings(pa.array(NAMES))
    begun = np.array([micros(first.get(number, START)) for number in range(30)])
    nought, words = np.zeros(30, np.int64), np.array(NAMES, object)
    return Profiles(keys, words, keys, nought + 50, begun, begun + 9 * DAY, nought, nought, {}, words)


def enforced(who: list[int], at: datetime = BANNED, action: str = "ban") -> pa.Table:
    rows: list[dict[str, Any]] = [
        {"account_id": NAMES[number], "ts": at + timedelta(minutes=place), "action": action}
        for place, number in enumerate(who)
    ]
    return pa.Table.from_pylist(rows, ENFORCEMENT)


def handed(first: dict[int, datetime], acts: pa.Table, members: I64 | None = None) -> tuple[Succession, ...]:
    known = profiles(first)
    return successions(np.arange(20) if members is None else members, known, bans_of(known, acts))


SUCCESSORS = {number: BANNED + timedelta(hours=6 + number) for number in (10, 11, 12, 13)}


def test_a_planted_succession_is_found():
    """Who was banned, who took over, and when."""
    (one,) = handed(SUCCESSORS, enforced([0, 1, 2, 3, 4]))
    assert one.banned == tuple(NAMES[:5])
    assert one.successors == tuple(sorted(NAMES[number] for number in SUCCESSORS))
    assert one.at == "2026-03-07T00:04:00Z"


def test_without_successors_there_is_no_succession():
    """A ban after which nobody new begins, or too few, or too late, or others than members."""
    acts = enforced([0, 1, 2, 3, 4])
    late = BANNED + timedelta(microseconds=TAKEOVER) + timedelta(days=1)
    for first in ({}, dict(list(SUCCESSORS.items())[: WAVE - 1]), dict.fromkeys(SUCCESSORS, late)):
        assert handed(first, acts) == ()
    assert handed({number + 15: moment for number, moment in SUCCESSORS.items()}, acts) == ()


@pytest.mark.parametrize(
    "acts",
    [
        ENFORCEMENT.empty_table(),
        enforced([0, 1]),
        enforced([0, 1, 2, 3], action="limit"),
        enforced([20, 21, 22, 23]),
    ],
)
def test_without_a_wave_of_bans_there_is_no_succession(acts: pa.Table):
    """None is known, or one or two accounts, or they were only limited, or they were others'."""
    assert handed(SUCCESSORS, acts) == ()


def test_waves_are_told_apart():
    """Bans more than a day apart are two waves, and who was banned in the second may have succeeded the first."""
    later = BANNED + timedelta(days=4)
    first = SUCCESSORS | {number: later + timedelta(hours=number) for number in (14, 15, 16)}
    acts = pa.concat_tables([enforced([10, 11, 12], later), enforced([0, 1, 2])])
    one, two = handed(first, acts)
    assert (one.banned, two.banned) == (tuple(NAMES[:3]), tuple(NAMES[10:13]))
    assert set(one.successors) == set(NAMES[10:17])
    assert two.successors == tuple(sorted(NAMES[14:17]))
