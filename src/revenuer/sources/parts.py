"""Independent units of reading work, small enough to pickle and send to a thread or a cluster task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from revenuer.schema import TableName

__all__ = ["MAX_BATCH_BYTES", "MAX_BATCH_ROWS", "PART_BYTES", "PART_ROWS", "Kind", "Part"]

MAX_BATCH_ROWS: Final = 65_536
MAX_BATCH_BYTES: Final = 64 << 20
PART_ROWS: Final = 131_072
PART_BYTES: Final = 128 << 20

Kind = Literal["parquet", "jsonl", "jsonl.zst"]


@dataclass(frozen=True, slots=True)
class Part:
    """A range of one file.

    Args:
        table: the table that the file holds.
        path: the file, as the process opens it.
        name: the file, as messages name it (relative to the traffic directory).
        kind: its format.
        order: position among the parts of the table; ties between rows are broken by it.
        start: first row group (Parquet) or byte (JSONL).
        stop: the row group or byte after the last.
        first: rows (Parquet) or lines (JSONL) of the file that lie before the part.
        rows: rows or lines in the part, bad ones included.
        latest: microseconds since 1970; a later `ts` is taken for a broken clock. None: no limit.
        strict: raise at the first bad row instead of counting it.
    """

    table: TableName
    path: str
    name: str
    kind: Kind
    order: int
    start: int
    stop: int
    first: int
    rows: int
    latest: int | None = None
    strict: bool = False
