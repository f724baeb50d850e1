"""The store under many writers, on both databases, and a server that is killed and comes again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import sqlalchemy as sa
from taxii_places import (
    ALONE,
    MINUTE,
    TO_GATEWAYS_TOO,
    Place,
    answering,
    furnished,
    indicator,
    served,
    served_to_gateways_too,
)

from revenuer.errors import ConfigError, InputError, OutputError
from revenuer.sharing.taxii.filters import Filter
from revenuer.sharing.taxii.media import time_key
from revenuer.sharing.taxii.peers import add_collection, add_peer, allow
from revenuer.sharing.taxii.reading import page
from revenuer.sharing.taxii.store import Store, open_store
from revenuer.sharing.taxii.writing import add

WRITERS, BATCHES = 6, 8


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An open store, made by several at once."""
    url = str(tmp_path / "store.db") if request.param == "sqlite" else request.getfixturevalue("postgres")
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(open_store, [url] * 4))
    for one in opened[1:]:
        one.close()
    yield opened[0]
    opened[0].close()


def test_who_follows_misses_nothing(store: Store):
    """However many write, a reader that asks for what was added after the last it saw gets every object once."""
    place = add_collection(store, title="Shelf")
    done = threading.Event()
    seen: list[str] = []

    def follow() -> None:
        after = ""
        while True:
            last_turn = done.is_set()
            with store.read() as connection:
                found = page(connection, place, Filter(after=after, limit=7)).objects
            seen.extend(one.object_id for one in found)
            after = time_key(found[-1].added) if found else after
            if last_turn and not found:
                return

    def write(writer: int) -> None:
        for batch in range(BATCHES):
            first = (writer * BATCHES + batch) * 5
            given = [indicator(number) for number in range(first, first + 5)]
            told = add(store, root="api1", collection=place, peer=f"peer{writer}", given=given)
            assert told["success_count"] == 5

    reader = threading.Thread(target=follow)
    reader.start()
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    done.set()
    reader.join()
    assert sorted(seen) == sorted(indicator(number)["id"] for number in range(WRITERS * BATCHES * 5))


def test_the_same_object_from_many_is_kept_once(store: Store):
    """All are told that it was taken, and one of them owns it."""
    place = add_collection(store, title="Shelf")
    peers = [f"peer{number}" for number in range(8)]

    def send(peer: str) -> int:
        told = add(store, root="api1", collection=place, peer=peer, given=[indicator(1)])
        count: int = told["success_count"]
        return count

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(send, peers)) == [1] * 8
    with store.read() as connection:
        assert len(page(connection, place, Filter()).objects) == 1


def test_times_of_addition_never_go_back(tmp_path: Path):
    """Also when the clock does: what was added later sorts later."""
    clock = iter([3_000_000, 1_000_000, 2_000_000])
    store = open_store(str(tmp_path / "store.db"), clock=lambda: next(clock))
    place = add_collection(store, title="Shelf")
    for number in range(3):
        add(store, root="api1", collection=place, peer="lab", given=[indicator(number)])
    with store.read() as connection:
        found = page(connection, place, Filter()).objects
    store.close()
    assert [one.object_id for one in found] == [indicator(number)["id"] for number in range(3)]
    assert found[0].added == "1970-01-01T00:00:03.000000Z"


def test_a_database_without_a_store_is_none(postgres: str):
    """Who only looks is told so, and leaves the database as it is."""
    server = sa.make_url(postgres).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("DROP DATABASE IF EXISTS without_a_store"))
        connection.execute(sa.text("CREATE DATABASE without_a_store"))
    engine.dispose()
    url = server.set(database="without_a_store").render_as_string(hide_password=False)
    for _ in range(2):
        with pytest.raises(InputError, match="no such store"):
            open_store(url, make=False)
    open_store(url).close()
    open_store(url, make=False).close()


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "://", ":memory:"])
def test_what_is_no_store_is_refused(url: str):
    """In one line that names it."""
    with pytest.raises(ConfigError, match="--store"):
        open_store(url)


def test_a_store_of_a_later_version_is_refused(tmp_path: Path):
    """It would be misread."""
    open_store(str(tmp_path / "store.db")).close()
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE taxii_schema SET version = 99"))
    engine.dispose()
    with pytest.raises(OutputError, match="later version"):
        open_store(str(tmp_path / "store.db"))


def test_secrets_are_not_kept(tmp_path: Path):
    """Neither a peer's secret nor a part of it stands in the file."""
    store = open_store(str(tmp_path / "store.db"))
    secret = add_peer(store, "lab")
    allow(store, "lab", add_collection(store, title="Shelf"), frozenset({"read"}))
    store.close()
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert secret.encode() not in kept
    assert secret.encode()[4:20] not in kept


@pytest.mark.parametrize("command", [ALONE, TO_GATEWAYS_TOO])
def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path, command: Sequence[str]):
    """After SIGKILL in the middle of additions all that was answered with 202 is there, and a page token still leads on."""
    place = furnished(str(tmp_path / "store.db"))
    with answering(place, [*command, place.store]) as (running, process):
        taken, token = added_until_a_page(running)
        process.kill()
        process.wait(MINUTE)
    with answering(place, [*command, place.store]) as (again, _), again.http() as http:
        found = http.get(f"{again.url()}objects/", params={"limit": "100", "next": token}).json()["objects"]
        assert [one["id"] for one in found] == taken[4:]


def added_until_a_page(running: Place) -> tuple[list[str], str]:
    """Ids of ten objects that were taken, and the token of the page behind the first four."""
    taken = []
    for number in range(10):
        running.add(indicator(number))
        taken.append(indicator(number)["id"])
    with running.http() as http:
        token = http.get(f"{running.url()}objects/", params={"limit": "4"}).json()["next"]
    return taken, token


@pytest.mark.parametrize("by", [served, served_to_gateways_too])
def test_many_clients_at_once(tmp_path: Path, by: Callable[[Place], AbstractContextManager[Place]]):
    """Forty that write and read beside each other are all served."""
    with by(furnished(str(tmp_path / "store.db"))) as place:

        def visit(number: int) -> int:
            place.add(indicator(number))
            with place.http() as http:
                return http.get(f"{place.url()}objects/", params={"match[id]": indicator(number)["id"]}).status_code

        with ThreadPoolExecutor(40) as pool:
            assert list(pool.map(visit, range(40))) == [200] * 40
