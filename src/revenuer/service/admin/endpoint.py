"""What an endpoint is: one line of the route table, from which routes, checks and OpenAPI are all made."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import sqlalchemy as sa

from revenuer.errors import OutputError
from revenuer.response import Policy
from revenuer.service.answers import Refused
from revenuer.service.doors import Doors
from revenuer.service.metrics import Metrics
from revenuer.service.roles import Caller, Scope
from revenuer.service.signups import SignUps
from revenuer.state import State

__all__ = ["Answer", "Call", "Desk", "Endpoint", "changing", "tag_of"]

_ANY: Final = "*"


@dataclass(slots=True)
class Desk:
    """What endpoints work with.

    Attributes:
        doors: tells callers.
        metrics: counts.
        policy: the one that is in force.
        ingest: traffic directory for exchanges that are sent in; None: none are taken.
        appeal_key: secret of the tokens with which those who are met may object; None: there are none.
        holdout_key: secret of the hold-out.
        most_bytes: of a JSON body.
        most_batch_bytes: of a batch of exchanges, unpacked.
        verifying: held by whoever computes the audit log's chain anew: one at a time.
        description: of the API, once its routes are made.
        opened: the state, once it could be opened.
        signups: judges sign-ups; None: nobody does.
    """

    doors: Doors
    metrics: Metrics
    policy: Policy
    ingest: Path | None = None
    appeal_key: bytes | None = None
    holdout_key: str = ""
    most_bytes: int = 1_000_000
    most_batch_bytes: int = 256_000_000
    verifying: threading.Lock = field(default_factory=threading.Lock)
    description: dict[str, Any] = field(default_factory=dict)
    opened: State | None = None
    signups: SignUps | None = None

    @property
    def state(self) -> State:
        """The state.

        Raises:
            OutputError: it could not be opened yet.
        """
        if self.opened is None:
            raise OutputError("the state could not be opened yet")
        return self.opened


@dataclass(frozen=True, slots=True)
class Call:
    """A request that may be served: it is known whose it is, and what it holds is of the right type.

    Attributes:
        desk: what to work with.
        caller: whoever sent it; one without a scope at endpoints that are open to all.
        path: values in the path.
        query: of the endpoint's type; None: it has none.
        body: of the endpoint's type; the path of a file, where a batch is sent; None: it has none.
        headers: the request's, names in lower case.
        at: now, RFC 3339.
    """

    desk: Desk
    caller: Caller
    path: Mapping[str, str]
    query: Any
    body: Any
    headers: Mapping[str, str]
    at: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: a value of the endpoint's type, and headers besides."""

    value: Any
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One operation.

    Attributes:
        method, path: of HTTP.
        name: of the operation, unique.
        summary: one sentence.
        scope: that the caller needs; None: it is open to all, and counted by address.
        handle: what is done; runs in a thread, may wait for the database. None: it is served elsewhere.
        person: whether the caller has to be a person.
        key_only: whether people are not known there.
        query, body: types of what is sent; a body that is `Path` is a batch of exchanges.
        answer: type of what goes back; None: nothing.
        media: type of what goes back, of HTTP.
        status: of HTTP, when all is well.
        match: whether `If-Match` is looked at, or has to be there.
        fails: statuses besides those that every endpoint may answer.
    """

    method: Literal["GET", "POST", "DELETE"]
    path: str
    name: str
    summary: str
    scope: Scope | None
    answer: Any
    handle: Callable[[Call], Answer] | None = None
    person: bool = False
    key_only: bool = False
    query: type[msgspec.Struct] | None = None
    body: Any = None
    media: str = "application/json"
    status: int = 200
    match: Literal["no", "may", "must"] = "no"
    fails: tuple[int, ...] = ()


class _Joined(State):
    """A state whose next writing joins the transaction that is open."""

    __slots__ = ("_open",)
    _open: sa.Connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """The connection that is open; whoever opened it commits."""
        yield self._open


@contextmanager
def changing(call: Call, view: Callable[[sa.Connection], Any]) -> Iterator[State]:
    """A state in which one change is made, if what it changes is still what the caller has seen.

    Looking and changing are one transaction, so that of two who saw the same only the first succeeds.

    Args:
        call: its `If-Match` is what the caller has seen.
        view: what the endpoint that shows it answers; raises `Refused` if there is nothing.

    Raises:
        Refused: 412 it has changed since.
    """
    state = call.desk.state
    with state.write() as connection:
        current, seen = view(connection), call.headers.get("if-match")
        if seen is not None and seen.strip() != _ANY and tag_of(current) not in _tags(seen):
            raise Refused(412, "it has changed since you looked: look again")
        joined = _Joined(state.engine, state.url)
        object.__setattr__(joined, "_open", connection)
        yield joined


def tag_of(value: Any) -> str:
    """The entity tag of what an endpoint answers: equal for equal bytes."""
    return f'"{sha256(msgspec.json.encode(value)).hexdigest()[:32]}"'


def _tags(header: str) -> Iterable[str]:
    return [part.strip() for part in header.split(",")]
