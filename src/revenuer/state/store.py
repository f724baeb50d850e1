"""Opening the state: SQLite by default, PostgreSQL by URL, brought to the newest schema by Alembic."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from revenuer.errors import ConfigError, InputError, OutputError

__all__ = ["State", "open_state"]

MIGRATIONS: Final = Path(__file__).parent / "migrations"
# Any number does, as long as every writer takes the same one: it stands for "who writes to the state".
_LOCK: Final = 0x7265_7665
_BUSY_MS: Final = 30_000


@dataclass(frozen=True, slots=True)
class State:
    """An open state.

    Attributes:
        engine: of SQLAlchemy; a pool, so it may be shared by threads but not by processes.
        url: as given, without its password.
    """

    engine: sa.Engine
    url: str

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction, the only writer at the time: all of it stands and is on disk when the block ends, or none.

        Raises:
            OutputError: the database refused: full, read-only, locked for half a minute, or gone.
        """
        try:
            with self.engine.connect() as connection:
                _lock(connection)
                yield connection
                connection.commit()
        except sa.exc.DBAPIError as error:
            raise OutputError(f"cannot be written: {_said(error)}", file=self.url) from error

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A view of the state that no writer changes under the reader.

        Raises:
            OutputError: the database refused.
        """
        try:
            with self.engine.connect() as connection:
                yield connection
        except sa.exc.DBAPIError as error:
            raise OutputError(f"cannot be read: {_said(error)}", file=self.url) from error

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def open_state(url: str, *, make: bool = True) -> State:
    """Open a state, and make it or bring it up to date where need be.

    Args:
        url: a path of an SQLite file, or a URL: `sqlite:///PATH`, `postgresql://USER@HOST/NAME`.
        make: whether an SQLite file that is not there is made; whoever only looks would look at an empty one.

    Raises:
        ConfigError: the URL is of no database that can be used.
        InputError: the file is not there, and is not to be made; or its folder is not there.
        OutputError: the database cannot be reached or written to, or is of a later version.
    """
    engine = _engine(url)
    shown = engine.url.render_as_string(hide_password=True)
    if engine.dialect.name == "sqlite":
        _check_place(Path(str(engine.url.database)), make=make)
    try:
        with engine.connect() as connection:
            _migrate(connection)
    except CommandError as error:
        engine.dispose()
        raise OutputError(f"was written by a later version of revenuer: {error}", file=shown) from error
    except sa.exc.DBAPIError as error:
        engine.dispose()
        raise OutputError(f"cannot be opened: {_said(error)}", file=shown) from error
    return State(engine, shown)


def _check_place(path: Path, *, make: bool) -> None:
    if not path.parent.is_dir():
        raise InputError("no such folder for a state", file=str(path.parent))
    if not make and not path.exists():
        raise InputError("no such state: `revenuer scan --state` makes one", file=str(path))


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url if "://" in url else f"sqlite:///{url}")
    except sa.exc.ArgumentError as error:
        raise ConfigError(f"--state {url}: neither a path nor the URL of a database") from error
    if parsed.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        # an outage of the database must end a wait, not begin one
        waits = {"connect_timeout": 10}
        return sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            connect_args=waits,
            isolation_level="REPEATABLE READ",
            pool_pre_ping=True,
        )
    if parsed.drivername != "sqlite" or parsed.database in {None, "", ":memory:"}:
        raise ConfigError(f"--state {parsed.render_as_string()}: expected the path of a file, or postgresql://...")
    engine = sa.create_engine(parsed)
    sa.event.listen(engine, "connect", _durable)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _durable(connection: Any, _record: Any) -> None:
    """A commit is on disk before it is acknowledged; readers do not wait for the writer."""
    connection.isolation_level = None  # sqlite3 would otherwise begin transactions of its own, and too late
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}"):
        connection.execute(f"PRAGMA {setting}")


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _lock(connection: sa.Connection) -> None:
    """Writers go one by one: the audit log is a chain, and campaigns are matched against what stands."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        # before the first statement that reads, so that the snapshot is taken with the lock held
        connection.exec_driver_sql("LOCK TABLE audit IN EXCLUSIVE MODE")


def _migrate(connection: sa.Connection) -> None:
    """Alembic's own newest version, in one transaction, one process at a time."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        # who waited for the lock must see what its holder has made
        connection.execution_options(isolation_level="READ COMMITTED")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()


def _said(error: sa.exc.DBAPIError) -> str:
    return str(error.orig).strip().split("\n", maxsplit=1)[0]
