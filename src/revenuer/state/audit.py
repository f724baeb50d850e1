"""The audit log: every entry carries the digest of the one before, so that none can be changed or taken out unseen.

A chain shows what was altered within it, not that its end was cut off or that all of it was written anew: for that, the
digest of its head has to be kept elsewhere, and `verify` told of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from revenuer.state.tables import audit

__all__ = ["Entry", "Verified", "append", "entries", "verify_chain"]

FIRST: Final = "0" * 64
_BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: who did what to what, when, and the particulars as JSON."""

    number: int
    at: str
    actor: str
    action: str
    subject: str
    detail: str
    before: str
    digest: str

    def computed(self) -> str:
        """The digest that the entry should carry: SHA-256 over all its other fields, as JSON."""
        fields = [self.number, self.at, self.actor, self.action, self.subject, self.detail, self.before]
        return hashlib.sha256(json.dumps(fields, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of verifying.

    Attributes:
        entries: how many there are.
        head: digest of the last, to be kept elsewhere.
        fault: the first thing that is wrong, in words; None: the chain is whole.
    """

    entries: int
    head: str
    fault: str | None = None


def append(
    connection: sa.Connection, *, at: str, actor: str, action: str, subject: str, detail: Mapping[str, Any]
) -> str:
    """Add an entry within the transaction of what it tells of, so that neither stands without the other.

    Args:
        connection: of `State.write`, which lets one writer in at a time.
        at: RFC 3339.
        actor: a person's name, or `revenuer`.
        action: such as `decision.approve`.
        subject: id of what was acted on.
        detail: JSON.

    Returns:
        The digest of the new head.
    """
    last = connection.execute(
        sa.select(audit.c.number, audit.c.digest).order_by(audit.c.number.desc()).limit(1)
    ).first()
    number, before = (last.number + 1, last.digest) if last else (1, FIRST)
    text = json.dumps(detail, sort_keys=True, ensure_ascii=False)
    entry = Entry(number, at, actor, action, subject, text, before, "")
    digest = entry.computed()
    row = {name: getattr(entry, name) for name in Entry.__slots__} | {"digest": digest}
    connection.execute(sa.insert(audit).values(row))
    return digest


def entries(connection: sa.Connection, after: int = 0) -> Iterator[Entry]:
    """The log in order, from behind the entry numbered `after`, read a thousand at a time."""
    while True:
        chosen = sa.select(audit).where(audit.c.number > after).order_by(audit.c.number).limit(_BATCH)
        rows = connection.execute(chosen).all()
        yield from (Entry(*row) for row in rows)
        if len(rows) < _BATCH:
            return
        after = rows[-1].number


def verify_chain(connection: sa.Connection, head: str | None = None) -> Verified:
    """Compute the chain anew.

    Args:
        connection: of `State.read`.
        head: a digest that was the head once, kept elsewhere; a log that no longer holds it was cut or written anew.
    """
    count, before, seen = 0, FIRST, head in {None, FIRST}
    for entry in entries(connection):
        count += 1
        if entry.number != count or entry.before != before:
            return Verified(count, before, f"entry {count} is missing, or its place was changed")
        if entry.computed() != entry.digest:
            return Verified(count, before, f"entry {count} ({entry.action}, {entry.at}) was changed")
        before, seen = entry.digest, seen or entry.digest == head
    fault = None if seen else "the digest given is not among the entries: the log was cut, or written anew"
    return Verified(count, before, fault)
