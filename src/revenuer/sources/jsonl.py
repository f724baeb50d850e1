"""JSON Lines files of a traffic directory: indexed once, then decoded by type in byte ranges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import pyarrow as pa
import pyarrow.types as pt

from revenuer.errors import InputError
from revenuer.schema import REQUIRED, TABLES, TableName
from revenuer.sources.clock import DAY
from revenuer.sources.lines import read_lines
from revenuer.sources.parts import MAX_BATCH_BYTES, MAX_BATCH_ROWS, PART_BYTES, PART_ROWS, Kind, Part, without
from revenuer.sources.quarantine import Quarantine
from revenuer.sources.rules import validate
from revenuer.sources.values import BAD, coerce, instant, is_blank, parse, without_surrogates

__all__ = ["PEEK_LINES", "JsonlSource", "read_jsonl"]

# How many lines are looked at to learn which columns there are.
PEEK_LINES: Final = 1_000


class _Stamp(msgspec.Struct):
    ts: str | int | float | None = None


class JsonlSource:
    """One JSON Lines file whose first lines have been looked at.

    Raises:
        InputError: the file cannot be read, holds no JSON object, or a required column is in none of its first lines.
    """

    def __init__(
        self, path: Path, name: str, table: TableName, kind: Kind, unread: frozenset[str] = frozenset()
    ) -> None:
        self.path, self.name, self.table, self.kind, self.unread = path, name, table, kind, unread
        names = _peek(path, name, kind)
        for required in REQUIRED[table]:
            if names and required not in names and required not in unread:
                raise InputError("this required column is missing", file=name, column=required)
        self.present = frozenset(name for name in TABLES[table].names if names.get(name) and name not in unread)
        self.extra = tuple(name for name in names if name not in TABLES[table].names)
        self._index: tuple[list[Part], Counter[int]] | None = None

    def days(self) -> Counter[int]:
        """Exchanges per day since 1970; reads the file once, with `parts`."""
        return self._indexed()[1]

    def span(self) -> tuple[int, int] | None:
        """First and last day in microseconds; None without a readable time."""
        days = self.days()
        return (min(days) * DAY, max(days) * DAY + DAY - 1) if days else None

    def parts(self, order: int) -> list[Part]:
        """Byte ranges of about `PART_ROWS` lines or `PART_BYTES` bytes; a compressed file is one part."""
        found = [replace(part, order=order + index) for index, part in enumerate(self._indexed()[0])]
        return without(found, self.unread)

    def _indexed(self) -> tuple[list[Part], Counter[int]]:
        if self._index is None:
            self._index = _index(self)
        return self._index


def read_jsonl(part: Part, quarantine: Quarantine) -> Iterator[Any]:
    """Validated batches of a part, in the order of the file.

    Raises:
        InputError: the file cannot be read, or a bad row under `part.strict`.
    """
    reader = _Reader(part, quarantine)
    for _, line, fault in read_lines(Path(part.path), part.name, part.kind, part.start, part.stop):
        reader.take(line, fault)
        if len(reader.rows) >= MAX_BATCH_ROWS or reader.bytes >= MAX_BATCH_BYTES:
            yield reader.batch()
    if reader.rows:
        yield reader.batch()


class _Reader:
    """Lines on their way to a batch."""

    def __init__(self, part: Part, quarantine: Quarantine) -> None:
        self.part, self.quarantine = part, quarantine
        self.fields = [field for field in TABLES[part.table] if part.reads(field.name)]
        self._decode = msgspec.json.Decoder(_row_type(part.table, part.columns)).decode
        self._values = attrgetter(*(field.name for field in self.fields))
        self._times = [index for index, field in enumerate(self.fields) if pt.is_timestamp(field.type)]
        self.line = part.first
        self.rows: list[tuple[Any, ...]] = []
        self.places: list[int] = []
        self.bytes = 0

    def take(self, line: bytes, fault: str | None) -> None:
        """Decode a line, or count why it cannot be."""
        self.line += 1
        if fault is not None:
            self._reject(fault)
            return
        try:
            row = self._values(self._decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._take_slowly(line)
            return
        times = [instant(row[index]) for index in self._times]
        if any(time is None and row[index] is not None for time, index in zip(times, self._times, strict=True)):
            self._take_slowly(line)
        else:
            self._keep(self._with_times(row, times), len(line))

    def batch(self) -> Any:
        """The lines taken so far as a validated batch; starts the next one."""
        columns = [
            pa.array(values, pa.int64() if pt.is_timestamp(field.type) else field.type).cast(field.type)
            for values, field in zip(zip(*self.rows, strict=True), self.fields, strict=True)
        ]
        raw = pa.RecordBatch.from_arrays(columns, names=[field.name for field in self.fields])
        places = self.places
        self.rows, self.places, self.bytes = [], [], 0
        return validate(raw, self.part, lambda row: f"line {places[row]}", self.quarantine)

    def _with_times(self, row: tuple[Any, ...], times: list[int | None]) -> tuple[Any, ...]:
        changed = list(row)
        for index, time in zip(self._times, times, strict=True):
            changed[index] = time
        return tuple(changed)

    def _keep(self, row: tuple[Any, ...], size: int) -> None:
        self.rows.append(row)
        self.places.append(self.line)
        self.bytes += size

    def _take_slowly(self, line: bytes) -> None:
        value = self._parse(line)
        if value is None:
            return
        row: list[Any] = []
        for field in self.fields:
            given = value.get(field.name)
            read = coerce(given, field)
            if read is BAD and field.name in REQUIRED[self.part.table]:
                self._reject("unreadable" if pt.is_timestamp(field.type) else "of a wrong type", field.name)
                return
            if read is BAD:
                self._repair("unreadable, taken as unknown", field.name)
            elif isinstance(given, str) and not isinstance(read, str) and not pt.is_timestamp(field.type):
                self._repair("written as text", field.name)
            row.append(None if read is BAD else read)
        self._keep(tuple(row), len(line))

    def _parse(self, line: bytes) -> dict[str, Any] | None:
        """The line as an object; None: it is none, and has been counted."""
        if is_blank(line):
            return None
        try:
            value = parse(line)
        except UnicodeDecodeError:
            self._reject("not UTF-8")
            return None
        except (ValueError, RecursionError):
            self._reject("not JSON" if line.endswith(b"\n") else "cut off")
            return None
        if not isinstance(value, dict):
            self._reject("no JSON object")
            return None
        clean: dict[str, Any] = without_surrogates(value)
        if clean != value:
            self._repair("lone surrogates replaced")
        return clean

    def _reject(self, reason: str, column: str | None = None) -> None:
        self._count(self.quarantine.reject, reason, column)

    def _repair(self, reason: str, column: str | None = None) -> None:
        self._count(self.quarantine.repair, reason, column)

    def _count(self, count: Any, reason: str, column: str | None) -> None:
        if self.part.strict:
            raise InputError(reason, file=self.part.name, row=f"line {self.line}", column=column)
        prefix = "" if self.part.table == "exchanges" else f"{self.part.table}: "
        named = f"{column} {reason}" if column else f"line {reason}"
        place = f"{self.part.name}, line {self.line}{f', column {column}' if column else ''}: {reason}"
        count(prefix + named, 1, [(self.part.order, self.line, place)])


@cache
def _row_type(table: TableName, columns: tuple[str, ...] | None) -> Any:
    fields = [
        (field.name, _python_type(field.type), None)
        for field in TABLES[table]
        if columns is None or field.name in columns
    ]
    return msgspec.defstruct("Row", fields)


def _python_type(kind: Any) -> Any:
    if pt.is_timestamp(kind):
        return str | int | float | None
    if pt.is_list(kind):
        return list[str] | None
    if pt.is_string(kind):
        return str | None
    if pt.is_boolean(kind):
        return bool | None
    if pt.is_floating(kind):
        return float | None
    bound = 2 ** (kind.bit_width - 1) - 1
    return Annotated[int, msgspec.Meta(ge=-bound, le=bound)] | None


def _peek(path: Path, name: str, kind: Kind) -> dict[str, bool]:
    """Names in the first lines, in the order of their appearance, and whether any line has a value for it."""
    names: dict[str, bool] = {}
    lines = 0
    for _, line, fault in read_lines(path, name, kind):
        lines += fault is not None or not is_blank(line)
        try:
            value = parse(line)
        except (ValueError, RecursionError):
            continue
        for key in value if isinstance(value, dict) else ():
            names[key] = names.get(key, False) or value[key] is not None
        if lines >= PEEK_LINES:
            break
    if lines and not names:
        raise InputError(f"none of its first {lines} lines is a JSON object", file=name)
    return names


def _index(source: JsonlSource) -> tuple[list[Part], Counter[int]]:
    decode = msgspec.json.Decoder(_Stamp).decode
    days, cuts, lines, end = Counter[int](), [(0, 0)], 0, 0
    for start, line, _ in read_lines(source.path, source.name, source.kind):
        cut, first = cuts[-1]
        if source.kind == "jsonl" and (lines - first >= PART_ROWS or start - cut >= PART_BYTES):
            cuts.append((start, lines))
        lines, end = lines + 1, start + 1
        time = _time(decode, line)
        if time is not None:
            days[time // DAY] += 1
    cuts.append((end, lines))
    part = partial(Part, source.table, str(source.path), source.name, source.kind, 0)
    return [part(cut, stop, first, last - first) for (cut, first), (stop, last) in pairwise(cuts) if last > first], days


def _time(decode: Any, line: bytes) -> int | None:
    try:
        return instant(decode(line).ts)
    except (ValueError, RecursionError):
        return None
