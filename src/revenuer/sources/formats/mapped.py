"""Formats that are data: a field map in TOML says which path of a record fills which column."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from revenuer.errors import ConfigError
from revenuer.schema import TABLES, TableName
from revenuer.sources.formats.base import Row
from revenuer.sources.formats.bodies import merged, request_columns, response_columns, status_of
from revenuer.sources.formats.messages import text_of
from revenuer.sources.formats.values import as_object, credential, digest, first, pick, said, text

__all__ = ["MappedFormat", "field_map", "shipped_maps"]

Reading = Literal["text", "hash", "digest", "count", "http_status", "content", "domain"]
Value = str | int | float | bool


class _Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    paths: tuple[str, ...] = ()
    equals: dict[str, Value] = {}


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    request: tuple[str, ...] | str = ()
    response: tuple[str, ...] | str = ()
    code: tuple[str, ...] | str = ()


class _Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"reading": "as"}):
    path: tuple[str, ...] | str = ()
    value: Value | None = None
    reading: Reading | None = None
    words: dict[str, str] = {}


_Columns = dict[str, str | tuple[str, ...] | _Column]


class _Map(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    about: str = "a field map"
    base: str | None = None
    split: str | None = None
    match: _Match = _Match()
    body: _Body = _Body()
    columns: _Columns = {}
    accounts: _Columns = {}
    consents: _Columns = {}


class MappedFormat:
    """A format described by a field map; `docs/sources.md` has the language.

    Args:
        content: the map, as bytes of TOML.
        file: its name, for messages.

    Raises:
        ConfigError: it is no TOML, or says what no map can say; names the file.
    """

    def __init__(self, content: bytes, file: str) -> None:
        try:
            self._map = msgspec.toml.decode(content, type=_Map)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{file}: {(str(error).splitlines() or ['unreadable'])[0]}") from error
        self.digest = hashlib.sha256(content).hexdigest()
        self.name, self.about, self.base = self._map.name, self._map.about, self._map.base
        named = {"columns": self._map.columns, "accounts": self._map.accounts, "consents": self._map.consents}
        self._tables: dict[TableName, dict[str, _Column]] = {}
        for section, table in _SECTIONS.items():
            if named[section]:
                self._tables[table] = _checked(named[section], table, f"{file}, [{section}]")
        if not self._tables and self._map.body == _Body():
            raise ConfigError(f"{file}: fills no column: expected [columns], [body] or [accounts]")

    def matches(self, record: dict[str, Any]) -> float:
        """0.95 where all that `[match]` names is there; a map without one recognises nothing."""
        asked = self._map.match
        if not asked.paths and not asked.equals:
            return 0.0
        there = all(said(pick(record, path)) for path in asked.paths)
        return 0.95 if there and all(pick(record, path) == value for path, value in asked.equals.items()) else 0.0

    def split(self, record: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The object itself, or those in the list at `split`, each with what stands around the list as `_outer`."""
        if self._map.split is None:
            yield record
            return
        held = as_object(pick(record, self._map.split))
        outer = {name: value for name, value in record.items() if name != self._map.split.split(".")[0]}
        for item in held if isinstance(held, list) else ():
            if isinstance(item, dict):
                yield {**item, "_outer": outer}

    def key(self, record: dict[str, Any]) -> str | None:
        """Nothing is joined."""
        del record
        return None

    def rows(self, records: Sequence[dict[str, Any]]) -> Iterator[Row]:
        """An exchange where `[columns]` or `[body]` say anything, and a row of each side table that has its id."""
        record = records[0]
        body = self._body(record)
        for table in ("exchanges", "accounts", "consents"):
            given = _filled(record, self._tables.get(table, {}))
            values = merged(body, given) if table == "exchanges" else given
            if _is_row(table, values):
                yield Row(table, values)

    def _body(self, record: dict[str, Any]) -> dict[str, Any]:
        body, code = self._map.body, first(record, *_paths(self._map.body.code))
        request = request_columns(first(record, *_paths(body.request))) if body.request else {}
        response = response_columns(first(record, *_paths(body.response)), code) if body.response else {}
        # the model that was asked for, not the version that answered
        return merged(response, request)


def field_map(path: Path) -> MappedFormat:
    """The user's field map.

    Raises:
        ConfigError: it cannot be read, or is none.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    return MappedFormat(content, str(path))


@cache
def shipped_maps() -> tuple[MappedFormat, ...]:
    """The field maps that come with the program, in order of their names."""
    folder = resources.files("revenuer.sources") / "maps"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: str(file.name))
    return tuple(MappedFormat(file.read_bytes(), file.name) for file in files)


_SECTIONS: Final[Mapping[str, TableName]] = {"columns": "exchanges", "accounts": "accounts", "consents": "consents"}


def _checked(columns: _Columns, table: TableName, where: str) -> dict[str, _Column]:
    for name, column in columns.items():
        if name not in TABLES[table].names:
            raise ConfigError(f"{where}: {table} have no column {name}: known are {', '.join(TABLES[table].names)}")
        if isinstance(column, _Column) and (column.value is None) == (not column.path):
            raise ConfigError(f"{where}: {name} needs either a path or a value")
    return {name: given if isinstance(given, _Column) else _Column(path=given) for name, given in columns.items()}


def _filled(record: dict[str, Any], columns: Mapping[str, _Column]) -> dict[str, Any]:
    return {name: value for name, column in columns.items() if (value := _read(record, column)) is not None}


def _read(record: dict[str, Any], column: _Column) -> Any:
    if column.value is not None:
        return column.value
    value = first(record, *_paths(column.path))
    if value is None:
        return None
    if column.reading is not None:
        value = _READINGS[column.reading](as_object(value))
    return column.words.get(text(value) or "", value) if column.words else value


def _paths(given: str | tuple[str, ...]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else given


def _is_row(table: TableName, values: Mapping[str, Any]) -> bool:
    if table == "exchanges":
        return bool(values)
    return values.get("account_id") is not None or (table == "consents" and values.get("org_id") is not None)


def _hashed(value: Any) -> str | None:
    name = text(value)
    return None if name is None else digest(name.lower())


def _domain(value: Any) -> str | None:
    name = text(value)
    return name.rpartition("@")[2].lower() if name and "@" in name else None


_READINGS: Final[Mapping[Reading, Callable[[Any], Any]]] = {
    "text": text,
    "hash": credential,
    "digest": _hashed,
    "count": lambda value: len(value) if isinstance(value, (list, dict)) else None,
    "http_status": status_of,
    "content": lambda value: text_of(value) or None,
    "domain": _domain,
}
