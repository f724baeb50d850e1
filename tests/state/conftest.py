"""Both databases: every test that asks for `state` runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from revenuer.state import State, open_state

_numbers = itertools.count()


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
