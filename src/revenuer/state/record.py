"""What a scan found, put into the state: known campaigns keep their ids, and accounts get their standing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from revenuer.findings import Campaign
from revenuer.state import tables
from revenuer.state.audit import append
from revenuer.state.identity import Known, Matched, match_campaigns
from revenuer.state.store import State

__all__ = ["AccountFound", "Recorded", "record_scan"]

_CHUNK: Final = 10_000


@dataclass(frozen=True, slots=True)
class AccountFound:
    """A row of the findings' `accounts.parquet`, as far as standing goes."""

    account_id: str
    campaign_id: str | None
    risk: float
    flagged: bool
    extraction_share: float
    share_low: float | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording did.

    Attributes:
        scan_id: digest of the findings.
        ids: id in the findings -> the id that the campaign has in the state.
        known: those that were recorded before this scan.
        repeated: the same findings stood in the state already, and nothing was written.
    """

    scan_id: str
    ids: dict[str, str]
    known: frozenset[str]
    repeated: bool


def record_scan(
    state: State, campaigns: Sequence[Campaign], accounts: Sequence[AccountFound], *, at: str, actor: str = "revenuer"
) -> Recorded:
    """Record findings in one transaction; recording the same findings again changes nothing.

    Accounts that the scan flags, or that the state knew, get the standing of this scan; of others nothing is kept. Who stands
    as before is not written again, so that a service which follows reads what changed and no more. What a person has decided
    about a campaign stays. Traffic that a later scan no longer covers takes no member away from a campaign.

    Args:
        state: from `open_state`.
        campaigns: of the findings, with the ids that the scan gave them.
        accounts: of the findings.
        at: when, RFC 3339.
        actor: who, for the audit log.

    Raises:
        OutputError: the database refused; nothing was written.
    """
    scan_id = _digest(campaigns, accounts)
    with state.write() as connection:
        if _row(connection, tables.scans, scan_id=scan_id) is not None:
            ids = _recorded_ids(connection, scan_id)
            return Recorded(scan_id, ids, frozenset(ids.values()), repeated=True)
        known = _known(connection)
        matched = match_campaigns(known, [_as_known(campaign) for campaign in campaigns])
        for campaign in campaigns:
            _put_campaign(connection, campaign, matched, scan_id)
        _put_aliases(connection, matched, scan_id)
        _put_accounts(connection, accounts, matched.ids, scan_id)
        number = connection.execute(sa.select(sa.func.count()).select_from(tables.scans)).scalar_one() + 1
        told = {"scan_id": scan_id, "number": number, "at": at, "campaigns": len(campaigns), "accounts": len(accounts)}
        connection.execute(sa.insert(tables.scans).values(told))
        detail = told | {"ids": matched.ids, "why": matched.why, "merged": matched.merged}
        append(connection, at=at, actor=actor, action="scan.record", subject=scan_id, detail=detail)
    before = {one.campaign_id for one in known}
    return Recorded(scan_id, matched.ids, frozenset(before & set(matched.ids.values())), repeated=False)


def _digest(campaigns: Sequence[Campaign], accounts: Sequence[AccountFound]) -> str:
    content = msgspec.json.encode([sorted(campaigns, key=lambda c: c.campaign_id), sorted(accounts, key=_name)])
    return hashlib.sha256(content).hexdigest()


def _name(account: AccountFound) -> str:
    return account.account_id


def _known(connection: sa.Connection) -> list[Known]:
    """Every campaign of the state, with all accounts and tasks that it ever had."""
    accounts, tasks = (
        _grouped(connection, table, column)
        for table, column in ((tables.members, "account_id"), (tables.tasks, "frame"))
    )
    ids = connection.execute(sa.select(tables.campaigns.c.campaign_id)).scalars().all()
    merged = set(
        connection.execute(sa.select(tables.aliases.c.alias).where(tables.aliases.c.why == "merged")).scalars()
    )
    return [Known(one, frozenset(accounts.get(one, ())), tuple(tasks.get(one, ()))) for one in ids if one not in merged]


def _grouped(connection: sa.Connection, table: sa.Table, column: str) -> dict[str, list[str]]:
    made: dict[str, list[str]] = {}
    chosen = sa.select(table.c.campaign_id, table.c[column]).order_by(table.c.campaign_id, table.c[column])
    for campaign, value in connection.execute(chosen):
        made.setdefault(campaign, []).append(value)
    return made


def _as_known(campaign: Campaign) -> Known:
    banned = {account for one in campaign.successions for account in one.banned}
    return Known(campaign.campaign_id, frozenset({*campaign.account_ids, *banned}), campaign.frames)


def _put_campaign(connection: sa.Connection, campaign: Campaign, matched: Matched, scan_id: str) -> None:
    name = matched.ids[campaign.campaign_id]
    document = msgspec.to_builtins(campaign) | {"campaign_id": name}
    before = _row(connection, tables.campaigns, campaign_id=name)
    first = min(campaign.first_seen, before.first_seen) if before else campaign.first_seen
    values = {
        "standing": before.standing if before else "open",
        "confidence": campaign.confidence,
        "first_seen": first,
        "last_seen": max(campaign.last_seen, before.last_seen) if before else campaign.last_seen,
        "scan_id": scan_id,
        "document": json.dumps(document, sort_keys=True, ensure_ascii=False),
    }
    _put(connection, tables.campaigns, {"campaign_id": name}, values)
    one = _as_known(campaign)
    _add_all(connection, tables.members, "account_id", name, sorted(one.accounts), scan_id)
    _add_all(connection, tables.tasks, "frame", name, sorted(set(one.tasks)), scan_id)


def _add_all(
    connection: sa.Connection, table: sa.Table, column: str, campaign: str, values: Sequence[str], scan_id: str
) -> None:
    there = set(connection.execute(sa.select(table.c[column]).where(table.c.campaign_id == campaign)).scalars())
    rows = [{"campaign_id": campaign, column: one, "scan_id": scan_id} for one in values if one not in there]
    if rows:
        connection.execute(sa.insert(table), rows)


def _put_aliases(connection: sa.Connection, matched: Matched, scan_id: str) -> None:
    """The ids that scans gave, and those that were merged, lead to the id that stands."""
    for found, kept in sorted(matched.ids.items()):
        _put(connection, tables.aliases, {"alias": f"{scan_id}/{found}"}, {"campaign_id": kept, "why": "scan"})
    for old, kept in sorted(matched.merged.items()):
        _put(connection, tables.aliases, {"alias": old}, {"campaign_id": kept, "why": "merged"})


def _recorded_ids(connection: sa.Connection, scan_id: str) -> dict[str, str]:
    alias = tables.aliases.c.alias
    chosen = sa.select(alias, tables.aliases.c.campaign_id).where(alias.startswith(f"{scan_id}/", autoescape=True))
    return {name.split("/", 1)[1]: kept for name, kept in connection.execute(chosen)}


def _put_accounts(
    connection: sa.Connection, accounts: Sequence[AccountFound], ids: Mapping[str, str], scan_id: str
) -> None:
    """New ones, and those that stand otherwise than before; the others keep the scan that said so first."""
    known = _standing(connection, {one.account_id for one in accounts})
    new: list[dict[str, Any]] = []
    old: list[dict[str, Any]] = []
    for one in accounts:
        campaign = None if one.campaign_id is None else ids.get(one.campaign_id, one.campaign_id)
        row = msgspec.to_builtins(one) | {"campaign_id": campaign}
        before = known.get(one.account_id)
        if before is None and one.flagged:
            new.append(row | {"scan_id": scan_id})
        elif before is not None and before != tuple(row.values()):
            old.append({"key": row.pop("account_id"), **row, "scan_id": scan_id})
    if new:
        connection.execute(sa.insert(tables.accounts), new)
    if old:
        key = tables.accounts.c.account_id == sa.bindparam("key")
        connection.execute(sa.update(tables.accounts).where(key), old)


def _standing(connection: sa.Connection, wanted: Collection[str]) -> dict[str, tuple[Any, ...]]:
    """Of these accounts, those that the state knows: the columns that `AccountFound` has."""
    columns = [tables.accounts.c[name] for name in AccountFound.__slots__]
    rows = connection.execute(sa.select(*columns).execution_options(yield_per=_CHUNK))
    return {row[0]: tuple(row) for row in rows if row[0] in wanted}


def _row(connection: sa.Connection, table: sa.Table, **key: str) -> Any:
    """The row with this key, or None."""
    wanted = sa.and_(*(table.c[name] == value for name, value in key.items()))
    return connection.execute(sa.select(table).where(wanted)).first()


def _put(connection: sa.Connection, table: sa.Table, key: dict[str, str], values: dict[str, Any]) -> None:
    """Insert a row or change it."""
    if _row(connection, table, **key) is None:
        connection.execute(sa.insert(table).values({**key, **values}))
        return
    wanted = sa.and_(*(table.c[name] == value for name, value in key.items()))
    connection.execute(sa.update(table).where(wanted).values(values))
