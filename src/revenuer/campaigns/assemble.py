"""Campaigns as findings: the contract's fields and what the report draws, from the scored exchanges."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis import _

from revenuer.behaviour import Profiles
from revenuer.campaigns.detail import drawn_in_time, plan_shares, shares, signups
from revenuer.campaigns.handover import bans_of
from revenuer.campaigns.interval import LEAST_DOUBT, share_interval
from revenuer.campaigns.life import Hours, hours_by_model, pivots, successions
from revenuer.campaigns.network import draw_network
from revenuer.campaigns.queues import Queue
from revenuer.campaigns.rivals import why_lost
from revenuer.campaigns.shown import bare_tasks, names, shown_frames
from revenuer.campaigns.times import micros, rfc3339
from revenuer.campaigns.verdict import Verdict
from revenuer.engine import Engine
from revenuer.findings import Alternative, Campaign
from revenuer.linkage.infrastructure import Traces
from revenuer.linkage.templates import KINDS, Templates
from revenuer.schema import CAPABILITIES
from revenuer.summary import CampaignDetail

__all__ = ["SUREST", "Assembled", "Called", "Harvest", "assemble", "harvests", "only_flagged"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

FRAMES_SHOWN: Final = 12
# No verdict is certain, whatever rounding makes of it.
SUREST: Final = 0.999999
ALTERNATIVES_SHOWN: Final = 5
# Extraction exchanges an account must have made to be flagged: one may be an accident.
LEAST_FLAGGED: Final = 2
# Share of tasks among an account's exchanges, over the median of its campaign's accounts, from which it is no stray.
AS_OTHERS: Final = 0.5
# Posterior from which an account surely belongs.
SURE: Final = 0.95
BILLION: Final = 1_000_000_000
NEVER: Final = 2**62
# MITRE ATLAS: extract the model, through the inference API, by accounts made for it; elicited reasoning is leakage.
_TECHNIQUES: Final = ("AML.T0024.002", "AML.T0040", "AML.T0021")
_LEAKAGE: Final = "AML.T0057"
_PROXIES: Final = "AML.T0008.005"


@dataclass(frozen=True, slots=True)
class Harvest:
    """What each account did for a campaign; arrays aligned with the profiles.

    Attributes:
        extracted: exchanges called extraction.
        expected: sum of scores: the expected number; `variance` and `doubt` are what `share_interval` takes beside it.
        began: second since 1970 of the first of them, `NEVER` for none.
    """

    extracted: I64
    expected: F64
    variance: F64
    doubt: F64
    began: I64

    def interval(self, accounts: I64, profiles: Profiles) -> tuple[F64, F64]:
        """Bounds of the share of each account's exchanges that serve extraction, shape (accounts,)."""
        made = np.maximum(profiles.exchanges[accounts], 1).astype(np.float64)
        return share_interval(self.expected[accounts], self.variance[accounts], self.doubt[accounts], made)

    def interval_of_all(self, accounts: I64, profiles: Profiles) -> tuple[float, float]:
        """The same of these accounts' exchanges taken together."""
        sums = [one[accounts].sum(keepdims=True) for one in (self.expected, self.variance, self.doubt)]
        made = np.maximum(profiles.exchanges[accounts].sum(keepdims=True), 1).astype(np.float64)
        low, high = share_interval(sums[0], sums[1], sums[2], made)
        return float(low[0]), float(high[0])


@dataclass(frozen=True, slots=True)
class Assembled:
    """A campaign with its drawing matter and the accounts flagged in it.

    Attributes:
        flagged: indices into the profiles; `keys` are the hashes of their ids.
        number: of its queue.
    """

    campaign: Campaign
    detail: CampaignDetail
    flagged: I64
    keys: I64
    number: int


