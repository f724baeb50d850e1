"""Pages of a collection, in the order in which objects were added."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from revenuer.sharing.taxii.filters import Filter
from revenuer.sharing.taxii.properties import Wanted, fits
from revenuer.sharing.taxii.store import objects

__all__ = ["Kept", "Page", "holds", "page"]

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """An object of a collection; `added` is a TAXII time, `document` JSON."""

    object_id: str
    version: str
    spec_version: str
    added: str
    document: str


@dataclass(frozen=True, slots=True)
class Page:
    """Objects, and whether there are more."""

    objects: tuple[Kept, ...]
    more: bool


def page(connection: sa.Connection, collection: str, asked: Filter) -> Page:
    """What of a collection a filter asks for."""
    columns = (
        objects.c.object_id,
        objects.c.version,
        objects.c.spec_version,
        objects.c.added,
        objects.c.document,
    )
    chosen = sa.select(*columns).where(objects.c.collection_id == collection, *_conditions(asked))
    chosen = chosen.order_by(objects.c.added)
    if asked.properties:
        rows = list(islice(_fitting(connection, chosen, asked.properties), asked.limit + 1))
    else:
        rows = [Kept(*row) for row in connection.execute(chosen.limit(asked.limit + 1))]
    return Page(tuple(rows[: asked.limit]), len(rows) > asked.limit)


def _fitting(connection: sa.Connection, chosen: sa.Select[Any], asked: Sequence[Wanted]) -> Iterator[Kept]:
    """Objects that have what is asked for: documents are looked into one by one, some at a time."""
    after = ""
    while rows := connection.execute(chosen.where(objects.c.added > after).limit(_AT_ONCE)).all():
        found = (Kept(*row) for row in rows)
        yield from (one for one in found if fits(msgspec.json.decode(one.document), asked))
        after = rows[-1].added


def holds(connection: sa.Connection, collection: str, object_id: str) -> bool:
    """Whether a collection has an object, in any version."""
    chosen = sa.select(objects.c.added).where(objects.c.collection_id == collection, objects.c.object_id == object_id)
    return connection.execute(chosen.limit(1)).first() is not None


def _conditions(asked: Filter) -> list[sa.ColumnElement[bool]]:
    """All of them have to hold; the values within one are alternatives."""
    lists = ((objects.c.object_id, asked.ids), (objects.c.kind, asked.kinds), (objects.c.spec_version, asked.specs))
    found: list[sa.ColumnElement[bool]] = [column.in_(values) for column, values in lists if values]
    if asked.after:
        found.append(objects.c.added > _stored(asked.after))
    if not asked.specs:
        found.append(_none_besides("spec_version", later=True))
    if "all" not in asked.versions:
        times = [version for version in asked.versions if version not in {"first", "last"}]
        wanted: list[sa.ColumnElement[bool]] = [objects.c.version_key.in_(times)] if times else []
        wanted += [_none_besides("version_key", later=True)] if "last" in asked.versions else []
        wanted += [_none_besides("version_key", later=False)] if "first" in asked.versions else []
        found.append(sa.or_(*wanted))
    return found


def _stored(key: str) -> str:
    """Times of addition have six digits; what a caller gives beyond them cannot lie between two."""
    return f"{key[:26]}Z"


def _none_besides(column: str, *, later: bool) -> sa.ColumnElement[bool]:
    """The object's newest or oldest: no other of the same id (and the same STIX, among versions) lies beyond it."""
    other = objects.alias()
    beyond = other.c[column] > objects.c[column] if later else other.c[column] < objects.c[column]
    alike = [other.c.collection_id == objects.c.collection_id, other.c.object_id == objects.c.object_id, beyond]
    if column == "version_key":
        alike.append(other.c.spec_version == objects.c.spec_version)
    return ~sa.exists().where(*alike)
