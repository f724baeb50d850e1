"""What peers change: objects are added and deleted, and what came of it is kept for who asks.

An object's later versions come from the peer that brought its first, and only that peer deletes it: nobody rewrites or
withdraws what another has shared. The same object may be sent again and again.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from revenuer.sharing.taxii.filters import Filter
from revenuer.sharing.taxii.media import Refusal, text_of, time_key
from revenuer.sharing.taxii.objects import Incoming, incoming, same
from revenuer.sharing.taxii.reading import holds, page
from revenuer.sharing.taxii.store import Store, collections, objects, statuses

__all__ = ["add", "delete", "status_of"]

_MOST_VERSIONS: Final = 1_000_000
_KEPT_MICROS: Final = 7 * 86_400 * 1_000_000
_NOT_YOURS: Final = "another peer brought the first version of this object"


def add(store: Store, *, root: str, collection: str, peer: str, given: Sequence[Any]) -> dict[str, Any]:
    """Add objects, each for itself, and return the status resource: what was added, what was not and why."""
    with store.write() as connection:
        begun = _begun(connection, store, collection)
        good, bad = [], []
        for number, one in enumerate(given):
            told = {"id": _named(one, "id", "unknown"), "version": _named(one, "modified", text_of(begun + number))}
            try:
                told["version"] = _put(connection, collection, peer, incoming(one), text_of(begun + number))
            except ValueError as error:
                bad.append(told | {"message": str(error)})
                continue
            good.append(told)
        _moved(connection, collection, begun + len(given))
        return _kept_status(connection, root, peer, begun, good, bad)


def _begun(connection: sa.Connection, store: Store, collection: str) -> int:
    """When the first object counts as added: now, and later than all before it."""
    chosen = sa.select(collections.c.last_added).where(collections.c.collection_id == collection)
    last: int = connection.execute(chosen).scalar_one()
    return max(store.clock(), last + 1)


def _moved(connection: sa.Connection, collection: str, last: int) -> None:
    connection.execute(sa.update(collections).where(collections.c.collection_id == collection).values(last_added=last))


def _named(one: Any, name: str, otherwise: str) -> str:
    """What a status calls an object that may be none."""
    found = one.get(name) if isinstance(one, dict) else None
    return found if isinstance(found, str) and "\0" not in found else otherwise


def _put(connection: sa.Connection, collection: str, peer: str, one: Incoming, added: str) -> str:
    """Keep an object, and return its version."""
    here = (objects.c.collection_id == collection, objects.c.object_id == one.object_id)
    rows = connection.execute(sa.select(objects).where(*here).order_by(objects.c.added)).all()
    dated = time_key(one.version) if one.version else ""
    for row in rows:
        if row.spec_version == one.spec_version and (row.version_key == dated or not dated):
            if not same(row.document, one.document):
                raise ValueError("there is another object with this id and version")
            return str(row.version)
    if rows and rows[0].peer != peer:
        raise ValueError(_NOT_YOURS)
    version = one.version or added
    place = {"collection_id": collection, "object_id": one.object_id, "version_key": time_key(version), "peer": peer}
    more = {"kind": one.kind, "version": version, "spec_version": one.spec_version, "document": one.document}
    connection.execute(sa.insert(objects).values(**place, **more, added=added))
    return version


def _kept_status(
    connection: sa.Connection, root: str, peer: str, at: int, good: list[dict[str, str]], bad: list[dict[str, str]]
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "status": "complete",
        "request_timestamp": text_of(at),
        "total_count": len(good) + len(bad),
        "success_count": len(good),
        "failure_count": len(bad),
        "pending_count": 0,
    }
    found |= {name: told for name, told in (("successes", good), ("failures", bad)) if told}
    row = {"status_id": found["id"], "root": root, "peer": peer, "made": text_of(at)}
    connection.execute(sa.delete(statuses).where(statuses.c.made < text_of(at - _KEPT_MICROS)))
    connection.execute(sa.insert(statuses).values(**row, document=msgspec.json.encode(found).decode()))
    return found


def status_of(connection: sa.Connection, root: str, peer: str, status_id: str) -> dict[str, Any] | None:
    """What came of a request of the same peer within the last week; None: no such request."""
    here = (statuses.c.status_id == status_id, statuses.c.root == root, statuses.c.peer == peer)
    found = connection.execute(sa.select(statuses.c.document).where(*here)).scalar()
    return None if found is None else msgspec.json.decode(found, type=dict[str, Any])


def delete(store: Store, *, collection: str, peer: str, object_id: str, asked: Filter) -> int:
    """Delete the versions of an object that a filter asks for, and return how many they are.

    Raises:
        Refusal: 404 for an object that is not there, 403 for one that another peer brought.
    """
    with store.write() as connection:
        here = (objects.c.collection_id == collection, objects.c.object_id == object_id)
        if not holds(connection, collection, object_id):
            raise Refusal(404, "no such object")
        owner = sa.select(objects.c.peer).where(*here).order_by(objects.c.added).limit(1)
        if connection.execute(owner).scalar() != peer:
            raise Refusal(403, _NOT_YOURS)
        only = replace(asked, ids=(object_id,), limit=_MOST_VERSIONS)
        found = page(connection, collection, only).objects
        for one in found:
            connection.execute(
                sa.delete(objects).where(objects.c.collection_id == collection, objects.c.added == one.added)
            )
        return len(found)
