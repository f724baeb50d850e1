"""What each campaign's section shows, worked out before a template sees it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from markupsafe import Markup

from revenuer.findings import Alternative, Campaign, Evidence
from revenuer.report import charts
from revenuer.report.buckets import Buckets, bucketed
from revenuer.report.common import BUCKETS, IN_FULL, Share, releases, shares, turns
from revenuer.report.inert import inert_struct, shortened
from revenuer.report.network import Picture, draw_network
from revenuer.report.svg import draw
from revenuer.report.words import capability, name_of, percent, period, plural
from revenuer.summary import CampaignDetail, CampaignSeries, ScanSummary

__all__ = ["CampaignView", "campaign_views", "trimmed"]


ACCOUNTS_LISTED: Final = 60
FRAMES_SHOWN: Final = 12
EVIDENCE_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class CampaignView:
    """One campaign with its pictures; `number` is its rank from 1, `accounts_left` how many ids are not listed."""

    campaign: Campaign
    detail: CampaignDetail
    number: int
    sentence: str
    channels: tuple[tuple[str, tuple[Evidence, ...]], ...]
    evidence_left: int
    aim: str
    alternatives: tuple[tuple[tuple[str, ...], str], ...]
    frames: tuple[tuple[str, int | None], ...]
    frames_left: int
    accounts_left: int
    capabilities: tuple[Share, ...]
    pathways: tuple[Share, ...]
    models: tuple[Share, ...]
    plans: tuple[Share, ...]
    activity: tuple[Markup, Buckets] | None
    hours: Markup | None
    signups: tuple[Markup, Buckets] | None
    network: Picture | None

    @property
    def absent(self) -> tuple[str, ...]:
        """What the findings do not hold for this campaign, in words."""
        parts = {
            "activity over time": self.activity,
            "hours of the day": self.hours,
            "sign-ups": self.signups,
            "the network": self.network,
            "models": self.models,
            "plans": self.plans,
        }
        return tuple(words for words, part in parts.items() if not part)


def trimmed(campaign: Campaign) -> Campaign:
    """The campaign with no more ids, frames and facts than the report shows, and inert text."""
    ordered = sorted(campaign.evidence, key=lambda fact: -fact.strength)
    short = replace(
        campaign,
        account_ids=campaign.account_ids[:ACCOUNTS_LISTED],
        frames=campaign.frames[:FRAMES_SHOWN],
        evidence=tuple(ordered[:EVIDENCE_SHOWN]),
    )
    return inert_struct(short, Campaign)


def campaign_views(campaigns: Sequence[Campaign], summary: ScanSummary) -> tuple[CampaignView, ...]:
    """The campaigns that get a section, strongest first; `summary` holds inert text already, `campaigns` need not."""
    return tuple(_view(c, number, summary) for number, c in enumerate(campaigns[:IN_FULL], start=1))


def _view(campaign: Campaign, number: int, summary: ScanSummary) -> CampaignView:
    short = trimmed(campaign)
    detail = summary.campaigns.get(short.campaign_id, CampaignDetail())
    counts = [*detail.frame_counts, *[None] * len(short.frames)]
    return CampaignView(
        campaign=short,
        detail=detail,
        number=number,
        sentence=_sentence(short, detail),
        channels=_by_channel(short.evidence),
        evidence_left=len(campaign.evidence) - len(short.evidence),
        aim=_aim(short.capabilities),
        alternatives=_by_reason(short.alternatives),
        frames=tuple(zip(short.frames, counts, strict=False)),
        frames_left=len(campaign.frames) - len(short.frames),
        accounts_left=max(campaign.accounts, len(campaign.account_ids)) - len(short.account_ids),
        capabilities=shares({capability(k): v for k, v in short.capabilities.items()}),
        pathways=shares({name_of(k): v for k, v in short.pathways.items()}),
        models=shares(detail.models),
        plans=shares({name_of(k): v for k, v in detail.plans.items()}),
        activity=_activity(short, detail.series, summary, f"activity-{number}"),
        hours=_hours(detail, f"hours-{number}"),
        signups=_signups(detail, f"signups-{number}"),
        network=draw_network(detail.network) if detail.network else None,
    )


def _sentence(campaign: Campaign, detail: CampaignDetail) -> str:
    """The campaign in two sentences: who sent how much when, and what it serves."""
    when = period(campaign.first_seen, campaign.last_seen)
    text = f"{plural(campaign.accounts, 'account')}, {plural(campaign.exchanges, 'exchange')}, {when}."
    parts = [f"{share.name} ({percent(share.share)})" for share in shares(_spoken(campaign.capabilities))[:3]]
    aim = f"is aimed at {_listed(parts)}" if parts else ""
    if detail.share_extraction is None or not math.isfinite(detail.share_extraction):
        return f"{text} The extraction in it {aim}." if aim else text
    much = f"{text} An estimated {percent(detail.share_extraction)}{_between(detail)} of what these accounts send serves extraction"
    return f"{much}; it {aim}." if aim else f"{much}."


def _between(detail: CampaignDetail) -> str:
    """The interval of the share of extraction in brackets, where it is known."""
    low, high = detail.share_extraction_low, detail.share_extraction_high
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return f" (with {percent(0.95)} certainty {percent(low)} to {percent(high)})"


def _spoken(shares: Mapping[str, float]) -> dict[str, float]:
    return {capability(name): share for name, share in shares.items()}


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _by_channel(evidence: Iterable[Evidence]) -> tuple[tuple[str, tuple[Evidence, ...]], ...]:
    """Facts by channel, the channel with the strongest fact first, and so within a channel."""
    best: dict[str, float] = {}
    for fact in evidence:
        best[fact.channel] = max(fact.strength, best.get(fact.channel, fact.strength))
    ordered = sorted(evidence, key=lambda fact: (-best[fact.channel], fact.channel, -fact.strength))
    return tuple((name, tuple(facts)) for name, facts in groupby(ordered, key=lambda fact: fact.channel))


def _by_reason(alternatives: Sequence[Alternative]) -> tuple[tuple[tuple[str, ...], str], ...]:
    """Explanations that lost for one reason together, in the order of the first of each."""
    lost: dict[str, list[str]] = {}
    for other in alternatives:
        lost.setdefault(other.why_rejected, []).append(other.hypothesis)
    return tuple((tuple(names), why) for why, names in lost.items())


def _aim(capabilities: Mapping[str, float]) -> str:
    """The chief capability, and the second where it takes a quarter; empty where none is known."""
    ordered = sorted(capabilities.items(), key=lambda item: (-item[1], item[0]))
    chief = [shortened(capability(name), 60) for name, share in ordered[:2] if share >= 0.25 or name == ordered[0][0]]
    return ", ".join(chief)


def _activity(
    campaign: Campaign, series: CampaignSeries | None, summary: ScanSummary, name: str
) -> tuple[Markup, Buckets] | None:
    if series is None:
        return None
    counts = bucketed(series.start, series.bucket_hours, (series.extraction, series.other), BUCKETS)
    if counts is None:
        return None
    return draw(charts.activity(counts, releases(summary), turns(campaign)), name), counts


def _hours(detail: CampaignDetail, name: str) -> Markup | None:
    if len(detail.hours) != 24:
        return None
    population = detail.population_hours if len(detail.population_hours) == 24 else ()
    return draw(charts.hours_of_day(detail.hours, population), name)


def _signups(detail: CampaignDetail, name: str) -> tuple[Markup, Buckets] | None:
    if detail.signups is None:
        return None
    counts = bucketed(detail.signups.start, 24 * detail.signups.bucket_days, (detail.signups.accounts,), 60)
    return (draw(charts.signups(counts), name), counts) if counts else None
