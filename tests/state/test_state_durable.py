"""What was acknowledged stands: after kill -9, and on a disk that is full."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from state_samples import NOON, campaign, found, people

from revenuer.errors import OutputError
from revenuer.state import append, entries, open_state, record_scan, verify_chain

WRITER = """
import sys
from revenuer.state import append, open_state
state = open_state(sys.argv[1])
number = 0
while True:
    number += 1
    with state.write() as connection:
        for part in range(3):
            append(connection, at="2026-03-01T12:00:00Z", actor="a", action="x", subject=f"{number}-{part}", detail={})
    print(number, flush=True)
"""


@pytest.mark.parametrize("patience", [3, 17])
def test_kill_9_loses_nothing_acknowledged(url: str, patience: int):
    """All that the writer said stands, and nothing is half there: entries come in threes."""
    with subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True) as writer:  # noqa: S603
        assert writer.stdout is not None
        said = [int(writer.stdout.readline()) for _ in range(patience)]
        os.kill(writer.pid, signal.SIGKILL)
        said += [int(line) for line in writer.stdout.read().split()]
    state = open_state(url)
    with state.read() as connection:
        subjects = [entry.subject for entry in entries(connection)]
        assert verify_chain(connection).fault is None
    state.close()
    assert len(subjects) % 3 == 0
    assert len(subjects) // 3 in {said[-1], said[-1] + 1}
    assert subjects[: 3 * said[-1]] == [f"{number}-{part}" for number in range(1, said[-1] + 1) for part in range(3)]


def test_a_full_disk_refuses_and_keeps(tmp_path: Path):
    """The scan that does not fit is not there at all, and what was there still is."""
    state = open_state(str(tmp_path / "state.db"))
    record_scan(state, [campaign("C-1", people(0, 6))], found(people(0, 6), "C-1"), at=NOON)
    with state.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 4}")
        connection.rollback()
    many = people(100, 20_000)
    with pytest.raises(OutputError, match="full"):
        record_scan(state, [campaign("C-2", many)], found(many, "C-2"), at=NOON)
    with state.read() as connection:
        assert [entry.action for entry in entries(connection)] == ["scan.record"]
    with state.write() as connection:
        append(connection, at=NOON, actor="a", action="x", subject="s", detail={})
    state.close()


def test_an_acknowledged_commit_is_on_disk(tmp_path: Path):
    """The settings that this rests on are in force on every connection."""
    state = open_state(str(tmp_path / "state.db"))
    for _ in range(2):
        with state.read() as connection:
            told = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
            assert told == ["wal", 2]
        state.close()
