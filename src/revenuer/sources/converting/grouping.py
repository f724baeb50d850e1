"""Records that make an exchange together, brought together on disk: they may lie in any files, in any order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import msgspec

from revenuer.errors import OutputError
from revenuer.sources.converting.reading import Found, Place

__all__ = ["Groups"]

_PENDING: Final = 2_000
# A key under which more records come than any exchange has is no key; what is behind this bound is not looked at.
GROUP_LIMIT: Final = 10_000

_Stored = tuple[str, int, int, str, bytes]


class Groups:
    """Records by their key, in a file of its own; memory does not grow with them.

    Args:
        path: the file to make.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = sqlite3.connect(path, isolation_level=None)
        for command in ("PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", "PRAGMA cache_size=-16384"):
            self._database.execute(command)
        self._database.execute("CREATE TABLE records (key TEXT, file INTEGER, number INTEGER, place TEXT, value BLOB)")
        self._pending: list[_Stored] = []

    def add(self, key: str, found: Found) -> None:
        """Keep a record until its group is asked for.

        Raises:
            RecursionError: it is nested too deep to be kept.
            OutputError: the disk does not take it.
        """
        self._pending.append((key, *found.place, msgspec.json.encode(found.value)))
        if len(self._pending) >= _PENDING:
            self._flush()

    def __iter__(self) -> Iterator[tuple[Place, list[dict[str, Any]]]]:
        """Groups in the order of their keys: where the first record of each stands, and all its records.

        Raises:
            OutputError: there is no room to sort them.
        """
        self._flush()
        for _, members in groupby(self._sorted(), lambda row: row[0]):
            _, order, number, place, value = next(members)
            values = [value, *(row[4] for index, row in enumerate(members) if index < GROUP_LIMIT)]
            yield Place(order, number, place), [msgspec.json.decode(each) for each in values]

    def close(self) -> None:
        """Let go of the file; whoever gave the place removes it."""
        self._database.close()

    def _sorted(self) -> Iterator[_Stored]:
        try:
            yield from self._database.execute(
                "SELECT key, file, number, place, value FROM records ORDER BY key, file, number, rowid"
            )
        except sqlite3.Error as error:
            raise OutputError(f"cannot be sorted: {error}", file=str(self._path)) from error

    def _flush(self) -> None:
        try:
            self._database.execute("BEGIN")
            self._database.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", self._pending)
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            raise OutputError(f"cannot be written: {error}", file=str(self._path)) from error
        self._pending = []
