"""Findings as typed values: what `campaigns.json` and `scan.json` hold, and how they are read back.

Observed facts (`Evidence`) and conclusions (`confidence`, `alternatives`) are separate fields and stay so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from revenuer.schema import FINDINGS_SCHEMA_VERSION, Channel

__all__ = [
    "Alternative",
    "Campaign",
    "Evidence",
    "Pivot",
    "Succession",
    "campaigns_document",
]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observed fact; `strength` is a log10 likelihood ratio, `accounts` how many it speaks of."""

    channel: Channel
    fact: str
    strength: float
    accounts: int


@dataclass(frozen=True, slots=True)
class Alternative:
    """An innocent hypothesis that was considered, and why it lost."""

    hypothesis: str
    why_rejected: str


@dataclass(frozen=True, slots=True)
class Pivot:
    """A move to a newly released model: its share of the campaign before and after, and the hours it took."""

    model: str
    released_at: str
    share_before: float
    share_after: float
    hours: float


@dataclass(frozen=True, slots=True)
class Succession:
    """A ban and the accounts that took over."""

    banned: tuple[str, ...]
    successors: tuple[str, ...]
    at: str


@dataclass(frozen=True, slots=True)
class Campaign:
    """A set of accounts that harvest outputs together; field for field the contract's campaign."""

    campaign_id: str
    confidence: float
    accounts: int
    exchanges: int
    first_seen: str
    last_seen: str
    capabilities: dict[str, float]
    pathways: dict[str, float]
    account_ids: tuple[str, ...]
    frames: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    alternatives: tuple[Alternative, ...]
    pivots: tuple[Pivot, ...] = field(default=())
    successions: tuple[Succession, ...] = field(default=())
    techniques: tuple[str, ...] = field(default=())


def campaigns_document(campaigns: tuple[Campaign, ...]) -> dict[str, Any]:
    """The content of `campaigns.json`, ready for `msgspec.json.encode` (which writes dataclasses as objects)."""
    return {"schema": FINDINGS_SCHEMA_VERSION, "campaigns": list(campaigns)}
