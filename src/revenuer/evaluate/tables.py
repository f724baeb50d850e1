"""Parquet columns read by name, with errors that name file, row and column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from revenuer.errors import InputError
from revenuer.evaluate.measures import Bools, Codes, Floats

__all__ = [
    "Coded",
    "booleans",
    "code_against",
    "encode",
    "natural",
    "numbers",
    "read_columns",
    "recode",
    "require_unique",
    "rows_of",
]


@dataclass(frozen=True, slots=True)
class Coded:
    """A string column as `codes` (n) into `names`; -1 stands for null."""

    codes: Codes
    names: tuple[str, ...]


def natural(name: str) -> tuple[str, int, str]:
    """Sort key that puts A2 before A10."""
    match = re.match(r"(\D*)(\d*)(.*)", name, flags=re.DOTALL)
    head, number, tail = match.groups() if match else (name, "", "")
    return head, int(number or 0), tail


def read_columns(path: Path, schema: pa.Schema, names: Sequence[str]) -> pa.Table:
    """Columns `names` of the Parquet file `path`, cast to their types in `schema`.

    Raises:
        InputError: no such file, not Parquet, a column missing, of another type, or with nulls where none may be.
    """
    if not path.is_file():
        raise InputError("no such file", file=str(path))
    try:
        present = pq.read_schema(path).names
        for name in names:
            if name not in present:
                raise InputError("the column is missing", file=str(path), column=name)
        table = pq.ParquetFile(path).read(columns=list(names))
    except (pa.ArrowException, OSError) as error:
        raise InputError("not a readable Parquet file", file=str(path)) from error
    columns = [_cast(table.column(name), schema.field(name), path) for name in names]
    return pa.table(columns, names=list(names))


def _cast(column: pa.ChunkedArray, field: pa.Field, path: Path) -> pa.ChunkedArray:
    try:
        column = column.cast(field.type, safe=not pa.types.is_timestamp(field.type))  # nanoseconds are cut off
    except pa.ArrowException as error:
        message = f"holds {column.type}, expected {field.type}"
        raise InputError(message, file=str(path), column=field.name) from error
    if not field.nullable and column.null_count:
        row = pc.index(pc.is_null(column), True).as_py()
        raise InputError("no value where one is required", file=str(path), row=f"row {row}", column=field.name)
    return column


def require_unique(ids: pa.ChunkedArray, path: Path, column: str) -> None:
    """Refuse a column in which an id comes twice.

    Raises:
        InputError: the first such id in sorted order, by name.
    """
    if pc.count_distinct(ids).as_py() == len(ids):
        return
    counted = pc.value_counts(ids)
    twice = counted.field("values").filter(pc.greater(counted.field("counts"), 1))
    message = f"{len(twice)} ids come more than once, such as {min(twice.to_pylist())!r}"
    raise InputError(message, file=str(path), column=column)


def encode(column: pa.ChunkedArray) -> Coded:
    """A string column as codes; names in natural order, so that equal content gives equal codes."""
    names = tuple(sorted(pc.unique(column).drop_null().to_pylist(), key=natural))
    return recode(column, names)


def code_against(column: pa.ChunkedArray, names: Sequence[str], path: Path, name: str, known_to: str) -> Coded:
    """A string column as codes into a vocabulary that is already fixed.

    Raises:
        InputError: a value that `names` does not hold.
    """
    codes = _codes(column, names)
    strange = column.filter(pa.array((codes < 0) & ~booleans(pc.is_null(column))))
    if len(strange):
        message = f"{min(strange.to_pylist())!r} is unknown to {known_to}"
        raise InputError(message, file=str(path), column=name)
    return Coded(codes, tuple(names))


def recode(column: pa.ChunkedArray, names: Sequence[str]) -> Coded:
    """A string column as codes into names that are known to hold all its values."""
    return Coded(_codes(column, names), tuple(names))


def _codes(column: pa.ChunkedArray, names: Sequence[str]) -> Codes:
    found = pc.index_in(column, value_set=pa.array(names, pa.string()), skip_nulls=True)
    return np.asarray(pc.fill_null(found, -1).to_numpy(), dtype=np.int64)


def booleans(column: pa.ChunkedArray) -> Bools:
    """A boolean column as numpy (n); null counts as false."""
    return np.asarray(pc.fill_null(column, False).to_numpy(), dtype=np.bool_)


def numbers(column: pa.ChunkedArray, path: Path, name: str) -> Floats:
    """A column of shares or probabilities as numpy (n).

    Raises:
        InputError: a value that is not from 0 to 1.
    """
    values = np.asarray(column.to_numpy(), dtype=np.float64)
    outside = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if len(outside):
        row = int(outside[0])
        raise InputError(f"{values[row]:g} is not from 0 to 1", file=str(path), row=f"row {row}", column=name)
    return values


def rows_of(wanted: pa.ChunkedArray, ids: pa.ChunkedArray, path: Path, column: str) -> Codes:
    """For each of `wanted` (n), its row in `ids`, or -1.

    Raises:
        InputError: `ids`, read from `path`, holds one that is not wanted: findings and truth are of other traffic.
    """
    place = pc.index_in(ids, value_set=wanted.combine_chunks())
    if place.null_count:
        strange = min(ids.filter(pc.is_null(place)).to_pylist())
        message = f"{place.null_count} ids are unknown to the truth, such as {strange!r}"
        raise InputError(message, file=str(path), column=column)
    rows = np.full(len(wanted), -1, dtype=np.int64)
    rows[np.asarray(place.to_numpy(), dtype=np.int64)] = np.arange(len(ids))
    return rows
