"""Rows of a table on their way to validated Arrow batches: loose values are coerced, bad ones counted with their place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
import pyarrow.types as pt

from revenuer.schema import REQUIRED, TABLES, TableName
from revenuer.sources.clock import micros
from revenuer.sources.converting.reading import Place
from revenuer.sources.parts import Part
from revenuer.sources.quarantine import Quarantine
from revenuer.sources.rules import validate
from revenuer.sources.values import BAD, coerce, without_surrogates

__all__ = ["Builder", "cell"]

# Rows are Python values until the batch is made, so batches are smaller than those of a scan.
_BATCH_ROWS: Final = 16_384
_BATCH_BYTES: Final = 16 << 20


def cell(value: Any, field: Any) -> Any:
    """A loose value as the field's type, or `BAD`: what `coerce` reads, and what databases hand out."""
    if value.__class__ is str and pt.is_string(field.type):
        return value if value.isascii() else _carried(value)
    if isinstance(value, datetime):
        value = micros(value if value.tzinfo else value.replace(tzinfo=UTC)) if pt.is_timestamp(field.type) else BAD
    elif isinstance(value, Decimal):
        value = float(value)
    elif isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    read = coerce(value, field)
    return _carried(read) if isinstance(read, (str, list)) else read


def _carried(value: Any) -> Any:
    """Text that UTF-8 can carry: JSON within JSON may hold lone surrogates."""
    try:
        (value if isinstance(value, str) else "".join(filter(None, value))).encode()
    except UnicodeEncodeError:
        return without_surrogates(value)
    return value


class Builder:
    """Rows of one table, gathered to batches.

    Args:
        table: the table.
        quarantine: takes the counts of bad rows and values.
        unread: columns that are left out, whatever a row says.
    """

    def __init__(self, table: TableName, quarantine: Quarantine, unread: frozenset[str] = frozenset()) -> None:
        self.table, self.quarantine = table, quarantine
        kept = tuple(name for name in TABLES[table].names if name not in unread)
        self.part = Part(table, "", "", "jsonl", 0, 0, 0, 0, 0, columns=kept)
        self._schema = pa.schema([TABLES[table].field(name) for name in kept])
        self._fields = [(field, field.name, pt.is_string(field.type)) for field in self._schema]
        self._rows: list[tuple[Any, ...]] = []
        self._places: list[Place] = []
        self._bytes = 0

    @property
    def is_full(self) -> bool:
        """Whether a batch should be taken."""
        return len(self._rows) >= _BATCH_ROWS or self._bytes >= _BATCH_BYTES

    def take(self, values: Mapping[str, Any], place: Place) -> None:
        """Coerce and keep a row; one without a readable required value is counted and left out."""
        row: list[Any] = []
        for field, name, is_text in self._fields:
            given = values.get(name)
            # "" is how exports write that they do not know; of texts the rules say where they may be empty
            unknown = given is None or (given == "" and not is_text)
            read = None if unknown else cell(given, field)
            if read is BAD and name in REQUIRED[self.table]:
                self._count(self.quarantine.reject, name, "unreadable", place)
                return
            if read is BAD:
                self._count(self.quarantine.repair, name, "unreadable, taken as unknown", place)
                read = None
            row.append(read)
            self._bytes += len(read) if isinstance(read, str) else 8
        self._rows.append(tuple(row))
        self._places.append(place)

    def batch(self) -> Any:
        """The rows taken so far as a validated batch in the schema of the table; starts the next one."""
        values = zip(*self._rows, strict=True) if self._rows else [() for _ in self._schema]
        columns = [
            pa.array(column, pa.int64() if pt.is_timestamp(field.type) else field.type).cast(field.type)
            for column, field in zip(values, self._schema, strict=True)
        ]
        raw = pa.RecordBatch.from_arrays(columns, names=self._schema.names)
        places = self._places
        self._rows, self._places, self._bytes = [], [], 0
        return validate(raw, self.part, lambda row: places[row].words, self.quarantine)

    def _count(self, count: Any, column: str, reason: str, place: Place) -> None:
        prefix = "" if self.table == "exchanges" else f"{self.table}: "
        example = (place.order, place.number, f"{place.words}, column {column}: {reason}")
        count(f"{prefix}{column} {reason}", 1, [example])
