"""Campaigns, their tasks and flagged accounts as the state has them: all, or what scans have changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from revenuer.response import CampaignStanding
from revenuer.service.table import I64, Accounts, account_key, accounts_of
from revenuer.state import tables

__all__ = [
    "CHUNK",
    "Campaigns",
    "Documents",
    "Tasks",
    "accounts_seen",
    "campaigns_of",
    "flagged_accounts",
    "read_tasks",
]

CHUNK: Final = 10_000
_DOCUMENTS: Final = 100

# Tasks of each campaign, by the id under which they were recorded.
Tasks = dict[str, list[str]]


class _Served(msgspec.Struct):
    """Of a campaign's document, what it serves and what it asks; the rest is passed over unread."""

    capabilities: dict[str, float]
    frames: list[msgspec.Raw] = []


# The scan that wrote the document of a campaign, what the campaign serves, and whether it has tasks.
Documents = dict[str, tuple[str, tuple[tuple[str, float], ...], bool]]
_served: Final = msgspec.json.Decoder(_Served).decode


@dataclass(frozen=True, slots=True)
class Campaigns:
    """Those that stand, and the number of each by every id that leads to it."""

    standing: tuple[CampaignStanding, ...]
    by_id: dict[str, int]


def campaigns_of(connection: sa.Connection, documents: Documents) -> Campaigns:
    """Those that stand, the ones that people and evidence hold for surest first; merged ones lead to the other.

    Args:
        connection: of `State.read`.
        documents: what was read before; only documents that a later scan wrote are read, and put there.
    """
    aliases = sa.select(tables.aliases).where(tables.aliases.c.why == "merged")
    merged = {row.alias: row.campaign_id for row in connection.execute(aliases)}
    columns = (tables.campaigns.c[name] for name in ("campaign_id", "confidence", "standing", "scan_id"))
    rows = [row for row in connection.execute(sa.select(*columns)) if row.campaign_id not in merged]
    _read_documents(connection, documents, rows)
    rows.sort(key=lambda row: (row.standing == "dismissed", -row.confidence, row.campaign_id))
    standing = tuple(
        CampaignStanding(row.campaign_id, row.confidence, row.standing, *documents[row.campaign_id][1:]) for row in rows
    )
    by_id = {one.campaign_id: number for number, one in enumerate(standing)}
    for alias in merged:
        kept = _followed(alias, merged)
        if kept in by_id:
            by_id[alias] = by_id[kept]
    return Campaigns(standing, by_id)


def _read_documents(connection: sa.Connection, documents: Documents, rows: Sequence[Any]) -> None:
    table = tables.campaigns
    scans = {
        row.scan_id for row in rows if row.campaign_id not in documents or documents[row.campaign_id][0] != row.scan_id
    }
    if not scans:
        return
    chosen = sa.select(table.c.campaign_id, table.c.scan_id, table.c.document)
    newer = chosen.where(table.c.scan_id.in_(sorted(scans))) if documents else chosen
    for name, scan, document in connection.execute(newer.execution_options(yield_per=_DOCUMENTS)):
        told = _served(document)
        documents[name] = scan, tuple(sorted(told.capabilities.items())), bool(told.frames)


def _followed(alias: str, merged: Mapping[str, str]) -> str:
    name = alias
    for _ in range(len(merged)):
        if name not in merged:
            break
        name = merged[name]
    return name


def read_tasks(connection: sa.Connection, tasks: Tasks, scans: Sequence[str] | None = None) -> None:
    """Put there every task that a campaign ever had, or those that these scans were the first to find."""
    table = tables.tasks
    chosen = sa.select(table.c.campaign_id, table.c.frame).order_by(table.c.campaign_id, table.c.frame)
    for name, frame in connection.execute(chosen if scans is None else chosen.where(table.c.scan_id.in_(scans))):
        tasks.setdefault(name, []).append(frame)


def flagged_accounts(connection: sa.Connection, by_id: Mapping[str, int]) -> Accounts:
    """All that are flagged."""
    return accounts_of([_columns(rows, by_id)[1:] for rows in _rows(connection, tables.accounts.c.flagged)])


def accounts_seen(connection: sa.Connection, by_id: Mapping[str, int], scans: Sequence[str]) -> tuple[I64, Accounts]:
    """Keys of the accounts whose standing these scans changed, and those of them that are flagged now."""
    parts = [_columns(rows, by_id) for rows in _rows(connection, tables.accounts.c.scan_id.in_(scans))]
    keys = np.concatenate([np.empty(0, np.int64), *(part[1] for part in parts)])
    return keys, accounts_of([tuple(column[flagged] for column in rest) for flagged, *rest in parts])


def _rows(connection: sa.Connection, which: sa.ColumnElement[bool]) -> Iterator[Sequence[Any]]:
    """Accounts, some thousands at a time."""
    columns = (
        tables.accounts.c[name] for name in ("flagged", "account_id", "extraction_share", "share_low", "campaign_id")
    )
    yield from connection.execute(sa.select(*columns).where(which).execution_options(yield_per=CHUNK)).partitions()


def _columns(rows: Iterable[Sequence[Any]], by_id: Mapping[str, int]) -> tuple[npt.NDArray[Any], ...]:
    """Rows as columns: whether flagged, and those of `Accounts` in their order."""
    flagged, names, shares, lows, campaigns = zip(*rows, strict=True)
    keys = np.fromiter(map(account_key, names), np.int64, len(names))
    numbers = np.fromiter((by_id.get(one, -1) for one in campaigns), np.int32, len(names))
    return np.array(flagged, bool), keys, np.array(shares), np.array([low or 0.0 for low in lows]), numbers
