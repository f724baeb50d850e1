"""The few columns of the traffic that the truth leaves out: who asked, when, which model, and the public record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from revenuer.errors import InputError
from revenuer.evaluate import tables
from revenuer.evaluate.measures import Codes
from revenuer.evaluate.tables import Coded
from revenuer.schema import ENFORCEMENT, EXCHANGES, RELEASES

__all__ = ["Bans", "Releases", "Traffic", "find_traffic", "read_traffic"]

_NO_TIME: Final = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Releases:
    """Model releases: `at` in microseconds since 1970, UTC."""

    model: tuple[str, ...]
    at: Codes


@dataclass(frozen=True, slots=True)
class Bans:
    """Bans of accounts: rows of the true accounts, and `at` in microseconds since 1970, UTC."""

    account: Codes
    at: Codes


@dataclass(frozen=True, slots=True)
class Traffic:
    """Columns of n true exchanges: `account` (row of the true accounts, -1: unknown), `at` (microseconds), `model`."""

    account: Codes
    at: Codes
    model: Coded
    releases: Releases | None
    bans: Bans | None


def _files(traffic: Path) -> list[Path]:
    single = traffic / "exchanges.parquet"
    return [single] if single.is_file() else sorted((traffic / "exchanges").glob("*.parquet"))


def find_traffic(truth: Path, traffic: Path | None) -> Path | None:
    """The traffic directory: the one given, else the parent of the truth when it holds exchanges as Parquet.

    Raises:
        InputError: the directory given holds no exchanges as Parquet.
    """
    if traffic is not None and not _files(traffic):
        raise InputError("no exchanges.parquet and no exchanges/*.parquet here", file=str(traffic))
    place = truth.resolve().parent if traffic is None else traffic
    return place if _files(place) else None


def read_traffic(traffic: Path, exchange_ids: pa.ChunkedArray, account_ids: pa.ChunkedArray) -> Traffic:
    """The traffic in the order of the true exchanges (n); exchanges that the truth does not list are passed over.

    Raises:
        InputError: a file is unreadable, a column missing or of another type, or no exchange is of this truth.
    """
    columns = pa.concat_tables(_read_part(path) for path in _files(traffic))
    rows = np.full(len(exchange_ids), -1, dtype=np.int64)
    place = pc.fill_null(pc.index_in(columns.column("exchange_id"), value_set=exchange_ids.combine_chunks()), -1)
    known = np.asarray(place.to_numpy(), dtype=np.int64)
    rows[known[known >= 0]] = np.flatnonzero(known >= 0)
    if (rows < 0).all():
        raise InputError("holds none of the exchanges of the truth", file=str(traffic), column="exchange_id")
    aligned = columns.take(pa.array(rows, mask=rows < 0))
    return Traffic(
        account=_rows(aligned.column("account_id"), account_ids),
        at=_microseconds(aligned.column("ts")),
        model=tables.encode(aligned.column("model")),
        releases=_read_releases(traffic / "releases.parquet"),
        bans=_read_bans(traffic / "enforcement.parquet", account_ids),
    )


def _read_part(path: Path) -> pa.Table:
    names = ["exchange_id", "ts", "account_id"]
    table = tables.read_columns(path, EXCHANGES, names)
    if "model" in pq.read_schema(path).names:
        return table.append_column("model", tables.read_columns(path, EXCHANGES, ["model"]).column("model"))
    return table.append_column("model", pa.nulls(table.num_rows, pa.string()))


def _rows(ids: pa.ChunkedArray, account_ids: pa.ChunkedArray) -> Codes:
    place = pc.index_in(ids, value_set=account_ids.combine_chunks(), skip_nulls=True)
    return np.asarray(pc.fill_null(place, -1).to_numpy(), dtype=np.int64)


def _microseconds(column: pa.ChunkedArray) -> Codes:
    return np.asarray(pc.fill_null(column.cast(pa.int64()), _NO_TIME).to_numpy(), dtype=np.int64)


def _read_releases(path: Path) -> Releases | None:
    if not path.is_file():
        return None
    table = tables.read_columns(path, RELEASES, RELEASES.names).sort_by("released_at")
    return Releases(tuple(table.column("model").to_pylist()), _microseconds(table.column("released_at")))


def _read_bans(path: Path, account_ids: pa.ChunkedArray) -> Bans | None:
    if not path.is_file():
        return None
    table = tables.read_columns(path, ENFORCEMENT, ENFORCEMENT.names)
    table = table.filter(pc.equal(table.column("action"), "ban")).sort_by("ts")
    rows = _rows(table.column("account_id"), account_ids)
    return Bans(rows[rows >= 0], _microseconds(table.column("ts"))[rows >= 0])
