"""The audit log, read and verified; nothing here writes to it."""

from __future__ import annotations

import itertools
import json
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa

from revenuer.service.admin.endpoint import Answer, Call, Endpoint
from revenuer.service.admin.pages import MOST
from revenuer.service.answers import Refused
from revenuer.state import entries, tables, verify_chain
from revenuer.state.audit import FIRST

__all__ = ["ENDPOINTS"]

_AGAIN = [(b"retry-after", b"5")]


class Entry(msgspec.Struct, frozen=True):
    """An entry: number, time, who did what to what, the particulars, the digest before and its own."""

    number: int
    at: str
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    before: str
    digest: str


class Entries(msgspec.Struct, frozen=True):
    """A page of entries; `next` is `after` of the page behind it."""

    entries: list[Entry]
    next: int | None = None


class EntryQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which entries: those behind a number."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 50
    after: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0


class Head(msgspec.Struct, frozen=True):
    """The last entry's number and digest: kept elsewhere, they show a log that was cut or written anew."""

    number: int
    digest: str


class HeadQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A digest that was the head once: the log must still hold it."""

    head: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")] | None = None


class Chain(msgspec.Struct, frozen=True):
    """What came of computing the chain anew; `fault` is null if it is whole."""

    entries: int
    head: str
    fault: str | None = None


def log(call: Call) -> Answer:
    """A page of it."""
    query: EntryQuery = call.query
    with call.desk.state.read() as connection:
        found = list(itertools.islice(entries(connection, query.after), query.limit + 1))
    shown = [
        Entry(one.number, one.at, one.actor, one.action, one.subject, json.loads(one.detail), one.before, one.digest)
        for one in found[: query.limit]
    ]
    return Answer(Entries(shown, shown[-1].number if len(found) > query.limit else None))


def head(call: Call) -> Answer:
    """Its last entry."""
    table = tables.audit
    with call.desk.state.read() as connection:
        chosen = sa.select(table.c.number, table.c.digest).order_by(table.c.number.desc()).limit(1)
        last = connection.execute(chosen).first()
    return Answer(Head(0, FIRST) if last is None else Head(last.number, last.digest))


def verify(call: Call) -> Answer:
    """All of it, computed anew; one at a time, since a long log takes a while."""
    if not call.desk.verifying.acquire(blocking=False):
        raise Refused(429, "the log is being verified: come again", _AGAIN)
    try:
        with call.desk.state.read() as connection:
            found = verify_chain(connection, call.query.head)
    finally:
        call.desk.verifying.release()
    return Answer(Chain(found.entries, found.head, found.fault))


ENDPOINTS = (
    Endpoint(
        method="GET", path="/v1/audit/entries", name="list_audit", summary="Read the audit log in order.", handle=log,
        scope="read", query=EntryQuery, answer=Entries,
    ),
    Endpoint(
        method="GET", path="/v1/audit/head", name="show_head", summary="Show the digest of the audit log's head.",
        handle=head, scope="read", answer=Head,
    ),
    Endpoint(
        method="GET", path="/v1/audit/verification", name="verify_audit",
        summary="Compute the audit log's chain anew.", handle=verify, scope="read", query=HeadQuery, answer=Chain,
    ),
)  # fmt: skip
