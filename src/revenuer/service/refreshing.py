"""Keeping what is known as new as the state: the audit log says what changed, and only that is read again."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from revenuer.errors import OutputError, RevenuerError
from revenuer.service.deciding import Decider
from revenuer.service.ledger import Ledger
from revenuer.service.loading import (
    Changed,
    Loader,
    batches_met,
    head_of,
    rulings_named,
    with_rulings,
    with_standing,
)
from revenuer.service.memory import DAY, MET
from revenuer.service.table import Table
from revenuer.state import Entry, State, consents_at, entries, open_state

__all__ = ["Refresher"]

_log: Final = logging.getLogger(__name__)

# Half a millisecond of processor each; what changed shows half of it later, on average.
POLL_SECONDS: Final = 0.1
# With more changed decisions than this the table is read anew, which keeps what came since small.
MOST_RECENT: Final = 50_000
_FAILING: Final = (RevenuerError, OSError)

Post = Callable[..., Any]


class Refresher:
    """Threads that read the state and bring batches of the ledger into it.

    Args:
        url: of the state.
        decider: whose knowledge is kept.
        ledger: whose batches go into the state.
        post: runs a function with its arguments in the thread that decides, so that counts have one owner.
    """

    def __init__(self, url: str, decider: Decider, ledger: Ledger, post: Post) -> None:
        self.url, self.decider, self.ledger, self.post = url, decider, ledger, post
        self.state: State | None = None
        self.seen = -1
        self.read_at = 0.0
        self.lost = False
        self._place: tuple[Path, int] | None = None
        self._loader = Loader()
        self._table: Table | None = None
        self._stop = threading.Event()
        # a writer may have to wait for another for long, and what changed must show soon: two threads
        steps = {"reader": self.read, "writer": self.write}
        self._threads = [threading.Thread(target=self._run, args=(n, s), name=n, daemon=True) for n, s in steps.items()]

    def start(self) -> None:
        """Take in what an earlier run left, and begin to read and to write."""
        for line in self.ledger.left():
            self.decider.recall(line)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Read no more; a last time what is on disk goes into the state, if it can."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        _tried("writer", self.write, quiet=False)
        if self.state is not None:
            self.state.close()

    @property
    def age(self) -> float:
        """Seconds since the state was last read."""
        return time.monotonic() - self.read_at if self.read_at else float("inf")

    def read(self) -> None:
        """Take in what changed.

        Raises:
            OutputError: the state cannot be read, or is not the one that it was.
        """
        self.lost = True
        state = self._opened()
        with state.read() as connection:
            head = head_of(connection)
            if head < self.seen:
                raise OutputError("its log is shorter than it was", file=state.url)
            if head > self.seen:
                consents = consents_at(connection, _now())
                if self.seen < 0:
                    self._read_all(connection, head)
                else:
                    self._read_new(connection, list(entries(connection, self.seen)))
                self.post(self.decider.known.consented.put, consents)
                self.seen = head
        self.read_at, self.lost = time.monotonic(), False

    def write(self) -> None:
        """Bring what is on disk into the state.

        Raises:
            OutputError: the state does not take it; it stays on disk.
        """
        self.ledger.journal.rotate()
        state = self.state
        if state is not None and self._in_place():
            self.ledger.flush(state)

    def _opened(self) -> State:
        """The state; of an SQLite file that was put away, nothing is read or written until it is back."""
        if self.state is not None and not self._in_place():
            raise OutputError("is not there any more", file=self.state.url)
        if self.state is None:
            self.state = open_state(self.url)
            path = Path(self.state.engine.url.database or "")
            if self.state.engine.dialect.name == "sqlite":
                self._place = path, path.stat().st_ino
        return self.state

    def _in_place(self) -> bool:
        try:
            return self._place is None or self._place[0].stat().st_ino == self._place[1]
        except OSError:
            return False

    def _run(self, name: str, step: Callable[[], None]) -> None:
        failing = False
        while not self._stop.is_set():
            failing = _tried(name, step, quiet=failing)
            self._stop.wait(POLL_SECONDS)

    def _read_all(self, connection: sa.Connection, head: int) -> None:
        told = [detail for digest, detail in batches_met(connection, head) if digest not in self.ledger.mine]
        self._put(self._loader.whole(connection, _now()), anew=True)
        self.post(self._learn, told)

    def _read_new(self, connection: sa.Connection, fresh: Sequence[Entry]) -> None:
        scans = [entry.subject for entry in fresh if entry.action == "scan.record"]
        verdicts = {entry.subject: _detail(entry)["verdict"] for entry in fresh if entry.action == "campaign.judge"}
        if self._table is None or len(self.decider.known.recent) > MOST_RECENT:
            self._put(self._loader.whole(connection, _now()), anew=True)
        elif scans:
            self._put(self._loader.after_scans(connection, _now(), self._table, scans))
        elif verdicts:
            self._put(with_standing(self._table, verdicts))
        self._rule(rulings_named(connection, sorted({name for one in fresh for name in _decisions(one)})))
        met = [entry for entry in fresh if entry.action == MET]
        self.post(self._learn, [_detail(one) for one in met if one.subject not in self.ledger.mine])
        self.ledger.mine.difference_update(entry.subject for entry in met)

    def _put(self, table: Table, *, anew: bool = False) -> None:
        self._table = table
        self.post(self._replace, table, anew)

    def _replace(self, table: Table, anew: bool) -> None:  # noqa: FBT001 - `post` takes no names
        self.decider.known.table = table
        if anew:
            self.decider.known.recent.clear()

    def _rule(self, changed: Sequence[Changed]) -> None:
        on_campaigns = [(one.campaign, one.ruling) for one in changed if one.campaign]
        if self._table is not None and on_campaigns:
            self._put(with_rulings(self._table, on_campaigns))
        self.post(self._change, changed)

    def _change(self, changed: Sequence[Changed]) -> None:
        known = self.decider.known
        for one in changed:
            for account in one.accounts:
                known.recent.setdefault(account, {})[one.ruling.decision_id] = one.ruling
                self.decider.forget(account, one.ruling.rule, one.ruling.rung)

    def _learn(self, batches: Sequence[dict[str, Any]]) -> None:
        for one in batches:
            self.decider.known.memory.learn(one, int(time.time()) // DAY)


def _tried(name: str, step: Callable[[], None], *, quiet: bool) -> bool:
    """Whether a step fails; it is said once, and the thread goes on: one that ended would be missed much later."""
    try:
        step()
    except _FAILING as error:
        if not quiet:
            _log.warning("%s: what is in memory goes on serving: %s", name, error)
        return True
    except Exception:  # noqa: BLE001
        if not quiet:
            _log.exception("%s", name)
        return True
    return False


def _decisions(entry: Entry) -> list[str]:
    """The decisions that an entry says were made or changed."""
    if entry.action in {"decision.propose", "decision.approve"}:
        return [entry.subject]
    return [str(_detail(entry)["decision_id"])] if entry.action == "appeal.resolve" else []


def _detail(entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(entry.detail)
    return found


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
