"""What a log format is: how its records are recognised, which of them belong together, and what rows they make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from revenuer.schema import TableName

__all__ = ["Format", "RecordFormat", "Rejected", "Row"]

Record = dict[str, Any]


class Row(NamedTuple):
    """A row of one of the tables of a traffic directory.

    Values need not be of the column's type yet: times may be RFC 3339 text, epochs or datetimes, numbers may be text.
    What cannot be read as the type becomes null and is counted; columns that are absent are null.
    """

    table: TableName
    values: dict[str, Any]


class Rejected(Exception):  # noqa: N818 (said by a format, not an error of the program)
    """A record that is of the format and cannot be used; the reason is ours and holds no text of the record."""


class Format(Protocol):
    """One way in which gateways write logs down.

    A file is read as a stream of JSON objects, whatever it is made of (JSON, JSON Lines, CSV, Parquet). Each goes through
    `split`; what comes out is grouped by `key`; each group goes to `rows`. A format holds no state, and never raises
    anything but `Rejected`, whatever it is given.
    """

    @property
    def name(self) -> str:
        """What `--format` calls it."""

    @property
    def about(self) -> str:
        """What it reads, in a few words."""

    def matches(self, record: Record) -> float:
        """How sure it is, 0 to 1, that an object of a file is of this format; asked before `split`."""

    def split(self, record: Record) -> Iterator[Record]:
        """The records in an object of a file: itself, or those it holds."""

    def key(self, record: Record) -> str | None:
        """What it has in common with the records that it makes an exchange with; None: it stands alone."""

    def rows(self, records: Sequence[Record]) -> Iterator[Row]:
        """Rows of a group, whose records stand in the order of the input; nothing where it is no exchange.

        Raises:
            Rejected: the records ought to make an exchange and cannot.
        """


class RecordFormat:
    """A format of which each object is one record that stands alone."""

    def split(self, record: Record) -> Iterator[Record]:
        """The object itself."""
        yield record

    def key(self, record: Record) -> str | None:
        """Nothing is joined."""
        del record
        return None
