"""Where collections are kept: SQLite by default, PostgreSQL by URL, apart from the state.

Peers reach this database by way of the server, and the state holds what no peer may see: so they are two. Writers go
one by one, and every object gets a time of addition of its own, later than all before in its collection. What a reader
has seen up to a time is therefore complete, however many write beside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from revenuer.errors import ConfigError, InputError, OutputError

__all__ = ["META", "Store", "collections", "objects", "open_store", "peers", "rights", "statuses"]

SCHEMA: Final = 1
_LOCK: Final = 0x7465_7869  # any number, as long as every writer takes the same one
_BUSY_MS: Final = 60_000
# As many connections as the server has threads: none waits for another.
_POOL: Final = {"pool_size": 8, "max_overflow": 32, "pool_timeout": 60}
_NONE: Final = "no such store: `revenuer taxii make` makes one"
META: Final = sa.MetaData()


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=key, nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


versions: Final = sa.Table("taxii_schema", META, sa.Column("version", sa.Integer, primary_key=True))
collections: Final = sa.Table(
    "taxii_collections",
    META,
    _text("collection_id", key=True),
    _text("root"),
    _text("title"),
    _text("description"),
    _text("alias"),
    sa.Column("last_added", sa.BigInteger, nullable=False),
)
peers: Final = sa.Table("taxii_peers", META, _text("name", key=True), _text("secret"))
rights: Final = sa.Table(
    "taxii_rights",
    META,
    _text("name", key=True),
    _text("collection_id", key=True),
    _flag("can_read"),
    _flag("can_write"),
)
objects: Final = sa.Table(
    "taxii_objects",
    META,
    _text("collection_id", key=True),
    _text("object_id", key=True),
    _text("version_key", key=True),
    _text("spec_version", key=True),
    _text("kind"),
    _text("version"),
    _text("added"),
    _text("peer"),
    _text("document"),
    sa.Index("taxii_added", "collection_id", "added", unique=True),
)
statuses: Final = sa.Table(
    "taxii_statuses",
    META,
    _text("status_id", key=True),
    _text("root"),
    _text("peer"),
    _text("made"),
    _text("document"),
)


def _now() -> int:
    return int(datetime.now(UTC).timestamp() * 1_000_000)


@dataclass(frozen=True, slots=True)
class Store:
    """An open store.

    Attributes:
        engine: of SQLAlchemy; its pool is shared by threads.
        url: as given, without its password.
        clock: microseconds since 1970.
    """

    engine: sa.Engine
    url: str
    clock: Callable[[], int] = _now

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction, the only writer at the time: all of it stands when the block ends, or none.

        Raises:
            OutputError: the database refused.
        """
        with self._connected("written") as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("ROLLBACK")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            yield connection
            connection.commit()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """What stands now.

        Raises:
            OutputError: the database refused.
        """
        with self._connected("read") as connection:
            yield connection

    @contextmanager
    def _connected(self, what: str) -> Iterator[sa.Connection]:
        try:
            with self.engine.connect() as connection:
                yield connection
        except sa.exc.DBAPIError as error:
            raise OutputError(f"cannot be {what}: {_said(error)}", file=self.url) from error

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def open_store(url: str, *, make: bool = True, clock: Callable[[], int] = _now) -> Store:
    """Open a store.

    Args:
        url: path of an SQLite file, `sqlite:///PATH` or `postgresql://USER@HOST/NAME`.
        make: whether it is made where there is none; who serves or lists an empty one has mistyped its name.
        clock: microseconds since 1970; for tests.

    Raises:
        ConfigError: the URL is of no database that can be used.
        InputError: there is no store, and none is to be made, or the file is a database of something else.
        OutputError: the database cannot be reached or written to, or is of a later version.
    """
    engine = _engine(url)
    store = Store(engine, engine.url.render_as_string(hide_password=True), clock)
    if not make and engine.dialect.name == "sqlite" and not Path(str(engine.url.database)).is_file():
        raise InputError(_NONE, file=url)  # to connect would make the file
    try:
        with store.write() as connection:
            _known(connection, url, make=make)
            _make(connection, store.url)
    except InputError:
        store.close()
        raise
    return store


def _known(connection: sa.Connection, url: str, *, make: bool) -> None:
    """Nothing if the database holds a store, or may come to hold one."""
    there = sa.inspect(connection).get_table_names()
    if versions.name in there:
        return
    if there and connection.dialect.name == "sqlite":
        raise InputError("is a database of something else, and no store of collections", file=url)
    if not make:
        raise InputError(_NONE, file=url)


def _make(connection: sa.Connection, url: str) -> None:
    META.create_all(connection)
    found = connection.execute(sa.select(versions.c.version)).scalar()
    if found is None:
        connection.execute(sa.insert(versions).values(version=SCHEMA))
    elif found > SCHEMA:
        raise OutputError("was written by a later version of revenuer", file=url)


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url if "://" in url else f"sqlite:///{url}")
    except sa.exc.ArgumentError as error:
        raise ConfigError(f"--store {url}: neither a path nor the URL of a database") from error
    if parsed.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        # who waited for the lock must see what its holder has made: every statement reads anew
        return sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            connect_args={"connect_timeout": 10},
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            **_POOL,
        )
    if parsed.drivername != "sqlite" or parsed.database in {None, "", ":memory:"}:
        raise ConfigError(f"--store {parsed.render_as_string()}: expected the path of a file, or postgresql://...")
    engine = sa.create_engine(parsed, **_POOL)
    sa.event.listen(engine, "connect", _durable)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _durable(connection: Any, _record: Any) -> None:
    """A commit is on disk before it is acknowledged; readers do not wait for the writer."""
    connection.isolation_level = None  # sqlite3 would otherwise begin transactions of its own, and too late
    for setting in (f"busy_timeout={_BUSY_MS}", "journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {setting}")


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _said(error: sa.exc.DBAPIError) -> str:
    return str(error.orig).strip().split("\n", maxsplit=1)[0]
