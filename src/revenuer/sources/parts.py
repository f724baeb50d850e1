"""Independent units of reading work, small enough to pickle and send to a thread or a cluster task."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from revenuer.schema import REQUIRED, TABLES, TableName

__all__ = ["MAX_BATCH_BYTES", "MAX_BATCH_ROWS", "PART_BYTES", "PART_ROWS", "Kind", "Part", "narrowed", "without"]

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
        columns: what is read and checked; the others are null in every row. None: all.
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
    columns: tuple[str, ...] | None = None

    def reads(self, column: str) -> bool:
        """Whether a column of the table is read."""
        return self.columns is None or column in self.columns


def narrowed(parts: Sequence[Part], columns: Collection[str]) -> list[Part]:
    """The same parts, of whose columns only these and the required ones are read.

    A row without a required value is set aside, so every pass has to see the same ones.
    """
    return [replace(part, columns=_kept(part, {*columns, *REQUIRED[part.table]})) for part in parts]


def _kept(part: Part, wanted: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in TABLES[part.table].names if name in wanted and part.reads(name))


def without(parts: Sequence[Part], unread: Collection[str]) -> list[Part]:
    """The same parts; what is in `unread` is read by nobody, and stays so when they are narrowed."""
    if not unread:
        return list(parts)
    kept = tuple(name for name in TABLES[parts[0].table].names if name not in unread) if parts else ()
    return [replace(part, columns=kept) for part in parts]
