"""Pivots and successions: what truth and traffic show, and which of it the findings report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from revenuer.evaluate.measures import Bools, Codes, Proportion, proportion
from revenuer.evaluate.result import Events
from revenuer.evaluate.traffic import Bans, Releases, Traffic
from revenuer.evaluate.world import ListedCampaign, World

__all__ = [
    "EventLists",
    "Matched",
    "match_events",
    "named_pivots",
    "named_successions",
    "true_pivots",
    "true_successions",
]

_HOUR: Final = 3_600_000_000  # microseconds
_DAY: Final = 24 * _HOUR
_BEFORE: Final = 7 * _DAY  # the campaign's habit before a release is read from these days
_RISE: Final = 0.2  # of the campaign's extraction exchanges that move to the model
_BEGUN: Final = 0.05  # share on the first day that shows the move to have begun within it
_FEW: Final = 5  # exchanges below which a share is not read
_WAVE: Final = 3  # bans that make a wave, and accounts that make a successor pool
_WAVE_GAP: Final = _DAY  # bans further apart are two waves
_TAKEOVER: Final = 7 * _DAY  # successors begin within this time of the wave's last ban

# An event is the set of what names it: the model of a pivot, the banned accounts of a succession.
Event = frozenset[str]
EventLists = tuple[tuple[Event, ...], ...]


@dataclass(frozen=True, slots=True)
class Matched:
    """Events found per true campaign, and over all."""

    by_campaign: tuple[Proportion, ...]
    overall: Events


def named_pivots(campaign: ListedCampaign) -> tuple[Event, ...]:
    """The models that the findings say the campaign moved to."""
    return tuple(frozenset({pivot.model}) for pivot in campaign.pivots)


def named_successions(campaign: ListedCampaign) -> tuple[Event, ...]:
    """The accounts that the findings say were banned and replaced."""
    return tuple(frozenset(succession.banned) for succession in campaign.successions)


def match_events(true: EventLists, named: EventLists, pieces: Bools) -> Matched:
    """Hold events named by found campaigns against those of the true campaigns that they are pieces of.

    Args:
        true: events of each of t true campaigns.
        named: events of each of f found campaigns.
        pieces: (t, f), whether the found campaign is a piece of the true one.

    Returns:
        A true event counts as found when a piece names an event that shares a member with it; a named event is
        spurious when no campaign it is a piece of has such an event.
    """
    by_campaign = tuple(
        proportion(sum(_meets(event, named, np.flatnonzero(pieces[i])) for event in events), len(events))
        for i, events in enumerate(true)
    )
    spurious = sum(
        not _meets(event, true, np.flatnonzero(pieces[:, j])) for j, events in enumerate(named) for event in events
    )
    found = proportion(sum(p.hits for p in by_campaign), sum(p.total for p in by_campaign))
    return Matched(by_campaign, Events(found, spurious))


def _meets(event: Event, lists: EventLists, among: Codes) -> bool:
    return any(event & other for i in among.tolist() for other in lists[i])


def true_pivots(world: World) -> EventLists | None:
    """For each true campaign the models it moved to within a day of their release; null without a record of releases.

    The model carries at least 5 % of the campaign's extraction exchanges in the first 24 h, and in the first or the
    second 24 h at least 0.2 more of them than in the 7 days before.
    """
    traffic = world.traffic
    if traffic is None or traffic.releases is None:
        return None
    campaigns = range(len(world.accounts.campaign.names))
    return tuple(
        _pivots_of(traffic, world.exchanges.extraction & (world.exchanges.campaign.codes == i), traffic.releases)
        for i in campaigns
    )


def _pivots_of(traffic: Traffic, of: Bools, releases: Releases) -> tuple[Event, ...]:
    at, model = traffic.at[of], traffic.model.codes[of]
    codes = {name: code for code, name in enumerate(traffic.model.names)}
    return tuple(
        frozenset({name})
        for name, released in zip(releases.model, releases.at.tolist(), strict=True)
        if name in codes and _moved(at, model == codes[name], released)
    )


def _moved(at: Codes, on_model: Bools, released: int) -> bool:
    before = _share(at, on_model, released - _BEFORE, released)
    first = _share(at, on_model, released, released + _DAY)
    second = _share(at, on_model, released + _DAY, released + 2 * _DAY)
    if before is None or first is None or first < _BEGUN:
        return False
    return max(first, second or 0.0) >= before + _RISE


def _share(at: Codes, on_model: Bools, start: int, end: int) -> float | None:
    inside = (at >= start) & (at < end)
    return float(on_model[inside].mean()) if inside.sum() >= _FEW else None


def true_successions(world: World) -> EventLists | None:
    """For each true campaign the waves of bans after which others took over; null without a record of bans.

    A wave is three or more banned accounts of the campaign, each ban within 24 h of the one before; others took over
    when three or more of its other accounts asked for the first time after the wave's first ban and within 7 days of
    its last.
    """
    if world.traffic is None or world.traffic.bans is None:
        return None
    bans, begins = world.traffic.bans, _begins(world.traffic, len(world.accounts.extraction))
    ids, owner = world.accounts.ids, world.accounts.campaign.codes
    return tuple(
        tuple(frozenset(ids.take(wave).to_pylist()) for wave in _waves_of(begins, np.flatnonzero(owner == i), bans))
        for i in range(len(world.accounts.campaign.names))
    )


def _begins(traffic: Traffic, accounts: int) -> Codes:
    """First exchange of every account (n, microseconds); the largest integer for one that made none."""
    begins = np.full(accounts, np.iinfo(np.int64).max, dtype=np.int64)
    known = traffic.account >= 0
    np.minimum.at(begins, traffic.account[known], traffic.at[known])
    return begins


def _waves_of(begins: Codes, members: Codes, bans: Bans) -> list[Codes]:
    """The waves of bans among `members` (rows of accounts) that had successors, each as its banned accounts."""
    inside = np.isin(bans.account, members)
    account, at = bans.account[inside], bans.at[inside]
    waves = np.split(np.arange(len(at)), np.flatnonzero(np.diff(at) > _WAVE_GAP) + 1)
    return [
        np.unique(account[wave])
        for wave in waves
        if len(np.unique(account[wave])) >= _WAVE and _taken_over(begins, members, account[wave], at[wave])
    ]


def _taken_over(begins: Codes, members: Codes, banned: Codes, at: Codes) -> bool:
    others = begins[np.setdiff1d(members, banned)]
    return int(((others > at[0]) & (others <= at[-1] + _TAKEOVER)).sum()) >= _WAVE
