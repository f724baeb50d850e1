"""The state, read into a table, and what changed in it since."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Final

import sqlalchemy as sa

from revenuer.service.frames import Frames
from revenuer.service.memory import MET
from revenuer.service.standing import (
    CHUNK,
    Campaigns,
    Documents,
    Tasks,
    accounts_seen,
    campaigns_of,
    flagged_accounts,
    read_tasks,
)
from revenuer.service.table import Accounts, Ruling, Rulings, Table, put_into, renumbered, rulings_of, seconds
from revenuer.state import tables

__all__ = ["Changed", "Loader", "batches_met", "head_of", "rulings_named", "with_rulings", "with_standing"]

_SOME: Final = 500
_KEPT: Final = ("active", "shadow", "reversed")


@dataclass(frozen=True, slots=True)
class Changed:
    """A decision that was made or changed, the accounts that it is on, and the campaign, "" for none."""

    ruling: Ruling
    accounts: tuple[str, ...]
    campaign: str


def head_of(connection: sa.Connection) -> int:
    """Number of the last entry of the audit log: what changed has an entry behind it."""
    return int(connection.execute(sa.select(sa.func.max(tables.audit.c.number))).scalar() or 0)


class Loader:
    """Reads the state into tables; of what was read before, only what scans have changed is read again."""

    def __init__(self) -> None:
        self._frames = Frames()
        self._documents: Documents = {}
        self._tasks: Tasks = {}

    def whole(self, connection: sa.Connection, at: str) -> Table:
        """Read all of it.

        Args:
            connection: of `State.read`.
            at: now, RFC 3339; decisions that have ended are left out.
        """
        self._documents, self._tasks = {}, {}
        campaigns = campaigns_of(connection, self._documents)
        read_tasks(connection, self._tasks)
        accounts = flagged_accounts(connection, campaigns.by_id)
        of_campaign, spread = _on_campaigns(connection, campaigns, at)
        rulings = rulings_of(chain(_on_accounts(connection, at), spread))
        return self._table(campaigns, accounts, rulings, of_campaign)

    def after_scans(self, connection: sa.Connection, at: str, earlier: Table, scans: Sequence[str]) -> Table:
        """Read what scans have changed: campaigns, their frames, and the standing of accounts."""
        campaigns = campaigns_of(connection, self._documents)
        read_tasks(connection, self._tasks, scans)
        places = [campaigns.by_id.get(one.campaign_id, -1) for one in earlier.campaigns]
        seen, newer = accounts_seen(connection, campaigns.by_id, scans)
        accounts = put_into(renumbered(earlier.accounts, places), newer, seen)
        of_campaign, _ = _on_campaigns(connection, campaigns, at)
        return self._table(campaigns, accounts, earlier.rulings, of_campaign)

    def _table(
        self, campaigns: Campaigns, accounts: Accounts, rulings: Rulings, of_campaign: dict[str, list[Ruling]]
    ) -> Table:
        frames = {name: texts for name, texts in self._tasks.items() if name in campaigns.by_id}
        prompts, systems = (self._frames.book(frames, campaigns.by_id, system=system) for system in (False, True))
        return Table(accounts, rulings, campaigns.standing, campaigns.by_id, of_campaign, prompts, systems)


def with_standing(table: Table, verdicts: Mapping[str, str]) -> Table:
    """The table with what people now hold of campaigns, given by id."""
    held = {table.by_id[name]: verdict for name, verdict in verdicts.items() if name in table.by_id}
    changed = tuple(replace(one, standing=held.get(number, one.standing)) for number, one in enumerate(table.campaigns))
    return replace(table, campaigns=changed)


def with_rulings(table: Table, changed: Sequence[tuple[str, Ruling]]) -> Table:
    """The table with decisions on campaigns that were made or changed, each with the campaign's id."""
    found = dict(table.of_campaign)
    for name, one in changed:
        kept = table.campaign(name)
        if kept is not None:
            others = [other for other in found.get(kept.campaign_id, ()) if other.decision_id != one.decision_id]
            found[kept.campaign_id] = [*others, one]
    return replace(table, of_campaign=found)


def rulings_named(connection: sa.Connection, names: Sequence[str]) -> list[Changed]:
    """These decisions, whatever has become of them."""
    table, found = tables.decisions, []
    for start in range(0, len(names), _SOME):
        chosen = sa.select(table).where(table.c.decision_id.in_(names[start : start + _SOME]))
        for row in connection.execute(chosen):
            on_campaign = row.subject_kind == "campaign"
            accounts = _closed(row) if on_campaign else (row.subject,)
            found.append(Changed(_ruling(row), accounts, row.subject if on_campaign else ""))
    return found


def batches_met(connection: sa.Connection, until: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Digest and content of every batch that the log tells of, up to an entry, in order."""
    table = tables.audit
    chosen = sa.select(table.c.subject, table.c.detail).where(table.c.action == MET, table.c.number <= until)
    for subject, detail in connection.execute(chosen.order_by(table.c.number).execution_options(yield_per=CHUNK)):
        yield subject, json.loads(detail)


def _on_accounts(connection: sa.Connection, at: str) -> Iterator[tuple[str, Ruling]]:
    for row in connection.execute(_lasting(at, "account").execution_options(yield_per=CHUNK)):
        yield row.subject, _ruling(row)


def _on_campaigns(
    connection: sa.Connection, campaigns: Campaigns, at: str
) -> tuple[dict[str, list[Ruling]], list[tuple[str, Ruling]]]:
    """Decisions on campaigns, and those of them that close accounts, for each account that people saw when they agreed."""
    of_campaign: dict[str, list[Ruling]] = {}
    spread: list[tuple[str, Ruling]] = []
    for row in connection.execute(_lasting(at, "campaign")):
        one = _ruling(row)
        if row.subject in campaigns.by_id:
            kept = campaigns.standing[campaigns.by_id[row.subject]].campaign_id
            of_campaign.setdefault(kept, []).append(one)
        spread += [(account, one) for account in _closed(row)]
    return of_campaign, spread


def _closed(row: Any) -> tuple[str, ...]:
    """The accounts that a decision on a network closes: those that people saw when they agreed to it."""
    if row.rung != "network_action":
        return ()
    return tuple(str(json.loads(row.evidence).get("accounts", "")).split())


def _lasting(at: str, kind: str) -> sa.Select[Any]:
    table = tables.decisions
    names = ("decision_id", "subject", "rung", "rule", "reason", "status", "expires_at", "approvals_needed")
    columns = [table.c[name] for name in names]
    more = [table.c.evidence] if kind == "campaign" else []
    return sa.select(*columns, *more).where(
        table.c.subject_kind == kind, table.c.status.in_(_KEPT), table.c.expires_at > at
    )


def _ruling(row: Any) -> Ruling:
    ends, asked = seconds(row.expires_at), row.approvals_needed > 0
    return Ruling(row.decision_id, row.rung, row.rule, row.reason, row.status, ends, asked)
