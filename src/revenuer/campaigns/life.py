"""The life of a campaign: its signs, gathered once for all groups, and its pivots and successions as findings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis import _
from scipy import stats

from revenuer.behaviour import Profiles
from revenuer.campaigns.handover import (
    WAVE,
    Handovers,
    ban_waves,
    find_handovers,
    succession_evidence,
)
from revenuer.campaigns.pivots import Adoption, find_adoptions, pivot_evidence
from revenuer.campaigns.times import DAY, HOUR, micros, rfc3339
from revenuer.engine import Engine
from revenuer.findings import Evidence, Pivot, Succession
from revenuer.linkage.failover import Failovers, failover_evidence, find_failovers
from revenuer.linkage.groups import Group, group_rows
from revenuer.linkage.probing import Phases, find_phases, probing_evidence
from revenuer.linkage.replay import Returned, find_returned, replay_evidence
from revenuer.linkage.templates import Templates

__all__ = ["Hours", "LifeSigns", "hours_by_model", "life_signs", "pivots", "successions"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

BEFORE_DAYS: Final = 7
RISE: Final = 0.2
# A move is the campaign's own if it is this much larger than the population's in the same hours, and not chance.
FACTOR: Final = 2.0
CHANCE: Final = 1e-4
LEAST_EXCHANGES: Final = 5
TAKEOVER: Final = 7 * DAY


@dataclass(frozen=True, slots=True)
class LifeSigns:
    """What the life of every group is read off; made once a scan.

    Attributes:
        groups: accounts and own templates of each.
        returned: reasoning blocks that came back, of the whole traffic; `failovers` likewise.
        phases: refusals and frames of each group by part of its life.
        adoptions: of each released model.
        handovers: of the groups of which a wave of accounts was banned.
    """

    groups: list[Group]
    profiles: Profiles
    returned: Returned
    failovers: Failovers
    phases: Phases
    adoptions: list[Adoption]
    handovers: Handovers

    def evidence(self, number: int, *, seed: int) -> tuple[Evidence, ...]:
        """Evidence of group `number` on the channels `replay`, `timing` (failover), `probing`, `pivot`, `succession`.

        Its cost is linear in the group's members and own requests. A sign that is not seen is left out: most campaigns
        show few of them, and its lack tells nothing.
        """
        members = self.groups[number].accounts
        signs = (
            replay_evidence(self.returned, self.profiles, members),
            failover_evidence(self.failovers, members),
            probing_evidence(self.phases, number),
            pivot_evidence(self.adoptions, number),
            succession_evidence(self.handovers, self.profiles, number, seed=seed),
        )
        return tuple(sign for sign in signs if sign is not None)


def life_signs(
    engine: Engine,
    rows: ir.Table,
    profiles: Profiles,
    templates: Templates,
    groups: list[Group],
    releases: pa.Table,
    enforcement: pa.Table,
) -> LifeSigns:
    """Gather the signs of life of all groups, at a cost linear in exchanges.

    Args:
        engine: runs the tables.
        rows: fingerprints.
        profiles: of all accounts.
        templates: that `groups` point into.
        groups: accounts and own templates, in the order by which `LifeSigns.evidence` is asked.
        releases: `schema.RELEASES`.
        enforcement: `schema.ENFORCEMENT`.
    """
    grouped = group_rows(engine, rows, profiles, templates, groups)
    return LifeSigns(
        groups,
        profiles,
        find_returned(engine, rows, profiles),
        find_failovers(engine, rows, profiles),
        find_phases(engine, rows, grouped),
        find_adoptions(engine, rows, grouped, profiles, releases),
        find_handovers(engine, grouped, profiles, groups, enforcement),
    )


@dataclass(frozen=True)
class Hours:
    """Extraction exchanges of each campaign, and exchanges of everybody else (-1), by hour and model."""

    campaign: I64
    hour: I64
    model: npt.NDArray[np.object_]
    n: I64

    def of(self, campaign: int) -> Hours:
        """Those of one campaign, or of everybody else (-1)."""
        rows = self.campaign == campaign
        return Hours(self.campaign[rows], self.hour[rows], self.model[rows], self.n[rows])

    @cached_property
    def others(self) -> Hours:
        """Those of everybody else, which every campaign is held against."""
        return self.of(-1)


def hours_by_model(engine: Engine, scored: ir.Table) -> Hours:
    """Count once what all pivot tests read."""
    counted = scored.filter(scored.extracts | (scored.campaign < 0)).mutate(hour=_.ts.truncate("h"))
    table = engine.collect(counted.group_by("campaign", "hour", model=_.model.fill_null("")).agg(n=_.count()))
    return Hours(
        table["campaign"].to_numpy().astype(np.int64),
        micros(table["hour"]),
        table["model"].to_numpy(zero_copy_only=False).astype(object),
        table["n"].to_numpy(),
    )


def pivots(campaign: int, hours: Hours, releases: pa.Table) -> tuple[Pivot, ...]:
    """Moves of a campaign to a model within a day of its release, faster than everybody else's."""
    found, mine, others = [], hours.of(campaign), hours.others
    for model, released in zip(releases["model"].to_pylist(), micros(releases["released_at"]), strict=True):
        own, rest = _shares(mine, model, int(released)), _shares(others, model, int(released))
        if own is None or own.after - own.before < RISE:
            continue
        usual = rest.after if rest is not None else 0.0
        chance = float(stats.binom.sf(own.hits - 1, own.total, min(max(usual, 1e-3), 1.0)))
        if own.after < FACTOR * usual or chance > CHANCE:
            continue
        found.append(Pivot(model, rfc3339(int(released)), float(own.before), float(own.after), float(own.hours)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Shares:
    before: float
    after: float
    hits: int
    total: int
    hours: float


def _shares(hours: Hours, model: str, released: int) -> _Shares | None:
    """Share of a model before its release and in the best of the first two days; None with too little to read."""
    is_model = hours.model == model
    past = (hours.hour >= released - BEFORE_DAYS * DAY) & (hours.hour < released - released % HOUR)
    best: tuple[float, int, int] = (0.0, 0, 0)
    start = released - released % HOUR
    for day in (0, 1):
        window = (hours.hour >= start + day * DAY) & (hours.hour < start + (day + 1) * DAY)
        total, hits = int(hours.n[window].sum()), int(hours.n[window & is_model].sum())
        if total >= LEAST_EXCHANGES and hits / total > best[0]:
            best = (hits / total, hits, total)
    known = int(hours.n[past].sum())
    if not best[2] or not known:
        return None
    before = float(hours.n[past & is_model].sum() / known)
    first = hours.hour[is_model & (hours.hour >= start)]
    wait = float((first.min() + HOUR - released) / HOUR) if len(first) else 0.0
    return _Shares(before, best[0], best[1], best[2], max(wait, 0.0))


def successions(accounts: I64, profiles: Profiles, bans: tuple[I64, I64]) -> tuple[Succession, ...]:
    """Waves of bans (as `bans_of` gives them) among a campaign's accounts, and its accounts that began afterwards."""
    banned, when = bans
    mine = np.isin(banned, accounts)
    who, at = profiles.ids[banned[mine]], when[mine]
    ids, first = profiles.ids[accounts], profiles.first[accounts]
    found = []
    for wave in ban_waves(at):
        last = int(at[wave].max())
        # whoever is banned later on may have succeeded those who were banned now
        new = (first > int(at[wave].min())) & (first <= last + TAKEOVER) & ~np.isin(ids, who[wave])
        if new.sum() < WAVE:
            continue
        found.append(Succession(tuple(who[wave]), tuple(sorted(ids[new])), rfc3339(last)))
    return tuple(found)
