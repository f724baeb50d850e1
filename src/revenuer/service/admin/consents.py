"""Consents: who may harvest what, granted and ended by people."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import msgspec
import sqlalchemy as sa

from revenuer.errors import InputError
from revenuer.schema import CAPABILITIES
from revenuer.service.admin.endpoint import Answer, Call, Endpoint, changing
from revenuer.service.admin.pages import Name, Paged, converted, page
from revenuer.service.answers import Refused
from revenuer.state import Consent as Terms
from revenuer.state import grant, revoke, tables, utc

__all__ = ["ENDPOINTS", "TIME"]

Kind = Literal["licensed_distillation", "evaluation", "safety_research", "reseller", "gateway"]
TIME = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})$"


class Consent(msgspec.Struct, frozen=True):
    """What a party may harvest, and who said so."""

    consent_id: str
    org_id: str | None
    account_id: str | None
    kind: str
    capabilities: list[str] | None
    max_exchanges_per_day: int | None
    expires_at: str | None
    granted_by: str
    revoked_at: str | None


class Consents(msgspec.Struct, frozen=True):
    """A page of consents; `next` is the cursor of the page behind it."""

    consents: list[Consent]
    next: str | None = None


class ConsentQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which consents: those that are in force now, those of an account or an organisation."""

    in_force: bool = False
    account_id: Name | None = None
    org_id: Name | None = None


class Grant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is agreed to: one organisation or one account, a kind, capabilities (none: all), a daily most and an end."""

    kind: Kind
    org_id: Name | None = None
    account_id: Name | None = None
    capabilities: Annotated[list[str], msgspec.Meta(min_length=1, max_length=len(CAPABILITIES))] | None = None
    max_exchanges_per_day: Annotated[int, msgspec.Meta(ge=1, le=2**53)] | None = None
    expires_at: Annotated[str, msgspec.Meta(pattern=TIME)] | None = None


def consents(call: Call) -> Answer:
    """A page of them."""
    query, table = call.query, tables.consents
    asked = {"account_id": query.account_id, "org_id": query.org_id}
    where = [table.c[name] == value for name, value in asked.items() if value is not None]
    if query.in_force:
        where += [sa.or_(table.c[end].is_(None), table.c[end] > call.at) for end in ("revoked_at", "expires_at")]
    with call.desk.state.read() as connection:
        rows, behind = page(connection, table, ["consent_id"], query, *where)
    return Answer(Consents([_consent(row) for row in rows], behind))


def consent(call: Call) -> Answer:
    """One of them."""
    with call.desk.state.read() as connection:
        return Answer(_named(connection, call.path["consent_id"]))


def give(call: Call) -> Answer:
    """A person registers one."""
    wanted: Grant = call.body
    for fault in _faults(wanted, call.at):
        raise Refused(422, fault)
    ends = None if wanted.expires_at is None else utc(wanted.expires_at)
    words = None if wanted.capabilities is None else tuple(wanted.capabilities)
    terms = Terms(wanted.org_id, wanted.account_id, wanted.kind, words, wanted.max_exchanges_per_day, ends)
    name = grant(call.desk.state, terms, person=call.caller.name, at=call.at)
    with call.desk.state.read() as connection:
        return Answer(_named(connection, name), {"location": f"/v1/consents/{name}"})


def end(call: Call) -> Answer:
    """A person ends one."""
    name = call.path["consent_id"]
    with changing(call, lambda connection: _named(connection, name)) as state:
        revoke(state, name, person=call.caller.name, at=call.at)
        with state.write() as connection:
            return Answer(_named(connection, name))


def _faults(wanted: Grant, at: str) -> list[str]:
    faults = [f"no capability is called {word}" for word in wanted.capabilities or () if word not in CAPABILITIES]
    if (wanted.org_id is None) == (wanted.account_id is None):
        faults.append("a consent names one organisation or one account")
    if wanted.expires_at is not None:
        try:
            faults += ["its end is past"] if utc(wanted.expires_at) <= at else []
        except (InputError, OverflowError):
            faults.append("expires_at is no time")
    return faults


def _named(connection: sa.Connection, name: str) -> Consent:
    row = connection.execute(sa.select(tables.consents).where(tables.consents.c.consent_id == name)).first()
    if row is None:
        raise Refused(404, "no consent is called so")
    return _consent(dict(row._mapping))  # noqa: SLF001


def _consent(row: dict[str, Any]) -> Consent:
    words = row["capabilities"]
    return converted({**row, "capabilities": None if words is None else json.loads(words)}, Consent)


ENDPOINTS = (
    Endpoint(
        method="GET", path="/v1/consents", name="list_consents", summary="List consents.", handle=consents,
        scope="read", query=ConsentQuery, answer=Consents,
    ),
    Endpoint(
        method="POST", path="/v1/consents", name="grant_consent", summary="Register a consent.", handle=give,
        scope="approve", person=True, body=Grant, answer=Consent, status=201, fails=(409,),
    ),
    Endpoint(
        method="GET", path="/v1/consents/{consent_id}", name="show_consent", summary="Show a consent.",
        handle=consent, scope="read", answer=Consent, fails=(404,),
    ),
    Endpoint(
        method="POST", path="/v1/consents/{consent_id}/revocation", name="revoke_consent",
        summary="End a consent; what was done under it stays covered.", handle=end, scope="approve", person=True,
        answer=Consent, match="may", fails=(404, 409),
    ),
)  # fmt: skip
