"""Appeals: whoever is met objects with the token of their notice, and a person who did not approve hears them."""

from __future__ import annotations

import hmac
from typing import Annotated, Literal

import msgspec
import sqlalchemy as sa

from revenuer.service.admin.cases import Appeal, DecisionWhole, appeal_token, decision_shown
from revenuer.service.admin.endpoint import Answer, Call, Endpoint, changing
from revenuer.service.admin.pages import Name, Paged, Text, converted, page
from revenuer.service.answers import Refused
from revenuer.state import appeal as open_appeal
from revenuer.state import resolve, tables

__all__ = ["ENDPOINTS"]

Token = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Appeals(msgspec.Struct, frozen=True):
    """A page of appeals; `next` is the cursor of the page behind it."""

    appeals: list[Appeal]
    next: str | None = None


class AppealQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which appeals: those of an outcome, those against a decision."""

    outcome: Literal["open", "upheld", "denied"] | None = None
    decision_id: Name | None = None


class Objection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the one who is met says, and the token of the notice."""

    decision_id: Name
    token: Token
    statement: Text


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which decision one is met by, and the token of the notice."""

    decision_id: Name
    token: Token


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the one who is met says, as somebody else writes it down."""

    statement: Text


class Resolution(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What comes of an appeal; `upheld` reverses the decision."""

    outcome: Literal["upheld", "denied"]


class Heard(msgspec.Struct, frozen=True):
    """How one's appeal stands; who heard it is not told."""

    appeal_id: str
    outcome: Literal["open", "upheld", "denied"]
    made_at: str
    closed_at: str | None = None


class HeardAll(msgspec.Struct, frozen=True):
    """How the appeals against a decision stand, and the decision itself."""

    decision_status: str
    expires_at: str
    appeals: list[Heard]


def appeals(call: Call) -> Answer:
    """A page of them."""
    query: AppealQuery = call.query
    asked = {"outcome": query.outcome, "decision_id": query.decision_id}
    where = [tables.appeals.c[name] == value for name, value in asked.items() if value is not None]
    with call.desk.state.read() as connection:
        rows, behind = page(connection, tables.appeals, ["made_at", "appeal_id"], query, *where)
    return Answer(Appeals([converted(row, Appeal) for row in rows], behind))


def appeal(call: Call) -> Answer:
    """One of them."""
    with call.desk.state.read() as connection:
        return Answer(_appeal(connection, call.path["appeal_id"]))


def object_(call: Call) -> Answer:
    """Somebody who is met objects."""
    said: Objection = call.body
    _check(call, said.decision_id, said.token)
    return _opened(call, said.decision_id, said.statement, f"applicant {said.decision_id}")


def ask(call: Call) -> Answer:
    """Somebody who is met asks how it stands."""
    said: Question = call.body
    _check(call, said.decision_id, said.token)
    with call.desk.state.read() as connection:
        found = decision_shown(connection, said.decision_id)
    heard = [Heard(one.appeal_id, one.outcome, one.made_at, one.closed_at) for one in found.appeals]
    return Answer(HeardAll(found.status, found.expires_at, heard))


def write_down(call: Call) -> Answer:
    """Somebody writes down what another says."""
    return _opened(call, call.path["decision_id"], call.body.statement, call.caller.name)


def hear(call: Call) -> Answer:
    """A person closes one."""
    name, said = call.path["appeal_id"], call.body
    with changing(call, lambda connection: _appeal(connection, name)) as state:
        resolve(state, name, outcome=said.outcome, person=call.caller.name, at=call.at)
        with state.write() as connection:
            return Answer(_appeal(connection, name))


def _opened(call: Call, decision_id: str, statement: str, actor: str) -> Answer:
    def view(connection: sa.Connection) -> DecisionWhole:
        return decision_shown(connection, decision_id)

    with changing(call, view) as state:
        name = open_appeal(state, decision_id, statement=statement, at=call.at, actor=actor)
        with state.write() as connection:
            return Answer(_appeal(connection, name), {"location": f"/v1/appeals/{name}"})


def _check(call: Call, decision_id: str, token: str) -> None:
    """Whether there is such a decision is told to nobody without its token."""
    key = call.desk.appeal_key
    if key is None or not hmac.compare_digest(appeal_token(key, decision_id).encode(), token.encode()):
        raise Refused(403, "this token does not go with this decision")


def _appeal(connection: sa.Connection, name: str) -> Appeal:
    row = connection.execute(sa.select(tables.appeals).where(tables.appeals.c.appeal_id == name)).first()
    if row is None:
        raise Refused(404, "no appeal is called so")
    return converted(dict(row._mapping), Appeal)  # noqa: SLF001


ENDPOINTS = (
    Endpoint(
        method="GET", path="/v1/appeals", name="list_appeals", summary="List appeals, the oldest first.",
        handle=appeals, scope="read", query=AppealQuery, answer=Appeals,
    ),
    Endpoint(
        method="POST", path="/v1/appeals", name="file_appeal", summary="Object to a decision that one is met by.",
        handle=object_, scope=None, body=Objection, answer=Appeal, status=201, fails=(403, 404, 409),
    ),
    Endpoint(
        method="POST", path="/v1/appeals/status", name="ask_appeal",
        summary="Ask how one's appeal against a decision stands.", handle=ask, scope=None, body=Question,
        answer=HeardAll, fails=(403, 404),
    ),
    Endpoint(
        method="GET", path="/v1/appeals/{appeal_id}", name="show_appeal", summary="Show an appeal.", handle=appeal,
        scope="read", answer=Appeal, fails=(404,),
    ),
    Endpoint(
        method="POST", path="/v1/decisions/{decision_id}/appeals", name="write_appeal",
        summary="Write down what somebody says against a decision.", handle=write_down, scope="act", body=Statement,
        answer=Appeal, status=201, match="may", fails=(404, 409),
    ),
    Endpoint(
        method="POST", path="/v1/appeals/{appeal_id}/resolution", name="resolve_appeal",
        summary="Close an appeal; not by somebody who approved the decision.", handle=hear, scope="approve",
        person=True, body=Resolution, answer=Appeal, match="may", fails=(404, 409),
    ),
)  # fmt: skip
