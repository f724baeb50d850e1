"""Small traffic directories for tests: good rows, and writers for each format."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.schema import EXCHANGES

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def rows(count: int = 5, **changes: Any) -> list[dict[str, Any]]:
    """Good exchanges a minute apart, with the required columns alone; `changes` are set on each."""
    return [
        {
            "exchange_id": f"x{number:05d}",
            "ts": START + timedelta(minutes=number),
            "account_id": f"acct-{number % 3}",
            "prompt": f"How many legs have {number} spiders?",
            **changes,
        }
        for number in range(count)
    ]


def put_parquet(
    folder: Path, table: pa.Table | list[dict[str, Any]], name: str = "exchanges.parquet", **how: Any
) -> Path:
    """Write exchanges as Parquet, in the schema's types where rows are given; returns the traffic directory."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(table, list):
        table = typed(table)
    pq.write_table(table, path, **how)
    return folder


def typed(exchanges: list[dict[str, Any]]) -> pa.Table:
    """Exchanges as an Arrow table of the columns that stand in the first row, all nullable."""
    fields = [pa.field(name, EXCHANGES.field(name).type) for name in exchanges[0]]
    return pa.Table.from_pylist(exchanges, pa.schema(fields))


def json_line(row: dict[str, Any]) -> bytes:
    """A row as a line of JSON, times as RFC 3339."""
    plain = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
    return json.dumps(plain).encode() + b"\n"


def put_jsonl(folder: Path, lines: Iterable[dict[str, Any] | bytes], name: str = "exchanges.jsonl") -> Path:
    """Write exchanges as JSON Lines; bytes go into the file as they are. Returns the traffic directory."""
    folder.mkdir(parents=True, exist_ok=True)
    content = b"".join(line if isinstance(line, bytes) else json_line(line) for line in lines)
    if name.endswith(".zst"):
        content = pa.compress(content, codec="zstd", asbytes=True)
    (folder / name).write_bytes(content)
    return folder


def names_in(folder: Path) -> list[str]:
    """What a directory holds, hidden files included, sorted."""
    return sorted(path.name for path in folder.iterdir())
