"""Files of a log as a stream of objects, each with its place; what is none is counted."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt

from revenuer.errors import InputError
from revenuer.sources.converting.files import LogFile, opened
from revenuer.sources.converting.jsonvalues import OBJECT_LIMIT, decoded, json_objects
from revenuer.sources.lines import lines_in
from revenuer.sources.quarantine import Quarantine
from revenuer.sources.values import is_blank, without_surrogates

__all__ = ["Found", "Place", "objects"]

_UNITS: Final = {"lines": "line", "json": "object", "csv": "line", "tsv": "line", "parquet": "row"}
_PARQUET_ROWS: Final = 256
_BOM: Final = b"\xef\xbb\xbf"
_SNIFFED: Final = 1 << 20

# Number in the file, the object as bytes of JSON or as it is, and what is wrong with it.
_Raw = tuple[int, Any, str | None]


class Place(NamedTuple):
    """Where an object stands: which file of the input, where in it, and how a message says that."""

    order: int
    number: int
    words: str


class Found(NamedTuple):
    """An object of a file and its place."""

    place: Place
    value: dict[str, Any]


def objects(file: LogFile, order: int, quarantine: Quarantine) -> Iterator[Found]:
    """The objects of a file in their order; lines, rows and values that are none are counted as rejected.

    Args:
        file: the file.
        order: its position in the input.
        quarantine: takes the counts.

    Raises:
        InputError: the file cannot be read as what it is.
    """
    read, unit = _reader(file)
    for number, raw, fault in read(file):
        value = fault if fault is not None else _value(raw) if isinstance(raw, bytes) else raw
        place = Place(order, number, f"{file.name}, {unit} {number}")
        if isinstance(value, str):
            quarantine.reject(f"{unit} {value}", 1, [(order, number, f"{place.words}: {value}")])
        else:
            yield Found(place, value)


def _value(raw: bytes) -> dict[str, Any] | str:
    """The object, or what is wrong."""
    try:
        value = decoded(raw)
        if b"\\u" in raw:
            value = without_surrogates(value)
    except UnicodeDecodeError:
        return "not UTF-8"
    except RecursionError:
        return "nested too deep"
    except ValueError:
        return "not JSON"
    return value if isinstance(value, dict) else "no JSON object"


def _reader(file: LogFile) -> tuple[Callable[[LogFile], Iterator[_Raw]], str]:
    make = file.make
    if make == "json" and _holds_lines(file):
        make = "lines"
    readers: dict[str, Callable[[LogFile], Iterator[_Raw]]] = {
        "lines": _lines, "json": _json, "csv": _table, "tsv": _table, "parquet": _parquet
    }  # fmt: skip
    return readers[make], _UNITS[make]


def _holds_lines(file: LogFile) -> bool:
    """Whether a `.json` is JSON Lines: services that write to object stores call both so."""
    with opened(file) as stream:
        head = stream.read(_SNIFFED)
    line, end, _ = head.removeprefix(_BOM).lstrip().partition(b"\n")
    return bool(end) and line[:1] == b"{" and isinstance(_value(line), dict)


def _lines(file: LogFile) -> Iterator[_Raw]:
    with opened(file) as stream:
        for number, (_, line, fault) in enumerate(lines_in(stream), 1):
            if fault is None and is_blank(line):
                continue
            cut = fault is None and not line.endswith(b"\n") and isinstance(_value(line), str)
            yield number, line.strip().removeprefix(_BOM), "cut off" if cut else fault


def _json(file: LogFile) -> Iterator[_Raw]:
    with opened(file) as stream:
        for number, (data, fault) in enumerate(json_objects(stream), 1):
            yield number, data, fault


def _table(file: LogFile) -> Iterator[_Raw]:
    csv.field_size_limit(OBJECT_LIMIT)
    with opened(file) as stream:
        text = io.TextIOWrapper(stream, "utf-8-sig", "surrogateescape", newline="")
        rows = csv.reader(text, delimiter="\t" if file.make == "tsv" else ",", strict=True)
        names = _names(rows, file)
        while (row := _next(rows)) is not None:
            if isinstance(row, str):
                yield rows.line_num, None, row
            elif row:
                yield rows.line_num, dict(zip(names, row, strict=False)), _row_fault(row, names)


def _names(rows: Any, file: LogFile) -> list[str]:
    names = _next(rows)
    if not isinstance(names, list):
        raise InputError("holds no line of column names", file=file.name)
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise InputError("the column stands there more than once", file=file.name, column=repeated)
    return names


def _next(rows: Any) -> list[str] | str | None:
    try:
        row: list[str] | None = next(rows, None)
    except csv.Error:
        return "not CSV"
    return row


def _row_fault(row: list[str], names: list[str]) -> str | None:
    if len(row) != len(names):
        return f"with {'more' if len(row) > len(names) else 'fewer'} cells than column names"
    try:
        "".join(row).encode()
    except UnicodeEncodeError:
        return "not UTF-8"
    return None


def _parquet(file: LogFile) -> Iterator[_Raw]:
    try:
        with pq.ParquetFile(file.path) as table:
            batches = table.iter_batches(batch_size=_PARQUET_ROWS, use_threads=False)
            rows = itertools.chain.from_iterable(map(_rows, batches))
            for number, row in enumerate(rows):
                yield number, row, None
    except (OSError, ValueError, OverflowError, pa.ArrowException) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"cannot be read: {said}", file=file.name) from error


def _rows(batch: Any) -> list[dict[str, Any]]:
    """Rows as objects; times as microseconds since 1970, since Arrow counts years that Python does not."""
    columns = [
        column.cast(pa.timestamp("us"), safe=False).cast(pa.int64()) if pt.is_timestamp(column.type) else column
        for column in batch.columns
    ]
    rows: list[dict[str, Any]] = pa.RecordBatch.from_arrays(columns, names=batch.schema.names).to_pylist()
    return rows