def harvests(engine: Engine, scored: ir.Table, profiles: Profiles) -> Harvest:
    """Count what each account made."""
    held = scored.score.clip(LEAST_DOUBT, 1.0 - LEAST_DOUBT)
    summed = {"expected": scored.score, "variance": scored.score * (1.0 - scored.score), "doubt": held * (1.0 - held)}
    made = engine.collect(
        scored.mutate(**summed)
        .filter(_.campaign >= 0)
        .group_by("account")
        # summed as whole numbers: a sum of floats depends on the order of rows, and so on the number of threads
        .agg(
            extracted=_.extracts.sum(),
            began=ibis.ifelse(_.extracts, _.ts.epoch_seconds().floor().cast("int64"), NEVER).min(),
            **{name: (_[name] * BILLION).round().cast("int64").sum() for name in summed},
        )
        .order_by("account")
    )
    at = profiles.index(made["account"].to_numpy())

    def spread(name: str, unit: int) -> F64:
        values = np.zeros(len(profiles))
        values[at] = made[name].to_numpy() / unit
        return values

    began = np.full(len(profiles), NEVER)
    began[at] = made["began"].to_numpy()
    expected, variance, doubt = (spread(name, BILLION) for name in summed)
    return Harvest(spread("extracted", 1).astype(np.int64), expected, variance, doubt, began)


@dataclass(frozen=True, slots=True)
class Called:
    """The queues that were called campaigns, and what is known of them and of everybody.

    Attributes:
        queues: of the campaigns; `verdicts` is aligned with them.
        harvest: what each account did for them.
        frames: masked text of templates, by id.
        releases: `schema.RELEASES`; `enforcement` likewise `schema.ENFORCEMENT`.
    """

    queues: list[Queue]
    verdicts: list[Verdict]
    templates: Templates
    profiles: Profiles
    found: Traces
    harvest: Harvest
    frames: dict[int, str]
    releases: pa.Table
    enforcement: pa.Table


@dataclass(frozen=True, slots=True)
class _Matter:
    """Tables that all campaigns are assembled from."""

    named: pa.Table
    pathways: pa.Table
    series: pa.Table
    hours: Hours
    bans: tuple[I64, I64]


def assemble(engine: Engine, scored: ir.Table, called: Called) -> list[Assembled]:
    """Assemble every campaign that has an account to flag, strongest first."""
    flagged = [_flagged(queue, called.harvest, called.templates, called.profiles) for queue in called.queues]
    kept = only_flagged(engine, scored, [called.profiles.keys[accounts] for accounts in flagged])
    matter = _matter(engine, kept, called)
    assembled = [
        _assembled(called, matter, number, accounts) for number, accounts in enumerate(flagged) if len(accounts)
    ]
    return sorted(
        assembled, key=lambda one: (-one.campaign.confidence, -one.campaign.exchanges, one.campaign.campaign_id)
    )


def _flagged(queue: Queue, harvest: Harvest, templates: Templates, profiles: Profiles) -> I64:
    """The accounts to flag: those that were seen to extract, and those that surely belong.

    Of bare tasks it is known how many an account sends, and not well which. Where all are bare, an account is flagged
    only if there are enough at the lower bound, or as large a share as its campaign's accounts make. Accounts with a single
    task were taken in as no accident.
    """
    accounts = queue.accounts
    seen = harvest.extracted[accounts] >= np.where(np.isin(accounts, queue.once), 1, LEAST_FLAGGED)
    if not seen.any():
        return accounts[:0]
    sure = (harvest.expected[accounts] >= LEAST_FLAGGED) & (queue.posterior >= SURE)
    enough = seen | sure
    if (templates.kind[queue.templates[queue.tasks]] == KINDS.index("manner")).all():
        made = np.maximum(profiles.exchanges[accounts], 1)
        share, least = harvest.expected[accounts] / made, harvest.interval(accounts, profiles)[0] * made
        enough &= (least >= LEAST_FLAGGED) | (share >= AS_OTHERS * np.median(share))
    return accounts[enough]


def only_flagged(engine: Engine, scored: ir.Table, keys: list[I64]) -> ir.Table:
    """The exchanges with those of members that are not flagged called extraction no longer.

    Args:
        engine: runs the join.
        scored: from `score_exchanges`.
        keys: of the accounts that are flagged in each campaign.
    """
    accused = engine.table("accused", pa.table({"accused": np.concatenate([np.zeros(0, np.int64), *keys])}))
    joined = scored.left_join(accused, scored.account == accused.accused)
    return joined.mutate(extracts=_.extracts & _.accused.notnull()).drop("accused")


