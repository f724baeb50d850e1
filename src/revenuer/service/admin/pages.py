"""Long lists, a page at a time: a cursor says where the last page ended, so that what is added meanwhile shifts nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, TypeVar

import msgspec
import sqlalchemy as sa

from revenuer.service.answers import Refused

__all__ = ["Name", "Paged", "Text", "converted", "page"]

MOST: Final = 200
# What a list leaves out: of a campaign alone it may be megabytes.
_HEAVY: Final = frozenset({"document"})
# What both databases keep: PostgreSQL has no NUL in text.
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=4_000, pattern="^[^\\x00]+$")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern="^[^\\x00-\\x1f\\x7f]+$")]
Shown = TypeVar("Shown")
_Cursor = Annotated[str, msgspec.Meta(max_length=2_000, pattern="^[A-Za-z0-9_-]*$")]


class Paged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every list may be asked.

    Attributes:
        limit: how many at most.
        cursor: `next` of the page before.
    """

    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 50
    cursor: _Cursor | None = None


def page(
    connection: sa.Connection, table: sa.Table, order: Sequence[str], query: Paged, *where: sa.ColumnElement[bool]
) -> tuple[list[dict[str, Any]], str | None]:
    """Rows behind the cursor, and the cursor behind them; None: there are no more.

    Args:
        connection: of `State.read`.
        table: of the state.
        order: columns by which it is sorted, a key at the end; of text all.
        query: what was asked.
        where: which rows.

    Raises:
        Refused: 422 the cursor is none of this list.
    """
    columns = [table.c[name] for name in order]
    light = [column for column in table.c if column.name not in _HEAVY]
    chosen = sa.select(*light).where(*where).order_by(*columns).limit(query.limit + 1)
    if query.cursor:
        chosen = chosen.where(sa.tuple_(*columns) > sa.tuple_(*_read(query.cursor, len(order))))
    rows = [dict(row._mapping) for row in connection.execute(chosen)]  # noqa: SLF001
    if len(rows) <= query.limit:
        return rows, None
    shown = rows[: query.limit]
    return shown, _written([shown[-1][name] for name in order])


def converted(row: Mapping[str, Any], kind: type[Shown]) -> Shown:
    """A row as its type has it; columns that the type does not know are left out."""
    return msgspec.convert(_plain(row), kind)


def _plain(value: Any) -> Any:
    """Names of columns are strings of SQLAlchemy's own, also in rows within rows; a type wants plain ones."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    return [_plain(one) if isinstance(one, Mapping) else one for one in value] if isinstance(value, list) else value


def _written(place: list[str]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def _read(cursor: str, parts: int) -> list[str]:
    try:
        place = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=list[str])
    except (msgspec.DecodeError, binascii.Error, UnicodeDecodeError) as error:
        raise Refused(422, "the cursor is none of this list") from error
    if len(place) != parts or any("\x00" in part for part in place):
        raise Refused(422, "the cursor is none of this list")
    return place
