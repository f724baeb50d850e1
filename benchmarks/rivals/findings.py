"""A method's answer as a findings directory, so that `revenuer evaluate` judges all methods alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.schema import FOUND_ACCOUNTS, FOUND_EXCHANGES
from rivals.reading import Floats, Ints, Reading
from rivals.traffic import Traffic

LEAST_GROUP = 3  # accounts that make a campaign


def campaigns(reading: Reading, threshold: float, n: int) -> Ints:
    """The group of each account with three or more members, numbered from 0; -1 for the others."""
    if reading.groups is None:
        return np.full(n, -1)
    label = reading.groups(threshold)
    names, counts = np.unique(label[label >= 0], return_counts=True)
    kept = names[counts >= LEAST_GROUP]
    place = np.searchsorted(kept, label)
    inside = np.isin(label, kept)
    return np.where(inside, np.minimum(place, max(len(kept) - 1, 0)), -1).astype(np.int64)


def risk(score: Floats) -> Floats:
    """Scores as ranks from 0 to 1; ties share a rank, accounts that were not judged have 0."""
    _, rank = np.unique(score, return_inverse=True)
    return np.asarray(rank / max(int(rank.max(initial=0)), 1), dtype=np.float64)


def typed(columns: dict[str, Any], schema: pa.Schema) -> pa.Table:
    """Columns in the types of a schema, those that a method does not fill left out."""
    return pa.table(columns, schema=pa.schema([schema.field(name) for name in columns]))


def write_findings(traffic: Traffic, reading: Reading, threshold: float, out: Path) -> None:
    """Write `accounts.parquet`, `exchanges.parquet` and `campaigns.json`; all requests of a flagged account are marked."""
    flagged = reading.score >= threshold
    group = campaigns(reading, threshold, len(traffic.ids))
    group = np.where(flagged, group, -1)
    names = [None if label < 0 else f"g{label}" for label in group.tolist()]
    out.mkdir(parents=True)
    accounts = {
        "account_id": traffic.ids,
        "risk": risk(reading.score),
        "flagged": flagged,
        "campaign_id": names,
        "extraction_share": flagged.astype(np.float64),
        "reasons": [[]] * len(traffic.ids),
    }
    pq.write_table(typed(accounts, FOUND_ACCOUNTS), out / "accounts.parquet")
    marked = flagged[traffic.account]
    exchanges = {
        "exchange_id": traffic.exchanges["exchange_id"],
        "score": marked.astype(np.float64),
        "extraction": marked,
        "capability": ["other"] * len(marked),
        "campaign_id": [names[account] for account in traffic.account.tolist()],
    }
    pq.write_table(typed(exchanges, FOUND_EXCHANGES), out / "exchanges.parquet")
    listed = [
        {"campaign_id": f"g{label}", "account_ids": members(traffic, group, int(label)), "capabilities": {}}
        for label in np.unique(group[group >= 0])
    ]
    (out / "campaigns.json").write_bytes(msgspec.json.encode({"schema": 1, "campaigns": listed}))


def members(traffic: Traffic, group: Ints, label: int) -> list[str]:
    """The accounts of one group."""
    return [traffic.ids[i] for i in np.flatnonzero(group == label).tolist()]
