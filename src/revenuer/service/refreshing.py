"""Keeping what is known as new as the state: the audit log says what changed, and only that is read again."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from revenuer.errors import ConfigError, OutputError
from revenuer.service.deciding import Decider
from revenuer.service.ledger import Ledger
from revenuer.service.loading import (
    Changed,
    batches_met,
    head_of,
    load_table,
    rulings_named,
    with_rulings,
    with_standing,
)
from revenuer.service.memory import DAY, MET
from revenuer.service.table import Table
from revenuer.state import Entry, State, consents_at, entries, open_state

__all__ = ["Refresher"]

_log: Final = logging.getLogger(__name__)

POLL_SECONDS: Final = 0.2
# With more changed decisions than this the table is read anew, which keeps what came since small.
MOST_RECENT: Final = 50_000
_FAILING: Final = (OutputError, ConfigError, OSError)

Post = Callable[..., Any]


class Refresher:
    """A thread that reads the state and brings batches of the ledger into it.

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
        self.read_at = self.lost_since = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="refresher", daemon=True)

    def start(self) -> None:
        """Take in what an earlier run left, and begin to read."""
        for line in self.ledger.left():
            self.decider.recall(line)
        self._thread.start()

    def stop(self) -> None:
        """Read no more; a last time what is on disk goes into the state, if it can."""
        self._stop.set()
        self._thread.join()
        self._tried(self._flush)
        if self.state is not None:
            self.state.close()

    @property
    def age(self) -> float:
        """Seconds since the state was last read."""
        return time.monotonic() - self.read_at if self.read_at else float("inf")

    def turn(self) -> None:
        """Read what changed, then write what waits.

        Raises:
            OutputError: the state cannot be read or written to.
        """
        if self.state is None:
            self.state = open_state(self.url)
        self._read(self.state)
        self.read_at, self.lost_since = time.monotonic(), 0.0
        self._flush()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._tried(self.turn)
            self._stop.wait(POLL_SECONDS)

    def _tried(self, step: Callable[[], None]) -> None:
        try:
            step()
        except _FAILING as error:
            if not self.lost_since:
                _log.warning("the state is lost; what is in memory goes on serving: %s", error)
            self.lost_since = self.lost_since or time.monotonic()
        except Exception:  # noqa: BLE001 - a thread that ended would be missed much later
            if not self.lost_since:
                _log.exception("the state could not be read")
            self.lost_since = self.lost_since or time.monotonic()

    def _flush(self) -> None:
        self.ledger.journal.rotate()
        if self.state is not None:
            self.ledger.flush(self.state)

    def _read(self, state: State) -> None:
        with state.read() as connection:
            head = head_of(connection)
            if head == self.seen:
                return
            if self.seen < 0:
                self._read_all(connection, head)
            else:
                self._read_new(connection, list(entries(connection, self.seen)))
            consents = consents_at(connection, _now())
        self.post(self.decider.known.consented.put, consents)
        self.seen = head

    def _read_all(self, connection: sa.Connection, head: int) -> None:
        told = [detail for digest, detail in batches_met(connection, head) if digest not in self.ledger.mine]
        self.post(self._put, load_table(connection, _now()))
        self.post(self._learn, told)

    def _read_new(self, connection: sa.Connection, fresh: Sequence[Entry]) -> None:
        known, actions = self.decider.known, {entry.action for entry in fresh}
        if known.table is None or "scan.record" in actions or len(known.recent) > MOST_RECENT:
            self.post(self._put, load_table(connection, _now()))
        elif "campaign.judge" in actions:
            verdicts = {one.subject: _detail(one)["verdict"] for one in fresh if one.action == "campaign.judge"}
            self.post(self._judge, verdicts)
        self.post(self._change, rulings_named(connection, sorted({name for one in fresh for name in _decisions(one)})))
        met = [entry for entry in fresh if entry.action == MET]
        self.post(self._learn, [_detail(one) for one in met if one.subject not in self.ledger.mine])
        self.ledger.mine.difference_update(entry.subject for entry in met)

    def _put(self, table: Table) -> None:
        self.decider.known.table = table
        self.decider.known.recent.clear()

    def _judge(self, verdicts: dict[str, str]) -> None:
        table = self.decider.known.table
        if table is not None:
            self.decider.known.table = with_standing(table, verdicts)

    def _change(self, changed: Sequence[Changed]) -> None:
        known = self.decider.known
        for one in changed:
            for account in one.accounts:
                known.recent.setdefault(account, {})[one.ruling.decision_id] = one.ruling
                self.decider.forget(account, one.ruling.rule, one.ruling.rung)
        if known.table is not None:
            on_campaigns = [(one.campaign, one.ruling) for one in changed if one.campaign]
            known.table = with_rulings(known.table, on_campaigns) if on_campaigns else known.table

    def _learn(self, batches: Sequence[dict[str, Any]]) -> None:
        for one in batches:
            self.decider.known.memory.learn(one, int(time.time()) // DAY)


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
