"""Parquet files of a traffic directory: footers first, then row groups as validated batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as pt

from revenuer.errors import InputError, reason
from revenuer.schema import REQUIRED, TABLES, TableName
from revenuer.sources.clock import DAY, micros
from revenuer.sources.columns import castable, convert
from revenuer.sources.parts import MAX_BATCH_BYTES, PART_BYTES, PART_ROWS, Part, without
from revenuer.sources.quarantine import Quarantine
from revenuer.sources.rules import validate

__all__ = ["ParquetSource", "read_parquet"]

# One system prompt of 60 kB may stand once in a file and 65,536 times in a batch. Columns that take so few bytes a value
# are read with their dictionary, and written out when the batch has been cut to size.
_LONG_TEXTS: Final = ("system", "prompt", "response", "user_agent")
_ENCODED_BYTES: Final = 64
# A dictionary that is given up half-way hides the size of what came before: the bound for that case.
_READ_ROWS: Final = 16_384


class ParquetSource:
    """One Parquet file whose footer has been read and whose columns fit the table.

    Raises:
        InputError: not a Parquet file, cut off, a required column absent, or a column of a type that cannot be cast;
            of columns in `unread` nothing is required.
    """

    def __init__(self, path: Path, name: str, table: TableName, unread: frozenset[str] = frozenset()) -> None:
        self.path, self.name, self.table, self.unread = path, name, table, unread
        self._metadata, self._schema = _footer(path, name)
        _check_columns(self._schema, name, table, unread)
        self.rows: int = self._metadata.num_rows
        self.present, self.extra = self._columns()

    def _columns(self) -> tuple[frozenset[str], tuple[str, ...]]:
        """Columns of the table that hold a value as far as the footer tells, and columns it does not know."""
        known = TABLES[self.table].names
        names = self._schema.names
        kept = (name for name in known if name in names and name not in self.unread)
        present = frozenset(name for name in kept if not self._is_all_null(name))
        return present, tuple(name for name in names if name not in known)

    def _is_all_null(self, name: str) -> bool:
        chunks = _chunks(name, self._groups())
        return bool(chunks) and all(
            chunk.is_stats_set and chunk.statistics.has_null_count and chunk.statistics.num_values == 0
            for chunk in chunks
        )

    def _groups(self) -> Iterator[Any]:
        return (self._metadata.row_group(index) for index in range(self._metadata.num_row_groups))

    def days(self) -> Counter[int]:
        """Exchanges per day since 1970, from the `ts` column alone."""
        counts: Counter[int] = Counter()
        for batch in _batches(self.path, self.name, ["ts"], rows=_READ_ROWS):
            ticks = convert(batch.column(0), TABLES["exchanges"].field("ts"))[0].drop_null().cast(pa.int64())
            days, numbers = np.unique(np.asarray(ticks) // DAY, return_counts=True)
            counts.update(dict(zip(days.tolist(), numbers.tolist(), strict=True)))
        return counts

    def span(self) -> tuple[int, int] | None:
        """First and last `ts` in microseconds by the footer; None where it does not say."""
        try:
            bounds = [_bounds(group) for group in self._groups() if group.num_rows]
        except (ValueError, OverflowError):  # a time that Python cannot hold: look at the rows
            return None
        known = [bound for bound in bounds if bound is not None]
        if len(known) < len(bounds) or not known:
            return None
        return min(low for low, _ in known), max(high for _, high in known)

    def parts(self, order: int) -> list[Part]:
        """Ranges of whole row groups of about `PART_ROWS` rows or `PART_BYTES` bytes; a larger group stays whole."""
        found: list[Part] = []
        blank = Part(self.table, str(self.path), self.name, "parquet", order, 0, 0, 0, 0)
        part, size = blank, 0
        for index, group in enumerate(self._groups()):
            if part.rows and (part.rows + group.num_rows > PART_ROWS or size + group.total_byte_size > PART_BYTES):
                found.append(part)
                part = replace(blank, order=order + len(found), start=index, first=part.first + part.rows)
                size = 0
            part = replace(part, stop=index + 1, rows=part.rows + group.num_rows)
            size += group.total_byte_size
        found = [*found, part] if part.rows else found
        return without(found, self.unread)


def read_parquet(part: Part, quarantine: Quarantine) -> Iterator[Any]:
    """Validated batches of a part, in the order of the file.

    Raises:
        InputError: a page cannot be read, or a bad row under `part.strict`.
    """
    metadata, schema = _footer(Path(part.path), part.name)
    groups = [metadata.row_group(index) for index in range(part.start, part.stop)]
    columns = [name for name in TABLES[part.table].names if name in schema.names and part.reads(name)]
    starts = np.cumsum([0, *(group.num_rows for group in groups)])
    done = 0
    encoded = [name for name in _LONG_TEXTS if name in columns and _is_encoded(name, groups)]
    place, wanted = Path(part.path), range(part.start, part.stop)
    for batch in _batches(place, part.name, columns, rows=_batch_rows(groups, columns), groups=wanted, encoded=encoded):
        for piece in _pieces(batch):
            yield validate(piece, part, _locator(part.start, starts, done), quarantine)
            done += len(piece)


def _footer(path: Path, name: str) -> tuple[Any, Any]:
    try:
        with pq.ParquetFile(path) as file:
            return file.metadata, file.schema_arrow
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"is no readable Parquet file: {reason(error)}", file=name) from error


def _check_columns(schema: Any, name: str, table: TableName, unread: frozenset[str]) -> None:
    for field in (field for field in TABLES[table] if field.name not in unread):
        found = schema.get_all_field_indices(field.name)
        if not found and field.name in REQUIRED[table]:
            raise InputError("this required column is missing", file=name, column=field.name)
        if len(found) > 1:
            raise InputError("the column stands there more than once", file=name, column=field.name)
        if found and not castable(schema.field(found[0]).type, field):
            kind = schema.field(found[0]).type
            raise InputError(f"is of type {kind}, must be {field.type}", file=name, column=field.name)


def _chunks(name: str, groups: Iterable[Any]) -> list[Any]:
    """What the footer says of a column, one entry a row group."""
    return [
        group.column(index)
        for group in groups
        for index in range(group.num_columns)
        if group.column(index).path_in_schema.split(".")[0] == name
    ]


def _bounds(group: Any) -> tuple[int, int] | None:
    statistics = _chunks("ts", [group])[0].statistics
    if statistics is None or not statistics.has_min_max:
        return None
    return _instant(statistics.min), _instant(statistics.max)


def _instant(time: datetime) -> int:
    return micros(time if time.tzinfo else time.replace(tzinfo=UTC))


def _batches(
    path: Path,
    name: str,
    columns: list[str],
    *,
    rows: int,
    groups: range | None = None,
    encoded: Sequence[str] = (),
) -> Iterator[Any]:
    try:
        with pq.ParquetFile(path, read_dictionary=list(encoded)) as file:
            yield from file.iter_batches(
                batch_size=rows, row_groups=None if groups is None else list(groups), columns=columns, use_threads=False
            )
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"cannot be read: {reason(error)}", file=name) from error


def _is_encoded(name: str, groups: list[Any]) -> bool:
    chunks = _chunks(name, groups)
    size = sum(int(chunk.total_uncompressed_size) for chunk in chunks)
    return size <= _ENCODED_BYTES * sum(int(chunk.num_values) for chunk in chunks)


def _batch_rows(groups: list[Any], columns: list[str]) -> int:
    """Rows that make a batch of about `MAX_BATCH_BYTES`, by the mean row of the part in the columns that are read."""
    rows = sum(int(group.num_rows) for group in groups)
    size = sum(int(chunk.total_uncompressed_size) for name in columns for chunk in _chunks(name, groups))
    return min(_READ_ROWS, max(1, MAX_BATCH_BYTES * rows // max(1, size)))


def _pieces(batch: Any) -> Iterator[Any]:
    """The batch in slices of about `MAX_BATCH_BYTES` of text, or of a single longer row."""
    sizes = sum((_sizes(column) for column in batch.columns), np.zeros(len(batch), np.int64))
    ends = np.cumsum(sizes)
    start = 0
    while start < len(batch):
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + MAX_BATCH_BYTES, side="right")))
        yield batch.slice(start, stop - start)
        start = stop


def _sizes(column: Any) -> Any:
    """Bytes of each value once it is written out; columns that are not long texts count nothing."""
    if not pt.is_dictionary(column.type):
        return 0
    lengths = np.asarray(pc.binary_length(column.dictionary).fill_null(0), dtype=np.int64)
    places = np.asarray(column.indices.fill_null(0))
    return lengths[places] if len(lengths) else 0


def _locator(group: int, starts: Any, done: int) -> Any:
    def locate(row: int) -> str:
        index = int(np.searchsorted(starts, done + row, side="right")) - 1
        return f"row group {group + index}, row {done + row - int(starts[index])}"

    return locate
