"""Tiny worlds of which every figure is known by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.findings import Campaign, Pivot, Succession, campaigns_document
from revenuer.schema import (
    ENFORCEMENT,
    EXCHANGES,
    FOUND_ACCOUNTS,
    FOUND_EXCHANGES,
    RELEASES,
    TRUTH_ACCOUNTS,
    TRUTH_EXCHANGES,
)

START = datetime(2026, 3, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    """A time so many hours into the world."""
    return START + timedelta(hours=hours)


@dataclass(frozen=True)
class Asked:
    """One exchange: true and found side by side."""

    account: str
    hours: float = 0.0
    model: str = "old"
    true: str | None = None  # the capability when it is extraction
    found: str | None = None  # likewise
    campaign: str | None = None


@dataclass(frozen=True)
class Someone:
    """One account: true and found side by side; `risk` of None leaves it out of the findings."""

    account: str
    label: str = "ordinary"
    campaign: str | None = None
    found: str | None = None
    flagged: bool = False
    risk: float | None = 0.0
    share: float = 0.0


@dataclass(frozen=True)
class Tiny:
    """A whole world that can be written to a directory."""

    people: Sequence[Someone]
    asked: Sequence[Asked]
    campaigns: Sequence[Campaign] = ()
    releases: Mapping[str, float] = field(default_factory=dict)
    bans: Sequence[tuple[str, float]] = ()

    def write(self, root: Path) -> tuple[Path, Path]:
        """Write traffic, truth and findings under `root`; returns (findings, truth)."""
        traffic, truth, findings = root / "traffic", root / "traffic" / "truth", root / "findings"
        for place in (traffic, truth, findings):
            place.mkdir(parents=True, exist_ok=True)
        pq.write_table(self._traffic(), traffic / "exchanges.parquet")
        pq.write_table(
            _table(RELEASES, [{"model": m, "released_at": at(h)} for m, h in self.releases.items()]),
            traffic / "releases.parquet",
        )
        bans = [{"account_id": a, "ts": at(h), "action": "ban"} for a, h in self.bans]
        pq.write_table(_table(ENFORCEMENT, bans), traffic / "enforcement.parquet")
        pq.write_table(self._true_accounts(), truth / "accounts.parquet")
        pq.write_table(self._true_exchanges(), truth / "exchanges.parquet")
        pq.write_table(self._found_accounts(), findings / "accounts.parquet")
        pq.write_table(self._found_exchanges(), findings / "exchanges.parquet")
        (findings / "campaigns.json").write_bytes(msgspec.json.encode(campaigns_document(tuple(self.campaigns))))
        return findings, truth

    def _traffic(self) -> pa.Table:
        rows = [
            {"exchange_id": f"x{i}", "ts": at(a.hours), "account_id": a.account, "model": a.model, "prompt": "p"}
            for i, a in enumerate(self.asked)
        ]
        return _table(EXCHANGES, rows)

    def _true_accounts(self) -> pa.Table:
        extracting = {a.account for a in self.asked if a.true}
        rows = [
            {"account_id": p.account, "label": p.label, "extraction": p.account in extracting, "campaign": p.campaign}
            for p in self.people
        ]
        return _table(TRUTH_ACCOUNTS, rows)

    def _true_exchanges(self) -> pa.Table:
        campaign = {p.account: p.campaign for p in self.people}
        rows = [
            {
                "exchange_id": f"x{i}",
                "extraction": a.true is not None,
                "capability": a.true or "chat",
                "campaign": campaign[a.account] if a.true else None,
            }
            for i, a in enumerate(self.asked)
        ]
        return _table(TRUTH_EXCHANGES, rows)

    def _found_accounts(self) -> pa.Table:
        rows = [
            {
                "account_id": p.account,
                "risk": p.risk,
                "flagged": p.flagged,
                "campaign_id": p.found,
                "extraction_share": p.share,
                "reasons": [],
            }
            for p in reversed(self.people)  # findings owe no order
            if p.risk is not None
        ]
        return _table(FOUND_ACCOUNTS, rows)

    def _found_exchanges(self) -> pa.Table:
        absent = {p.account for p in self.people if p.risk is None}
        rows = [
            {
                "exchange_id": f"x{i}",
                "score": float(a.found is not None),
                "extraction": a.found is not None,
                "capability": a.found or "chat",
                "campaign_id": a.campaign,
            }
            for i, a in enumerate(self.asked)
            if a.account not in absent
        ]
        return _table(FOUND_EXCHANGES, rows)


def _table(schema: pa.Schema, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema)


def found_campaign(
    campaign_id: str,
    account_ids: Sequence[str],
    capabilities: Mapping[str, float] | None = None,
    pivots: Sequence[Pivot] = (),
    successions: Sequence[Succession] = (),
) -> Campaign:
    """A campaign of the findings that says nothing but what evaluation reads."""
    return Campaign(
        campaign_id=campaign_id,
        confidence=0.9,
        accounts=len(account_ids),
        exchanges=0,
        first_seen="2026-03-01T00:00:00Z",
        last_seen="2026-03-02T00:00:00Z",
        capabilities=dict(capabilities or {}),
        pathways={},
        account_ids=tuple(account_ids),
        frames=(),
        evidence=(),
        alternatives=(),
        pivots=tuple(pivots),
        successions=tuple(successions),
    )


def asked(account: str, times: int, **what: Any) -> list[Asked]:
    """The same exchange several times, an hour apart."""
    first = Asked(account, **what)
    return [replace(first, hours=first.hours + i) for i in range(times)]


def example() -> Tiny:
    """Two true campaigns and some innocents.

    A1-1: a1, a2, a3 (5, 5, 1 extraction exchanges); a1, a2 found as K1, a3 absent from the findings.
    A4-1: b1, b2 (5 each, b1 also 5 of ordinary use); both found as K1 and K2: b1 in K1, b2 in K2.
    Innocent: o1, o2 ordinary, l1, l2, l3 of L3, all in K2, of which l1 alone is flagged.
    """
    people = [
        Someone("a1", "A1", "A1-1", "K1", flagged=True, risk=0.9, share=1.0),
        Someone("a2", "A1", "A1-1", "K1", flagged=True, risk=0.8, share=1.0),
        Someone("a3", "A1", "A1-1", risk=None),
        Someone("b1", "A4", "A4-1", "K1", flagged=True, risk=0.7, share=0.7),
        Someone("b2", "A4", "A4-1", "K2", flagged=False, risk=0.3, share=0.5),
        Someone("o1", risk=0.1),
        Someone("o2", risk=0.0, share=0.2),
        Someone("l1", "L3", found="K2", flagged=True, risk=0.75),
        Someone("l2", "L3", found="K2", risk=0.2),
        Someone("l3", "L3", found="K2", risk=0.2),
    ]
    exchanges = [
        *asked("a1", 5, true="reasoning", found="reasoning", campaign="K1"),
        *asked("a2", 5, true="reasoning", found="coding", campaign="K1"),
        *asked("a3", 1, true="reasoning"),
        *asked("b1", 5, true="coding", found="coding", campaign="K1"),
        *asked("b1", 4),
        *asked("b1", 1, found="coding", campaign="K1"),
        *asked("b2", 5, true="coding"),
        *asked("o1", 10),
        *asked("o2", 10),
        *asked("l1", 5, found="rubric_grading", campaign="K2"),
        *asked("l2", 5),
        *asked("l3", 5),
    ]
    campaigns = [
        found_campaign("K1", ["a1", "a2", "b1"], {"reasoning": 0.5, "coding": 0.5}),
        found_campaign("K2", ["b2", "l1", "l2", "l3"], {"rubric_grading": 1.0}),
    ]
    return Tiny(people, exchanges, campaigns)
