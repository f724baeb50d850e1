"""Keys of the API, over the API: listed, made, rotated, revoked."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import sqlalchemy as sa

from revenuer.errors import InputError, OutputError
from revenuer.service.admin.consents import TIME
from revenuer.service.admin.endpoint import Answer, Call, Endpoint, changing
from revenuer.service.admin.pages import Paged, page
from revenuer.service.answers import Refused
from revenuer.service.keys import LONGEST_NAME, Key, Minted, create, key_named, revoke, rotate
from revenuer.state import tables

__all__ = ["ENDPOINTS"]

KeyScope = Literal["decide", "ingest", "read", "act", "admin"]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME, pattern="^[ -~]*[!-~][ -~]*$")]


class Keys(msgspec.Struct, frozen=True):
    """A page of keys; `next` is the cursor of the page behind it."""

    keys: list[Key]
    next: str | None = None


class NewKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a key is for, what it may do, until when, and how often a minute."""

    name: Label
    scopes: Annotated[list[KeyScope], msgspec.Meta(min_length=1, max_length=5)]
    expires_at: Annotated[str, msgspec.Meta(pattern=TIME)] | None = None
    per_minute: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None


class Rotation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many hours the old key goes on to open."""

    overlap_hours: Annotated[float, msgspec.Meta(ge=0, le=24 * 90)] = 24.0


class NewSecret(msgspec.Struct, frozen=True):
    """A new key, and the one time that its secret is told."""

    key: Key
    secret: str


class KeyQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of keys."""


def keys(call: Call) -> Answer:
    """A page of them."""
    with call.desk.state.read() as connection:
        rows, behind = page(connection, tables.api_keys, ["made_at", "key_id"], call.query)
        found = [key_named(connection, row["key_id"]) for row in rows]
    return Answer(Keys(found, behind))


def key(call: Call) -> Answer:
    """One of them."""
    with call.desk.state.read() as connection:
        return Answer(_named(connection, call.path["key_id"]))


def make(call: Call) -> Answer:
    """A new one."""
    wanted: NewKey = call.body
    try:
        minted = create(
            call.desk.state, name=wanted.name, scopes=wanted.scopes, by=call.caller.name, at=call.at,
            expires_at=wanted.expires_at, per_minute=wanted.per_minute,
        )  # fmt: skip
    except OutputError:
        raise
    except (InputError, OverflowError) as error:
        raise Refused(422, str(error)) from error
    return _told(call, minted)


def follow(call: Call) -> Answer:
    """One in place of another."""
    name, wanted = call.path["key_id"], call.body
    with changing(call, lambda connection: _named(connection, name)) as state:
        minted = rotate(state, name, by=call.caller.name, at=call.at, overlap_hours=wanted.overlap_hours)
    return _told(call, minted)


def end(call: Call) -> Answer:
    """One less."""
    name = call.path["key_id"]
    with changing(call, lambda connection: _named(connection, name)) as state:
        revoke(state, name, by=call.caller.name, at=call.at)
        with state.write() as connection:
            found = _named(connection, name)
    _heard(call)
    return Answer(found)


def _told(call: Call, minted: Minted) -> Answer:
    _heard(call)
    return Answer(NewSecret(minted.key, minted.secret), {"location": f"/v1/keys/{minted.key.key_id}"})


def _heard(call: Call) -> None:
    """At once here; other processes on the state hear of it within a second."""
    if call.desk.doors.ring is not None:
        call.desk.doors.ring.refresh()


def _named(connection: sa.Connection, name: str) -> Key:
    try:
        return key_named(connection, name)
    except InputError as error:
        raise Refused(404, "no key is called so") from error


ENDPOINTS = (
    Endpoint(
        method="GET", path="/v1/keys", name="list_keys", summary="List keys, the oldest first; no secret is told.",
        handle=keys, scope="admin", query=KeyQuery, answer=Keys,
    ),
    Endpoint(
        method="POST", path="/v1/keys", name="make_key", summary="Make a key; its secret is told this once.",
        handle=make, scope="admin", body=NewKey, answer=NewSecret, status=201,
    ),
    Endpoint(
        method="GET", path="/v1/keys/{key_id}", name="show_key", summary="Show a key; its secret is not told.",
        handle=key, scope="admin", answer=Key, fails=(404,),
    ),
    Endpoint(
        method="POST", path="/v1/keys/{key_id}/rotation", name="rotate_key",
        summary="Make the key that follows another, which opens for some hours more.", handle=follow, scope="admin",
        body=Rotation, answer=NewSecret, status=201, match="may", fails=(404, 409),
    ),
    Endpoint(
        method="POST", path="/v1/keys/{key_id}/revocation", name="revoke_key", summary="End a key at once.",
        handle=end, scope="admin", answer=Key, match="may", fails=(404, 409),
    ),
)  # fmt: skip
