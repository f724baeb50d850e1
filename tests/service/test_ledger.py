"""Decisions on their way to the state: none is lost, none arrives twice, and what they count is known again later."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway_world import met_in

from revenuer.service.ledger import Ledger
from revenuer.service.memory import DAY, Line, Memory, summed
from revenuer.state import State, entries, open_state, verify_chain

AT = 1_800_000_000


def line(account: str = "a", *, task: str = "C-1", made: dict[str, Any] | None = None, rung: str = "verify") -> Line:
    """A request that was met."""
    decision = "" if made is None else made["decision_id"]
    return Line(AT, account, rung, "rule", "REASON", decision, task, True, 3, "r-1", made)  # type: ignore[arg-type]


def decision(name: str) -> dict[str, Any]:
    """A decision as the ledger carries it."""
    return {
        "decision_id": name, "subject_kind": "account", "subject": "a", "rung": "verify", "rule": "rule",
        "reason": "REASON", "evidence": {"flagged": True}, "policy": "p-1", "status": "active", "approvals_needed": 0,
        "made_at": "2027-01-15T08:00:00Z", "expires_at": "2027-02-15T08:00:00Z",
    }  # fmt: skip


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """An empty state."""
    opened = open_state(str(tmp_path / "state.db"))
    yield opened
    opened.close()


def kept(ledger: Ledger, *lines: Line) -> None:
    """Write lines the way a server does: all at once, each waiting for the disk."""

    async def run() -> None:
        await asyncio.gather(*(ledger.keep(one) for one in lines))

    asyncio.run(run())


def decisions_in(state: State) -> list[str]:
    """Ids of the decisions of the state."""
    with state.read() as connection:
        return list(connection.exec_driver_sql("SELECT decision_id FROM decisions ORDER BY 1").scalars())


def test_what_was_acknowledged_outlasts_the_process(tmp_path: Path, state: State) -> None:
    """Lines of a process that ended without a word are found by the next, and reach the state once."""
    first = Ledger(tmp_path / "journal", rotate_seconds=1e9)
    kept(first, line(made=decision("D-0000000000aa")), line("b"))
    first.journal._lock.close()  # what the end of a process does
    again = Ledger(tmp_path / "journal", rotate_seconds=0.0)
    assert [one.account for one in again.left()] == ["a", "b"]
    again.flush(state)
    again.flush(state)
    assert (met_in(state), decisions_in(state), again.files()) == (2, ["D-0000000000aa"], [])
    again.close()


def test_a_batch_that_stands_already_is_not_written_again(tmp_path: Path, state: State) -> None:
    """A crash between the state's commit and the end of the file repeats nothing."""
    first = Ledger(tmp_path / "journal", rotate_seconds=0.0)
    kept(first, line(made=decision("D-0000000000aa")))
    first.journal.rotate()
    (path,) = first.files()
    content = path.read_bytes()
    first.flush(state)
    first.close()
    path.write_bytes(content)
    again = Ledger(tmp_path / "journal", rotate_seconds=0.0)
    again.flush(state)
    again.close()
    assert (met_in(state), again.files()) == (1, [])
    with state.read() as connection:
        assert verify_chain(connection).fault is None


def test_a_decision_has_an_entry_of_its_own(tmp_path: Path, state: State) -> None:
    """A decision that the service made is proposed in the log, by the id that was told, with its evidence."""
    ledger = Ledger(tmp_path / "journal", rotate_seconds=0.0)
    kept(ledger, line(made=decision("D-0000000000aa")), line(made=decision("D-0000000000aa")))
    ledger.journal.rotate()
    ledger.flush(state)
    ledger.close()
    with state.read() as connection:
        log = [(entry.action, entry.subject) for entry in entries(connection)]
    assert [subject for action, subject in log if action == "decision.propose"] == ["D-0000000000aa"]


def test_a_full_disk_is_said_to_whoever_waits(tmp_path: Path) -> None:
    """A line that the disk does not take fails for its request alone; what was acknowledged stays, and writing goes on."""
    ledger = Ledger(tmp_path / "journal", rotate_seconds=0.0)
    kept(ledger, line("first"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, before[1]))
    try:
        with pytest.raises(OSError, match="large"):
            kept(ledger, *(line("second" * 20) for _ in range(5)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    kept(ledger, line("third"))
    ledger.close()
    assert [one.account for one in Ledger.left(ledger)] == ["first", "third"]


def test_what_a_batch_counts_is_learned_from_the_log() -> None:
    """Whoever reads a batch in the log knows the tasks, the rates and the day's requests as the one who wrote it does."""
    lines = [line("a"), line("a", task="C-2"), line("b", task=""), line("c", task="", rung="shape_rate")]
    wrote = Memory()
    for one in lines:
        wrote.learn(summed([one]), AT // DAY)
    read = Memory()
    read.learn(summed(lines), AT // DAY)
    assert read == wrote
    assert (read.hits, read.passed) == ({"a": ("C-1", 2)}, {"c": 1})
    assert (read.requests, read.above) == (12, 4)


def test_a_batch_of_yesterday_counts_no_request_of_today() -> None:
    """Tasks count for ever, the day's requests for the day."""
    read = Memory()
    read.learn(summed([line("a"), line("c", task="", rung="shape_rate")]), AT // DAY + 1)
    assert (read.hits, read.passed, read.requests, read.above) == ({"a": ("C-1", 1)}, {}, 0, 0)
