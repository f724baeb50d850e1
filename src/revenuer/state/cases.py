"""Decisions, approvals, appeals and consents: what people and policies do, each step with its audit entry.

A decision goes `proposed` -> `active` (once it has its approvals) -> `reversed` (an appeal was upheld); past its `expires_at` it
binds nobody, whatever its status says. One that needs no approval is active at once, one made in shadow stays `shadow`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import sqlalchemy as sa

from revenuer.errors import InputError
from revenuer.state import tables
from revenuer.state.audit import append
from revenuer.state.store import State

__all__ = [
    "Outcome",
    "Proposal",
    "appeal",
    "approve",
    "in_force",
    "judge_campaign",
    "listed",
    "propose",
    "resolve",
    "resolve_id",
    "shown",
]

Outcome = Literal["upheld", "denied"]
Verdict = Literal["confirmed", "dismissed", "open"]
# Where two people are asked for, one of them must not be the same under another spelling of the name.
LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Proposal:
    """A decision about to be written down.

    Attributes:
        subject_kind: `account` or `campaign`.
        subject: its id.
        rung: of the ladder.
        rule: name of the rule of the policy.
        reason: reason code.
        evidence: observed facts, as JSON.
        policy: version of the policy.
        approvals_needed: how many people have to agree.
        made_at, expires_at: RFC 3339.
        shadow: it is only written down, and never takes effect.
    """

    subject_kind: str
    subject: str
    rung: str
    rule: str
    reason: str
    evidence: dict[str, Any]
    policy: str
    approvals_needed: int
    made_at: str
    expires_at: str
    shadow: bool = False

    def identity(self) -> str:
        """The same rule of the same policy for the same subject is the same decision until it expires."""
        said = [self.subject_kind, self.subject, self.rung, self.rule, self.policy, self.made_at]
        return "D-" + hashlib.sha256(json.dumps(said).encode()).hexdigest()[:12]


def propose(state: State, proposals: Iterable[Proposal], *, actor: str) -> list[str]:
    """Write decisions down in one transaction; one that says the same as an unexpired earlier one is not made again.

    Returns:
        Ids of the new ones.
    """
    made: list[str] = []
    with state.write() as connection:
        for one in proposals:
            if _stands(connection, one):
                continue
            name = one.identity()
            status = "shadow" if one.shadow else "proposed" if one.approvals_needed else "active"
            values = asdict(one) | {"decision_id": name, "status": status, "evidence": _json(one.evidence)}
            del values["shadow"]
            connection.execute(sa.insert(tables.decisions).values(values))
            _note(connection, one.made_at, actor, "decision.propose", name, asdict(one))
            made.append(name)
    return made


def approve(state: State, decision_id: str, *, person: str, at: str, note: str = "") -> str:
    """Add a person's agreement; the one that completes the number asked for makes the decision active.

    Returns:
        The status after it.

    Raises:
        InputError: no such decision, it is not waiting, it has expired, or this person has agreed already.
    """
    who = _person(person)
    with state.write() as connection:
        decision = _decision(connection, decision_id)
        if decision.status != "proposed":
            raise InputError(f"decision {decision_id} is {decision.status}: there is nothing to approve")
        if decision.expires_at <= at:
            raise InputError(f"decision {decision_id} expired at {decision.expires_at}")
        mine = sa.select(tables.approvals).where(tables.approvals.c.decision_id == decision_id)
        given = {row.person for row in connection.execute(mine)}
        if who in given:
            raise InputError(f"{person} has approved decision {decision_id} already: another person has to")
        told = {"decision_id": decision_id, "person": who, "at": at, "note": note}
        connection.execute(sa.insert(tables.approvals).values(told))
        status = "active" if len(given) + 1 >= decision.approvals_needed else "proposed"
        _set_status(connection, decision_id, status)
        _note(connection, at, who, "decision.approve", decision_id, {"note": note, "status": status})
    return status


def appeal(state: State, decision_id: str, *, statement: str, at: str, actor: str) -> str:
    """Open an appeal against a decision; the decision stands until a person has resolved it.

    Returns:
        Id of the appeal.

    Raises:
        InputError: no such decision, or an appeal against it is open already.
    """
    with state.write() as connection:
        _decision(connection, decision_id)
        chosen = sa.select(tables.appeals).where(tables.appeals.c.decision_id == decision_id)
        earlier = connection.execute(chosen).all()
        if any(row.outcome == "open" for row in earlier):
            raise InputError(f"an appeal against decision {decision_id} is open already")
        name = f"{decision_id.replace('D-', 'A-', 1)}-{len(earlier) + 1}"
        told = {"appeal_id": name, "decision_id": decision_id, "statement": statement, "made_at": at}
        connection.execute(sa.insert(tables.appeals).values(told | {"outcome": "open"}))
        _note(connection, at, actor, "appeal.open", name, {"decision_id": decision_id, "statement": statement})
    return name


def resolve(state: State, appeal_id: str, *, outcome: Outcome, person: str, at: str) -> None:
    """Close an appeal: `upheld` reverses the decision at once, `denied` leaves it.

    Raises:
        InputError: no such appeal, it is closed, or the person is one who approved the decision.
    """
    who = _person(person)
    with state.write() as connection:
        found = connection.execute(sa.select(tables.appeals).where(tables.appeals.c.appeal_id == appeal_id)).first()
        if found is None:
            raise InputError(f"no appeal is called {appeal_id}")
        if found.outcome != "open":
            raise InputError(f"appeal {appeal_id} was {found.outcome} at {found.closed_at}")
        chosen = sa.select(tables.approvals.c.person).where(tables.approvals.c.decision_id == found.decision_id)
        if who in connection.execute(chosen).scalars().all():
            raise InputError(f"{person} approved decision {found.decision_id}: somebody else has to hear the appeal")
        values = {"outcome": outcome, "person": who, "closed_at": at}
        connection.execute(sa.update(tables.appeals).where(tables.appeals.c.appeal_id == appeal_id).values(values))
        if outcome == "upheld":
            _set_status(connection, found.decision_id, "reversed")
        _note(connection, at, who, "appeal.resolve", appeal_id, {"outcome": outcome, "decision_id": found.decision_id})


def judge_campaign(state: State, campaign_id: str, *, verdict: Verdict, person: str, at: str) -> None:
    """Write down what a person holds of a campaign; later scans leave it.

    Raises:
        InputError: no such campaign.
    """
    with state.write() as connection:
        table, name = tables.campaigns, resolve_id(connection, campaign_id)
        done = connection.execute(sa.update(table).where(table.c.campaign_id == name).values(standing=verdict))
        if not done.rowcount:
            raise InputError(f"no campaign is called {campaign_id}")
        _note(connection, at, _person(person), "campaign.judge", name, {"verdict": verdict})


def resolve_id(connection: sa.Connection, campaign_id: str) -> str:
    """The id under which a campaign stands: of one that was merged into another, the other's."""
    name = campaign_id
    for _ in range(100):  # a merge of a merge of a merge
        chosen = sa.select(tables.aliases.c.campaign_id).where(tables.aliases.c.alias == name)
        kept = connection.execute(chosen).scalar()
        if kept is None:
            break
        name = kept
    return name


