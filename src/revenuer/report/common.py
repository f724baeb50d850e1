"""What the head of the report and its sections have in common: shares, releases, successions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from revenuer.findings import Campaign
from revenuer.report.charts import Mark
from revenuer.report.words import parsed
from revenuer.summary import ScanSummary

__all__ = ["BUCKETS", "IN_FULL", "Share", "releases", "shares", "turns"]

IN_FULL: Final = 20
"""Campaigns with a section of their own; the others stand in the table only."""

BUCKETS: Final = 100
"""Buckets of time in a chart and in its table."""

_RELEASES_DRAWN: Final = 12
_SHARES_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Share:
    """A named part of a whole."""

    name: str
    share: float


def shares(named: Mapping[str, float]) -> tuple[Share, ...]:
    """Largest first, the small ones summed as `n others`."""
    ordered = sorted(((max(share, 0.0), name) for name, share in named.items()), key=lambda item: (-item[0], item[1]))
    shown = [Share(name, share) for share, name in ordered[:_SHARES_SHOWN]]
    rest = ordered[_SHARES_SHOWN:]
    return (*shown, Share(f"{len(rest)} others", sum(share for share, _ in rest))) if rest else tuple(shown)


def releases(summary: ScanSummary) -> list[Mark]:
    """The latest releases, in order of time."""
    marks = [Mark(at, release.model) for release in summary.releases if (at := parsed(release.released_at))]
    return sorted(marks, key=lambda mark: (mark.at, mark.label))[-_RELEASES_DRAWN:]


def turns(campaign: Campaign) -> tuple[datetime, ...]:
    """When banned accounts of a campaign were replaced."""
    return tuple(at for succession in campaign.successions if (at := parsed(succession.at)))
