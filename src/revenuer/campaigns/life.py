"""Channels `pivot` and `succession`: what a campaign does when a model is released, and when accounts are banned."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis import _
from scipy import stats

from revenuer.behaviour import Profiles
from revenuer.campaigns.times import DAY, HOUR, micros, rfc3339
from revenuer.engine import Engine
from revenuer.findings import Evidence, Pivot, Succession
from revenuer.text.tokens import hash_strings

__all__ = ["Hours", "hours_by_model", "pivots", "successions"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

BEFORE_DAYS: Final = 7
RISE: Final = 0.2
# A move is the campaign's own if it is this much larger than the population's in the same hours, and not chance.
FACTOR: Final = 2.0
CHANCE: Final = 1e-4
LEAST_EXCHANGES: Final = 5
WAVE: Final = 3
WAVE_GAP: Final = DAY
TAKEOVER: Final = 7 * DAY


@dataclass(frozen=True, slots=True)
class Hours:
    """Extraction exchanges of each campaign, and exchanges of everybody else (-1), by hour and model."""

    campaign: I64
    hour: I64
    model: npt.NDArray[np.object_]
    n: I64


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


def pivots(campaign: int, hours: Hours, releases: pa.Table) -> tuple[tuple[Pivot, ...], tuple[Evidence, ...]]:
    """Moves of a campaign to a model within a day of its release, faster than everybody else's."""
    found, evidence = [], []
    for model, released in zip(releases["model"].to_pylist(), micros(releases["released_at"]), strict=True):
        own = _shares(hours, hours.campaign == campaign, model, int(released))
        rest = _shares(hours, hours.campaign < 0, model, int(released))
        if own is None or own.after - own.before < RISE:
            continue
        others = rest.after if rest is not None else 0.0
        chance = float(stats.binom.sf(own.hits - 1, own.total, min(max(others, 1e-3), 1.0)))
        if own.after < FACTOR * others or chance > CHANCE:
            continue
        found.append(Pivot(model, rfc3339(int(released)), float(own.before), float(own.after), float(own.hours)))
        strength = min(3.0, -np.log10(max(chance, 1e-300)))
        fact = (
            f"on the first or second day after its release {own.after:.0%} of the group's requests ask for {model}, "
            f"and {others:.0%} of everybody else's"
        )
        evidence.append(Evidence("pivot", fact, float(strength), 0))
    return tuple(found), tuple(evidence)


@dataclass(frozen=True, slots=True)
class _Shares:
    before: float
    after: float
    hits: int
    total: int
    hours: float


def _shares(hours: Hours, rows: npt.NDArray[np.bool_], model: str, released: int) -> _Shares | None:
    """Share of a model before its release and in the best of the first two days; None with too little to read."""
    is_model = hours.model == model
    past = rows & (hours.hour >= released - BEFORE_DAYS * DAY) & (hours.hour < released - released % HOUR)
    best: tuple[float, int, int] = (0.0, 0, 0)
    start = released - released % HOUR
    for day in (0, 1):
        window = rows & (hours.hour >= start + day * DAY) & (hours.hour < start + (day + 1) * DAY)
        total, hits = int(hours.n[window].sum()), int(hours.n[window & is_model].sum())
        if total >= LEAST_EXCHANGES and hits / total > best[0]:
            best = (hits / total, hits, total)
    known = int(hours.n[past].sum())
    if not best[2] or not known:
        return None
    before = float(hours.n[past & is_model].sum() / known)
    first = hours.hour[rows & is_model & (hours.hour >= start)]
    wait = float((first.min() + HOUR - released) / HOUR) if len(first) else 0.0
    return _Shares(before, best[0], best[1], best[2], max(wait, 0.0))


def successions(
    accounts: I64, profiles: Profiles, enforcement: pa.Table
) -> tuple[tuple[Succession, ...], tuple[Evidence, ...]]:
    """Waves of bans among a campaign's accounts, and the accounts of it that began afterwards."""
    bans = enforcement.filter(pa.compute.equal(enforcement["action"], "ban"))
    ids = profiles.ids[accounts]
    hashed = hash_strings(bans["account_id"].combine_chunks())
    mine = np.isin(hashed, profiles.keys[accounts])
    at, who = micros(bans["ts"])[mine], bans["account_id"].to_numpy(zero_copy_only=False)[mine]
    order = np.lexsort((who, at))
    at, who = at[order], who[order]
    first = profiles.first[accounts]
    found, evidence = [], []
    for wave in _waves(at):
        last = int(at[wave].max())
        # whoever is banned later on may have succeeded those who were banned now
        new = (first > int(at[wave].min())) & (first <= last + TAKEOVER) & ~np.isin(ids, who[wave])
        if new.sum() < WAVE:
            continue
        found.append(Succession(tuple(who[wave]), tuple(sorted(ids[new])), rfc3339(last)))
        fact = (
            f"{len(wave)} accounts are banned, and within seven days {int(new.sum())} accounts begin to send the same"
        )
        strength = min(2.0, 0.5 * math.log2(1 + int(new.sum())))
        evidence.append(Evidence("succession", fact, strength, int(new.sum())))
    return tuple(found), tuple(evidence)


def _waves(at: I64) -> list[I64]:
    """Positions of bans, grouped where gaps are at most `WAVE_GAP`, groups of `WAVE` or more."""
    if not len(at):
        return []
    cuts = np.flatnonzero(np.diff(at) > WAVE_GAP) + 1
    return [part for part in np.split(np.arange(len(at)), cuts) if len(part) >= WAVE]
