"""Pivots and successions: what the truth and the traffic show, and which of it the findings report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from revenuer.evaluate.measures import Bools, Codes, proportion
from revenuer.evaluate.result import Events
from revenuer.evaluate.traffic import Bans, Releases, Traffic
from revenuer.evaluate.world import ListedCampaign

__all__ = ["match_pivots", "match_successions", "sum_events", "true_pivots", "true_successions"]

_HOUR: Final = 3_600_000_000  # microseconds
_DAY: Final = 24 * _HOUR
_BEFORE: Final = 7 * _DAY  # the campaign's habit before a release is read from these days
_RISE: Final = 0.2  # of the campaign's extraction exchanges that move to the model
_BEGUN: Final = 0.05  # share on the first day that shows the move to have begun within it
_FEW: Final = 5  # exchanges below which a share is not read
_BANNED: Final = 3  # bans that make a wave
_WAVE_GAP: Final = _DAY  # bans further apart are two waves
_TAKEOVER: Final = 7 * _DAY  # successors begin within this time of the wave's last ban


def true_pivots(traffic: Traffic, of: Bools, releases: Releases) -> tuple[str, ...]:
    """Models to which the extraction exchanges `of` one campaign (n, mask) moved within a day of their release.

    The model carries at least 5 % of them in the first 24 h, and in the first or the second 24 h at least 0.2 more
    than in the 7 days before.
    """
    at, model = traffic.at[of], traffic.model.codes[of]
    codes = {name: code for code, name in enumerate(traffic.model.names)}
    return tuple(
        name
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


def true_successions(begins: Codes, members: Codes, bans: Bans) -> tuple[tuple[frozenset[int], frozenset[int]], ...]:
    """Waves of bans after which other accounts of the campaign began: (banned, successors) as account rows.

    Args:
        begins: first exchange of every account (n, microseconds; the largest integer when it made none).
        members: rows of the campaign's accounts.
        bans: all bans, by time.
    """
    inside = np.isin(bans.account, members)
    account, at = bans.account[inside], bans.at[inside]
    waves = np.split(np.arange(len(at)), np.flatnonzero(np.diff(at) > _WAVE_GAP) + 1)
    return tuple(
        (frozenset(account[wave].tolist()), successors)
        for wave in waves
        if len(set(account[wave].tolist())) >= _BANNED
        and (successors := _successors(begins, members, int(at[wave[0]]), int(at[wave[-1]])))
    )


def _successors(begins: Codes, members: Codes, first: int, last: int) -> frozenset[int]:
    late = (begins[members] > first) & (begins[members] <= last + _TAKEOVER)
    return frozenset(members[late].tolist())


def match_pivots(true: Sequence[str], listed: Iterable[ListedCampaign]) -> Events:
    """Pivots found when one of the campaigns `listed` names the model; other models named are spurious."""
    named = {pivot.model for campaign in listed for pivot in campaign.pivots}
    return Events(proportion(len(named & set(true)), len(true)), len(named - set(true)))


def match_successions(true: Sequence[frozenset[str]], listed: Iterable[ListedCampaign]) -> Events:
    """Successions found when one of the campaigns `listed` names an account of the wave as banned."""
    named = [frozenset(succession.banned) for campaign in listed for succession in campaign.successions]
    found = sum(any(wave & banned for banned in named) for wave in true)
    spurious = sum(not any(wave & banned for wave in true) for banned in named)
    return Events(proportion(found, len(true)), spurious)


def sum_events(parts: Iterable[Events]) -> Events:
    """Events of several campaigns together."""
    events = list(parts)
    found = proportion(sum(e.found.hits for e in events), sum(e.found.total for e in events))
    return Events(found, sum(e.spurious for e in events))
