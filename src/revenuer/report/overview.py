"""The head of the report: totals, time, evidence and capabilities of all campaigns side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from markupsafe import Markup

from revenuer.findings import Campaign
from revenuer.report import charts
from revenuer.report.buckets import Buckets, bucketed
from revenuer.report.charts import Life
from revenuer.report.common import BUCKETS, IN_FULL, Share, releases, shares, turns
from revenuer.report.svg import draw
from revenuer.report.words import name_of, parsed
from revenuer.schema import CHANNELS, EXTRACTION_CAPABILITIES
from revenuer.summary import ScanSummary

__all__ = ["Matrix", "Overview", "overview"]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Campaigns by something: `rows[i]` holds a value per column, or none; `most` is the greatest value."""

    columns: tuple[str, ...]
    rows: tuple[tuple[float | None, ...], ...]
    most: float


@dataclass(frozen=True, slots=True)
class Overview:
    """What the head of the report shows over all campaigns."""

    accounts: int
    exchanges: int
    chart: Markup | None
    traffic: Buckets | None
    evidence: Matrix
    capabilities: Matrix
    pathways: tuple[Share, ...]
    models: tuple[Share, ...]


def overview(campaigns: Sequence[Campaign], summary: ScanSummary) -> Overview:
    """What stands above the sections: totals, time, evidence and capabilities side by side."""
    found = sum(c.accounts for c in campaigns)
    traffic = _traffic(summary)
    lives = [life for life in map(_life, campaigns[:IN_FULL]) if life]
    spec = charts.timeline(traffic, lives, releases(summary), _bans(summary))
    return Overview(
        accounts=found if summary.flagged_accounts is None else summary.flagged_accounts,
        exchanges=sum(c.exchanges for c in campaigns),
        chart=draw(spec, "overview") if spec else None,
        traffic=traffic,
        evidence=_matrix([_channel_strengths(c) for c in campaigns[:IN_FULL]], CHANNELS),
        capabilities=_matrix([c.capabilities for c in campaigns[:IN_FULL]], EXTRACTION_CAPABILITIES),
        pathways=shares(_parts({name_of(k): v for k, v in summary.traffic.pathways.items()})),
        models=shares(_parts(summary.traffic.models)),
    )


def _parts(counts: Mapping[str, int]) -> dict[str, float]:
    whole = max(sum(counts.values()), 1)
    return {name: count / whole for name, count in counts.items()}


def _channel_strengths(campaign: Campaign) -> dict[str, float]:
    summed: dict[str, float] = {}
    for fact in campaign.evidence:
        summed[fact.channel] = summed.get(fact.channel, 0.0) + fact.strength
    return summed


def _matrix(rows: Sequence[Mapping[str, float]], order: Sequence[str]) -> Matrix:
    """Only columns that some row has, in the order of the vocabulary, foreign names last."""
    named = {name for row in rows for name in row}
    columns = (*(name for name in order if name in named), *sorted(named - set(order)))
    values = tuple(tuple(row.get(name) for name in columns) for row in rows)
    most = max((value for row in values for value in row if value is not None), default=0.0)
    return Matrix(columns, values, most)


def _traffic(summary: ScanSummary) -> Buckets | None:
    series = summary.series
    if series is None:
        return None
    pairs = zip_longest(series.exchanges, series.extraction, fillvalue=0)
    rest = tuple(max(whole - part, 0) for whole, part in pairs)
    return bucketed(series.start, series.bucket_hours, (series.extraction, rest), BUCKETS)


def _bans(summary: ScanSummary) -> list[tuple[datetime, int]]:
    """Accounts that met any action, by day."""
    days: Counter[datetime] = Counter()
    for ban in summary.enforcement:
        at = parsed(ban.day)
        if at is not None:
            days[at] += ban.accounts
    return sorted(days.items())


def _life(campaign: Campaign) -> Life | None:
    first, last = parsed(campaign.first_seen), parsed(campaign.last_seen)
    if first is None or last is None:
        return None
    return Life(campaign.campaign_id, first, last, campaign.confidence, turns(campaign))