def _matter(engine: Engine, scored: ir.Table, called: Called) -> _Matter:
    made = scored.filter(scored.extracts)
    return _Matter(
        engine.collect(made.group_by("campaign", "named").agg(n=_.count())),
        engine.collect(made.group_by("campaign", pathway=_.pathway.fill_null("")).agg(n=_.count())),
        engine.collect(
            scored.filter(scored.campaign >= 0)
            .group_by("campaign", "extracts", hour=_.ts.truncate("h"))
            .agg(n=_.count(), first=_.ts.min(), last=_.ts.max())
        ),
        hours_by_model(engine, scored),
        bans_of(called.profiles, called.enforcement),
    )


def _assembled(called: Called, matter: _Matter, number: int, flagged: I64) -> Assembled:
    queue, templates, profiles = called.queues[number], called.templates, called.profiles
    shown = shown_frames(queue, templates, called.frames, FRAMES_SHOWN)
    campaign = _campaign(called, matter, number, flagged, frames=tuple(one.text for one in shown))
    picture = names(queue, templates, shown)
    share = campaign.exchanges / max(int(profiles.exchanges[flagged].sum()), 1)
    low, high = called.harvest.interval_of_all(flagged, profiles)
    detail = CampaignDetail(
        **drawn_in_time(_of(matter.series, number), matter.hours, number),
        plans=plan_shares(profiles.plans[flagged]),
        signups=signups(profiles.created[flagged]),
        share_extraction=round(share, 6),
        share_extraction_low=round(min(low, share), 6),
        share_extraction_high=round(max(high, share), 6),
        frame_counts=tuple(one.requests for one in shown),
        bare_tasks=bare_tasks(queue, templates),
        network=draw_network(queue, flagged, templates, profiles, found=called.found, names=picture),
    )
    return Assembled(campaign, detail, flagged, profiles.keys[flagged], number)


def _campaign(called: Called, matter: _Matter, number: int, flagged: I64, *, frames: tuple[str, ...]) -> Campaign:
    verdict, profiles = called.verdicts[number], called.profiles
    extraction = _of(matter.series, number).filter(pa.compute.field("extracts"))
    capabilities = {CAPABILITIES[int(code)]: n for code, n in shares(_of(matter.named, number), "named").items()}
    return Campaign(
        campaign_id=_identity(profiles, flagged, called.harvest.began),
        confidence=min(round(verdict.confidence, 6), SUREST),
        accounts=len(flagged),
        exchanges=int(called.harvest.extracted[flagged].sum()),
        first_seen=rfc3339(int(micros(extraction["first"]).min())),
        last_seen=rfc3339(int(micros(extraction["last"]).max())),
        capabilities=capabilities,
        pathways={name: n for name, n in shares(_of(matter.pathways, number), "pathway").items() if name},
        account_ids=tuple(sorted(profiles.ids[flagged])),
        frames=frames,
        evidence=tuple(sorted(verdict.evidence, key=lambda e: (-e.strength, e.channel))),
        alternatives=_alternatives(verdict),
        pivots=pivots(number, matter.hours, called.releases),
        successions=successions(flagged, profiles, matter.bans),
        techniques=_techniques(verdict, capabilities),
    )


def _alternatives(verdict: Verdict) -> tuple[Alternative, ...]:
    """The innocent explanations that came closest, and why each lost."""
    return tuple(
        Alternative(one.name, why_lost(one, verdict.observed, verdict.evidence))
        for one in verdict.explanations[:ALTERNATIVES_SHOWN]
    )


def _of(table: pa.Table, number: int) -> pa.Table:
    return table.filter(pa.compute.equal(table["campaign"], number))


def _identity(profiles: Profiles, flagged: I64, began: I64) -> str:
    """A name that stays when the campaign grows: after the account that was first to serve it, not first to be seen."""
    first = flagged[np.lexsort((profiles.keys[flagged], began[flagged]))[0]]
    return "C-" + hashlib.sha256(str(profiles.ids[first]).encode()).hexdigest()[:12]


def _techniques(verdict: Verdict, capabilities: dict[str, float]) -> tuple[str, ...]:
    named = list(_TECHNIQUES)
    if any(e.channel == "infrastructure" and e.strength >= 1.0 for e in verdict.evidence):
        named.append(_PROXIES)
    if sum(capabilities.get(name, 0.0) for name in ("cot_elicitation", "trace_reconstruction")) >= 0.05:
        named.append(_LEAKAGE)
    return tuple(named)
