"""A traffic directory: what it holds, what it lacks, and the parts it can be read in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from revenuer.errors import InputError
from revenuer.schema import TABLES, TableName
from revenuer.sources.clock import DAY, EARLIEST, LATEST, SILENCE_DAYS, latest_plausible
from revenuer.sources.content import Content, unread
from revenuer.sources.declared import declared
from revenuer.sources.duplicates import duplicate_ids
from revenuer.sources.jsonl import JsonlSource, read_jsonl
from revenuer.sources.missing import Missing, missing_columns
from revenuer.sources.parquet import ParquetSource, read_parquet
from revenuer.sources.parts import Kind, Part
from revenuer.sources.quarantine import Quarantine

__all__ = ["Traffic", "open_traffic", "read_part"]

_KINDS: Final[tuple[Kind, ...]] = ("parquet", "jsonl", "jsonl.zst")

Source = ParquetSource | JsonlSource


@dataclass
class Traffic:
    """An opened traffic directory.

    Args:
        path: the directory, as given.
        sources: table to its files, in order of their names; tables that are not there are absent.
        passed_over: what else stands in `exchanges/`: files of other formats, and folders.
        strict: whether the first bad row ends the reading.
        content: how much of the text may be read.
        quarantine: what was wrong with the rows of the side tables read so far; exchanges are counted by `read_part`.
    """

    path: Path
    sources: dict[TableName, tuple[Source, ...]]
    passed_over: tuple[str, ...] = ()
    strict: bool = False
    content: Content = "full"
    quarantine: Quarantine = field(default_factory=Quarantine)

    def exchange_parts(self) -> list[Part]:
        """Units of work, in file order; a JSON Lines file is read through once to find them."""
        latest = self.latest
        return [replace(part, latest=latest) for part in self._parts("exchanges")]

    @cached_property
    def latest(self) -> int:
        """The last microsecond since 1970 that an exchange may carry; see `clock`.

        Read from footers where they show that the traffic is shorter than the silence that would be looked for.
        """
        sources = self.sources["exchanges"]
        spans = [source.span() for source in sources]
        known = [span for span in spans if span is not None]
        low, high = min((s[0] for s in known), default=0), max((s[1] for s in known), default=0)
        if len(known) == len(spans) and low >= EARLIEST and high - low <= SILENCE_DAYS * DAY:
            return LATEST
        return latest_plausible(sum((source.days() for source in sources), Counter()))

    @property
    def missing(self) -> tuple[Missing, ...]:
        """Every column and table that could not be used, in schema order, and what cannot be judged without it."""
        found: list[Missing] = []
        for table in TABLES:
            sources = self.sources.get(table)
            present = None if sources is None else {name for source in sources for name in source.present}
            found += missing_columns(table, present)
        return tuple(found)

    @property
    def notes(self) -> tuple[str, ...]:
        """How the traffic was made, where it says so, and what was passed over: columns that the schema does not know, files that are of no known format."""
        extra = {table: {name for source in found for name in source.extra} for table, found in self.sources.items()}
        columns = (f"{table}: columns not used: {_listed(names)}" for table, names in extra.items() if names)
        files = (f"exchanges: files not read: {_listed(self.passed_over)}",) if self.passed_over else ()
        return (*declared(self.path), *self._untouched, *files, *columns)

    @property
    def _untouched(self) -> tuple[str, ...]:
        names = unread("exchanges", self.content)
        return (f"exchanges: not read under --content {self.content}: {_listed(names)}",) if names else ()

    def accounts(self) -> pa.Table:
        """Accounts as known at sign-up; of several rows for one account the first counts. Empty where unknown."""
        return self._accounts

    def releases(self) -> pa.Table:
        """Model releases; empty where unknown."""
        return self._releases

    def enforcement(self) -> pa.Table:
        """Actions taken against accounts; empty where unknown."""
        return self._enforcement

    def consents(self) -> pa.Table:
        """What was agreed with organisations and accounts; empty where unknown."""
        return self._consents

    @cached_property
    def _accounts(self) -> pa.Table:
        table = self._read("accounts")
        repeated = duplicate_ids(table["account_id"])
        self.quarantine.reject("accounts: account_id repeated", int(repeated.sum()))
        return table.filter(pa.array(~repeated))

    @cached_property
    def _releases(self) -> pa.Table:
        return self._read("releases")

    @cached_property
    def _enforcement(self) -> pa.Table:
        return self._read("enforcement")

    @cached_property
    def _consents(self) -> pa.Table:
        return self._read("consents")

    def _parts(self, table: TableName) -> list[Part]:
        parts: list[Part] = []
        for source in self.sources.get(table, ()):
            parts += source.parts(len(parts))
        return [replace(part, strict=self.strict) for part in parts]

    def _read(self, table: TableName) -> pa.Table:
        batches = [batch for part in self._parts(table) for batch in read_part(part, self.quarantine)]
        return pa.Table.from_batches(batches, schema=TABLES[table])


def open_traffic(path: Path, *, strict: bool = False, content: Content = "full") -> Traffic:
    """Open a traffic directory and check all that can be known without reading its rows. `truth/` is never looked at.

    Args:
        path: the directory.
        strict: refuse at the first bad row.
        content: with `none` the columns of text are passed over, whatever they hold, and may be missing.

    Raises:
        InputError: no directory, no exchanges, or a file that cannot be read as its table; names file and column.
    """
    if not path.is_dir():
        raise InputError("is no directory of traffic" if path.exists() else "no such directory", file=str(path))
    try:
        sources = {table: found for table in TABLES if (found := _sources(path, table, content))}
        others = _others(path / "exchanges")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(error.filename or path)) from error
    if "exchanges" not in sources:
        raise InputError(
            "holds no exchanges: expected exchanges/ or exchanges, as .parquet or .jsonl (`revenuer convert` makes them of logs)",
            file=str(path),
        )
    return Traffic(path, sources, others, strict, content)


def read_part(part: Part, quarantine: Quarantine) -> Iterator[Any]:
    """Validated record batches of a part, in the schema of its table and the order of its file.

    A batch has at most 65,536 rows and about 64 MB of text, or is a single longer row.

    Args:
        part: from `Traffic.exchange_parts`.
        quarantine: counts what was wrong; parts may have one each, summed afterwards with `+`.

    Raises:
        InputError: the file cannot be read, or a bad row under `strict`.
    """
    batches = read_parquet(part, quarantine) if part.kind == "parquet" else read_jsonl(part, quarantine)
    return (batch for batch in batches if len(batch))


def _sources(path: Path, table: TableName, content: Content) -> tuple[Source, ...]:
    files = [(name, kind) for kind in _KINDS if (path / (name := f"{table}.{kind}")).is_file()]
    if table == "exchanges" and (path / table).is_dir():
        files += _inside(path, table)
    if len({name.split("/")[0] for name, _ in files}) > 1:
        names = " and ".join(name for name, _ in files[:2])
        raise InputError(f"holds both {names}: one of them must go", file=str(path))
    # absolute, for tasks that run in another folder
    return tuple(_open((path / name).absolute(), name, table, kind, unread(table, content)) for name, kind in files)


def _inside(path: Path, table: str) -> list[tuple[str, Kind]]:
    names = [child.name for child in _visible(path / table) if not child.is_dir()]
    return [(f"{table}/{name}", kind) for name in names for kind in _KINDS if name.endswith(f".{kind}")]


def _others(folder: Path) -> tuple[str, ...]:
    """What stands in a folder of exchanges and is not read: half a log may hide there."""
    suffixes = tuple(f".{kind}" for kind in _KINDS)
    children = _visible(folder) if folder.is_dir() else []
    return tuple(child.name for child in children if child.is_dir() or not child.name.endswith(suffixes))


def _visible(folder: Path) -> list[Path]:
    """Children in order of their names, without what tools leave behind (`_SUCCESS`, `.crc`)."""
    return sorted(child for child in folder.iterdir() if child.name[0] not in "._")


def _listed(names: Collection[str], most: int = 20) -> str:
    shown = [name[:60] for name in sorted(names)[:most]]
    return ", ".join(shown) + (f" and {len(names) - most} more" if len(names) > most else "")


def _open(path: Path, name: str, table: TableName, kind: Kind, passed: frozenset[str]) -> Source:
    return (
        ParquetSource(path, name, table, passed) if kind == "parquet" else JsonlSource(path, name, table, kind, passed)
    )
