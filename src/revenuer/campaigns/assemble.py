"""Campaigns as findings: the contract's fields and what the report draws, from the scored exchanges."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis import _

from revenuer.behaviour import Profiles
from revenuer.campaigns.life import hours_by_model, pivots, successions
from revenuer.campaigns.network import draw_network
from revenuer.campaigns.queues import Queue
from revenuer.campaigns.shown import Shown, bare_tasks, names, shown_frames
from revenuer.campaigns.times import DAY, HOUR, micros, rfc3339
from revenuer.campaigns.verdict import Verdict
from revenuer.engine import Engine
from revenuer.findings import Alternative, Campaign
from revenuer.linkage.infrastructure import Traces
from revenuer.linkage.templates import Templates
from revenuer.schema import CAPABILITIES
from revenuer.summary import CampaignDetail, CampaignSeries, Signups

__all__ = ["SUREST", "Assembled", "Harvest", "assemble", "harvests"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

FRAMES_SHOWN: Final = 12
# No verdict is certain, whatever rounding makes of it.
SUREST: Final = 0.999999
ALTERNATIVES_SHOWN: Final = 5
# Extraction exchanges an account must have made to be flagged: one may be an accident.
LEAST_FLAGGED: Final = 2
SIGNUP_BUCKET_DAYS: Final = 7
BILLION: Final = 1_000_000_000
# MITRE ATLAS: extract the model, through the inference API, by accounts made for it; elicited reasoning is leakage.
_TECHNIQUES: Final = ("AML.T0024.002", "AML.T0040", "AML.T0021")
_LEAKAGE: Final = "AML.T0057"
_PROXIES: Final = "AML.T0008.005"
_OUTWEIGHED: Final = "what it predicts is seen, but it explains too little of the evidence"


@dataclass(frozen=True, slots=True)
class Harvest:
    """What each account did for a campaign; arrays aligned with the profiles.

    Attributes:
        extracted: exchanges called extraction.
        expected: sum of scores: the expected number.
    """

    extracted: I64
    expected: F64


@dataclass(frozen=True, slots=True)
class Assembled:
    """A campaign with its drawing matter and the accounts flagged in it."""

    campaign: Campaign
    detail: CampaignDetail
    flagged: I64
    number: int


def harvests(engine: Engine, scored: ir.Table, profiles: Profiles) -> Harvest:
    """Count what each account made."""
    made = engine.collect(
        scored.filter(scored.campaign >= 0)
        .group_by("account")
        # summed as whole numbers: a sum of floats depends on the order of rows, and so on the number of threads
        .agg(extracted=_.extracts.sum(), expected=(_.score * BILLION).round().cast("int64").sum())
        .order_by("account")
    )
    at = profiles.index(made["account"].to_numpy())
    extracted, expected = np.zeros(len(profiles), np.int64), np.zeros(len(profiles))
    extracted[at], expected[at] = made["extracted"].to_numpy(), made["expected"].to_numpy() / BILLION
    return Harvest(extracted, expected)


@dataclass(frozen=True, slots=True)
class _Matter:
    """Tables that all campaigns are assembled from."""

    named: pa.Table
    pathways: pa.Table
    series: pa.Table
    exemplars: dict[int, str]


def assemble(
    engine: Engine,
    scored: ir.Table,
    queues: list[Queue],
    verdicts: list[Verdict],
    templates: Templates,
    profiles: Profiles,
    found: Traces,
    harvest: Harvest,
    frames: dict[int, str],
    releases: pa.Table,
    enforcement: pa.Table,
) -> list[Assembled]:
    """Assemble every campaign, strongest first."""
    matter = _matter(engine, scored, frames)
    hours = hours_by_model(engine, scored)
    assembled = []
    for number, (queue, verdict) in enumerate(zip(queues, verdicts, strict=True)):
        flagged = queue.accounts[harvest.extracted[queue.accounts] >= LEAST_FLAGGED]
        if not len(flagged):
            continue
        moves, moved = pivots(number, hours, releases)
        handed, handing = successions(flagged, profiles, enforcement)
        series = _of(matter.series, number)
        extraction = series.filter(pa.compute.field("extracts"))
        shown = shown_frames(queue, templates, matter.exemplars, FRAMES_SHOWN)
        first, last = int(micros(extraction["first"]).min()), int(micros(extraction["last"]).max())
        evidence = tuple(sorted((*verdict.evidence, *moved, *handing), key=lambda e: (-e.strength, e.channel)))
        capabilities = _shares(_of(matter.named, number), "named")
        capability_names = {CAPABILITIES[int(code)]: share for code, share in capabilities.items()}
        campaign = Campaign(
            campaign_id=_identity(profiles, flagged),
            confidence=min(round(verdict.confidence, 6), SUREST),
            accounts=len(flagged),
            exchanges=int(harvest.extracted[queue.accounts].sum()),
            first_seen=rfc3339(first),
            last_seen=rfc3339(last),
            capabilities=capability_names,
            pathways={name: share for name, share in _shares(_of(matter.pathways, number), "pathway").items() if name},
            account_ids=tuple(sorted(profiles.ids[flagged])),
            frames=tuple(one.text for one in shown),
            evidence=evidence,
            alternatives=_alternatives(verdict),
            pivots=moves,
            successions=handed,
            techniques=_techniques(verdict, capability_names),
        )
        detail = _detail(campaign, queue, series, hours, number, profiles, flagged, shown, templates, found)
        assembled.append(Assembled(campaign, detail, flagged, number))
    return sorted(
        assembled, key=lambda one: (-one.campaign.confidence, -one.campaign.exchanges, one.campaign.campaign_id)
    )


def _matter(engine: Engine, scored: ir.Table, frames: dict[int, str]) -> _Matter:
    made = scored.filter(scored.extracts)
    return _Matter(
        engine.collect(made.group_by("campaign", "named").agg(n=_.count())),
        engine.collect(made.group_by("campaign", pathway=_.pathway.fill_null("")).agg(n=_.count())),
        engine.collect(
            scored.filter(scored.campaign >= 0)
            .group_by("campaign", "extracts", hour=_.ts.truncate("h"))
            .agg(n=_.count(), first=_.ts.min(), last=_.ts.max())
        ),
        frames,
    )


def _alternatives(verdict: Verdict) -> tuple[Alternative, ...]:
    """The innocent explanations that came closest, and what speaks most against each."""
    return tuple(
        Alternative(one.name, f"a campaign is {_times(one.odds)} as likely: {one.misfits or _OUTWEIGHED}")
        for one in verdict.explanations[:ALTERNATIVES_SHOWN]
    )


def _times(odds: float) -> str:
    """Log10 odds in words, with one or two significant figures."""
    if odds > 6.0:
        return "more than a million times"
    digits = max(0, int(np.floor(odds)) - 1)
    return f"{round(10.0**odds, -digits):,.0f} times"


def _of(table: pa.Table, number: int) -> pa.Table:
    return table.filter(pa.compute.equal(table["campaign"], number))


def _shares(counted: pa.Table, column: str) -> dict[Any, float]:
    """Shares by value, largest first, ties by value."""
    total = max(sum(counted["n"].to_pylist()), 1)
    pairs = zip(counted[column].to_pylist(), counted["n"].to_pylist(), strict=True)
    return {value: round(n / total, 6) for value, n in sorted(pairs, key=lambda pair: (-pair[1], pair[0]))}


def _identity(profiles: Profiles, flagged: I64) -> str:
    """A name that stays when the campaign grows: after the account of it that was active first."""
    first = flagged[np.lexsort((profiles.keys[flagged], profiles.first[flagged]))[0]]
    return "C-" + hashlib.sha256(str(profiles.ids[first]).encode()).hexdigest()[:12]


def _techniques(verdict: Verdict, capabilities: dict[str, float]) -> tuple[str, ...]:
    named = list(_TECHNIQUES)
    if any(e.channel == "infrastructure" and e.strength >= 1.0 for e in verdict.evidence):
        named.append(_PROXIES)
    if sum(capabilities.get(name, 0.0) for name in ("cot_elicitation", "trace_reconstruction")) >= 0.05:
        named.append(_LEAKAGE)
    return tuple(named)


def _detail(
    campaign: Campaign,
    queue: Queue,
    series: pa.Table,
    hours: object,
    number: int,
    profiles: Profiles,
    flagged: I64,
    shown: list[Shown],
    templates: Templates,
    found: Traces,
) -> CampaignDetail:
    extracts = series["extracts"].to_numpy(zero_copy_only=False).astype(bool)
    at, n = micros(series["hour"]), series["n"].to_numpy()
    own = hours.campaign == number  # type: ignore[attr-defined]
    models = pa.table({"model": hours.model[own].astype(str), "n": hours.n[own]})  # type: ignore[attr-defined]
    counted = models.group_by("model").aggregate([("n", "sum")]).rename_columns(["model", "n"])
    rest = hours.campaign < 0  # type: ignore[attr-defined]
    plans = pa.table({"plan": profiles.plans[flagged].astype(str), "n": np.ones(len(flagged), np.int64)})
    plan_counts = plans.group_by("plan").aggregate([("n", "sum")]).rename_columns(["plan", "n"])
    return CampaignDetail(
        series=_series(at, n, extracts),
        hours=_clock(at[extracts], n[extracts]),
        population_hours=_clock(hours.hour[rest], hours.n[rest]),  # type: ignore[attr-defined]
        models={str(k): v for k, v in _shares(counted, "model").items() if k},
        plans={str(k): v for k, v in _shares(plan_counts, "plan").items() if k},
        signups=_signups(profiles.created[flagged]),
        share_extraction=round(campaign.exchanges / max(int(profiles.exchanges[queue.accounts].sum()), 1), 6),
        frame_counts=tuple(one.requests for one in shown),
        bare_tasks=bare_tasks(queue, templates),
        network=draw_network(queue, flagged, templates, profiles, found, names(queue, templates, shown)),
    )


def _series(at: I64, n: I64, extracts: npt.NDArray[np.bool_]) -> CampaignSeries:
    """Counts in buckets of a few hours, at most about 400 of them."""
    start, end = int(at.min()), int(at.max()) + HOUR
    bucket = next(hours for hours in (1, 3, 6, 12, 24, 72, 168, 10**6) if (end - start) <= hours * HOUR * 400)
    place = (at - start) // (bucket * HOUR)
    size = int(place.max()) + 1
    counts = [np.bincount(place[rows], weights=n[rows], minlength=size).astype(int) for rows in (extracts, ~extracts)]
    return CampaignSeries(rfc3339(start), bucket, tuple(counts[0].tolist()), tuple(counts[1].tolist()))


def _clock(at: I64, n: I64) -> tuple[float, ...]:
    counts = np.bincount(at // HOUR % 24, weights=n, minlength=24)
    return tuple(np.round(counts / max(counts.sum(), 1), 6).tolist())


def _signups(created: I64) -> Signups | None:
    created = created[created > 0]
    if not len(created):
        return None
    start = int(created.min()) // DAY * DAY
    counts = np.bincount((created - start) // (SIGNUP_BUCKET_DAYS * DAY))
    return Signups(rfc3339(start), SIGNUP_BUCKET_DAYS, tuple(counts.tolist()))
