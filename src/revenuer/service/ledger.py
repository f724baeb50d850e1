"""Decisions on their way to the state: on disk before they are answered, in the state soon after, in neither twice.

A file of lines is one batch. It goes into the state in one transaction with one entry of the audit log, whose subject is the
digest of the file; then the file goes. Where it is not sure whether that transaction stands, the log is asked for the digest.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import queue
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from revenuer.service.journal import Journal
from revenuer.service.memory import MET, Line, summed
from revenuer.state import State, append, tables

__all__ = ["Ledger", "apply_batch"]

_log: Final = logging.getLogger(__name__)

STEM: Final = "decisions"
MOST_BYTES: Final = 4_000_000
_ACTOR: Final = "revenuer"

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Line).decode
_Waiting = tuple[bytes, "asyncio.Future[None]", asyncio.AbstractEventLoop]


class Ledger:
    """A thread that writes lines down, many at once where many wait.

    Args:
        folder: of the journal, for this process alone.
        rotate_seconds: age at which a file is closed, so that it can go into the state.

    Attributes:
        mine: digests of batches that this process counts already, until they were seen in the log.

    Raises:
        OutputError: the folder cannot be written to.
    """

    def __init__(self, folder: Path, *, rotate_seconds: float) -> None:
        self.journal = Journal(folder, most_bytes=MOST_BYTES, most_seconds=rotate_seconds, stem=STEM)
        self._unsure = set(self.files())
        self.mine: set[str] = set()
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="ledger", daemon=True)
        self._thread.start()

    async def keep(self, line: Line) -> None:
        """Return when the line is on disk.

        Raises:
            OSError: the disk does not take it.
        """
        loop = asyncio.get_running_loop()
        written: asyncio.Future[None] = loop.create_future()
        self._waiting.put((_encode(line) + b"\n", written, loop))
        await written

    @property
    def waiting(self) -> int:
        """Lines that are not on disk yet."""
        return self._waiting.qsize()

    def files(self) -> list[Path]:
        """Whole batches that are not in the state yet, the oldest first."""
        return sorted(self.journal.folder.glob(f"{STEM}-*.jsonl"))

    def close(self) -> None:
        """Write what waits, and close the file."""
        self._waiting.put(None)
        self._thread.join()
        self.journal.close()

    def left(self) -> Iterator[Line]:
        """What an earlier run left; from now on it counts as this one's."""
        for path in self.files():
            content = path.read_bytes()
            self.mine.add(_digest(content))
            yield from _lines(content)

    def flush(self, state: State) -> None:
        """Bring every whole batch into the state.

        Raises:
            OutputError: the state does not take them; they stay on disk.
        """
        for path in self.files():
            content = path.read_bytes()
            digest, unsure = _digest(content), path in self._unsure
            self._unsure.add(path)
            self.mine.add(digest)
            apply_batch(state, _lines(content), digest, unsure=unsure)
            path.unlink()
            self._unsure.discard(path)

    def _write(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch, last = [first], False
            while not self._waiting.empty():
                one = self._waiting.get()
                if one is None:
                    last = True
                    break
                batch.append(one)
            self._put(batch)
            if last:
                return

    def _put(self, batch: Sequence[_Waiting]) -> None:
        failed: OSError | None = None
        try:
            self.journal.append(b"".join(line for line, _, _ in batch))
        except OSError as error:
            _log.exception("the journal cannot be written")
            failed = error
        for loop in {loop for _, _, loop in batch}:
            mine = [written for _, written, of in batch if of is loop]
            loop.call_soon_threadsafe(_release, mine, failed)


def _lines(content: bytes) -> list[Line]:
    return [_decode(line) for line in content.splitlines()]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def apply_batch(state: State, lines: Sequence[Line], digest: str, *, unsure: bool) -> bool:
    """Write a batch into the state: the decisions that it made, and one entry that counts whom they met.

    Args:
        state: open.
        lines: of the batch, one at least.
        digest: of the file; tells batches apart.
        unsure: the batch may stand there already.

    Returns:
        Whether it was written; False: it stood there.

    Raises:
        OutputError: the database refused.
    """
    with state.write() as connection:
        if unsure and _stands(connection, digest):
            return False
        for made in (one.made for one in lines if one.made is not None):
            _put_decision(connection, made)
        at = datetime.fromtimestamp(max(one.at for one in lines), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        append(connection, at=at, actor=_ACTOR, action=MET, subject=digest, detail=summed(lines))
    return True


def _stands(connection: sa.Connection, digest: str) -> bool:
    chosen = sa.select(tables.audit.c.number).where(tables.audit.c.action == MET, tables.audit.c.subject == digest)
    return connection.execute(chosen.limit(1)).first() is not None


def _put_decision(connection: sa.Connection, made: dict[str, Any]) -> None:
    """A decision that nobody has to agree to; the same one made twice within a second is one."""
    table, name = tables.decisions, made["decision_id"]
    if connection.execute(sa.select(table.c.decision_id).where(table.c.decision_id == name)).first() is not None:
        return
    evidence = json.dumps(made["evidence"], sort_keys=True, ensure_ascii=False)
    connection.execute(sa.insert(table).values(made | {"evidence": evidence}))
    append(connection, at=made["made_at"], actor=_ACTOR, action="decision.propose", subject=name, detail=made)


def _release(futures: Sequence[asyncio.Future[None]], failed: OSError | None) -> None:
    for one in futures:
        if one.done():
            continue
        if failed is None:
            one.set_result(None)
        else:
            one.set_exception(failed)