def listed(connection: sa.Connection, table: sa.Table, order: Sequence[str]) -> list[dict[str, Any]]:
    """All rows of a table in the order of these columns."""
    return [dict(row._mapping) for row in connection.execute(sa.select(table).order_by(*(table.c[o] for o in order)))]  # noqa: SLF001


def in_force(connection: sa.Connection, at: str) -> list[dict[str, Any]]:
    """Decisions that bind at this time: active and not expired."""
    table = tables.decisions
    chosen = sa.select(table).where(table.c.status == "active", table.c.made_at <= at, table.c.expires_at > at)
    return [dict(row._mapping) for row in connection.execute(chosen.order_by(table.c.decision_id))]  # noqa: SLF001


def shown(connection: sa.Connection, name: str) -> dict[str, Any]:
    """All that the state holds of a campaign, an account or a decision.

    Raises:
        InputError: nothing is called so.
    """
    for table, column in (
        (tables.decisions, "decision_id"),
        (tables.campaigns, "campaign_id"),
        (tables.accounts, "account_id"),
    ):
        wanted = resolve_id(connection, name) if column == "campaign_id" else name
        row = connection.execute(sa.select(table).where(table.c[column] == wanted)).first()
        if row is not None:
            return {"kind": column.removesuffix("_id"), **_whole(connection, dict(row._mapping), column, wanted)}  # noqa: SLF001
    raise InputError(f"nothing in the state is called {name}")


def _whole(connection: sa.Connection, row: dict[str, Any], column: str, name: str) -> dict[str, Any]:
    for text in {"document", "evidence"} & row.keys():
        row[text] = json.loads(row[text])
    if column == "decision_id":
        parts = {"approvals": tables.approvals, "appeals": tables.appeals}
        return row | {part: _rows(connection, table, "decision_id", name) for part, table in parts.items()}
    return row | {"decisions": _rows(connection, tables.decisions, "subject", name)}


def _rows(connection: sa.Connection, table: sa.Table, column: str, value: str) -> list[dict[str, Any]]:
    chosen = sa.select(table).where(table.c[column] == value).order_by(*table.primary_key.columns)
    return [dict(row._mapping) for row in connection.execute(chosen)]  # noqa: SLF001


def _stands(connection: sa.Connection, one: Proposal) -> bool:
    """Whether the same has been decided and has neither expired nor been reversed: what was reversed is not made again."""
    table = tables.decisions
    same = (
        table.c.subject_kind == one.subject_kind,
        table.c.subject == one.subject,
        table.c.rung == one.rung,
        table.c.rule == one.rule,
        table.c.policy == one.policy,
        (table.c.status == "shadow") == one.shadow,
        table.c.expires_at > one.made_at,
    )
    return connection.execute(sa.select(table.c.decision_id).where(*same).limit(1)).first() is not None


def _decision(connection: sa.Connection, decision_id: str) -> Any:
    row = connection.execute(sa.select(tables.decisions).where(tables.decisions.c.decision_id == decision_id)).first()
    if row is None:
        raise InputError(f"no decision is called {decision_id}")
    return row


def _set_status(connection: sa.Connection, decision_id: str, status: str) -> None:
    table = tables.decisions
    connection.execute(sa.update(table).where(table.c.decision_id == decision_id).values(status=status))


def _person(name: str) -> str:
    """A name as it is compared: without outer space, inner space once, in lower case.

    Raises:
        InputError: it is empty, or too long for a name.
    """
    plain = " ".join(name.split()).casefold()
    if not plain or len(plain) > LONGEST_NAME:
        raise InputError("a person has to be named")
    return plain


def _note(connection: sa.Connection, at: str, actor: str, action: str, subject: str, detail: dict[str, Any]) -> None:
    append(connection, at=at, actor=actor, action=action, subject=subject, detail=detail)


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
