"""What was asked, answered and learnt, in a file that shows what was changed in it; and what may still be asked.

Every line carries the digest of the line before. A chain does not show that its end was cut off: for that, its head has
to be kept elsewhere. The transcript names peers and numbers, and of what was learnt a digest: it can be handed out.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import msgspec

from revenuer.errors import InputError, OutputError

__all__ = ["Allowance", "Entry", "Exhausted", "How", "Transcript", "Verified", "verify"]

How = Literal["keyed", "psi"]
FIRST: Final = "0" * 64


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange with a peer.

    `role` says who asked: `asked` (we did), `answered`, or `refused` (they asked for more than they may). `theirs` is
    how many items the peer put in, `mine` how many we did, `learnt` how many of ours we know to be in common and
    `learnt_digest` the SHA-256 over them, sorted, one a line; both null where we learn nothing.
    """

    number: int
    at: str
    peer: str
    role: Literal["asked", "answered", "refused"]
    how: How
    key_id: str
    mine: int
    theirs: int
    learnt: int | None = None
    learnt_digest: str | None = None
    before: str = FIRST
    digest: str = ""

    def computed(self) -> str:
        """The digest that the entry should carry: SHA-256 over all its other fields, as JSON."""
        return hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(self, digest=""))).hexdigest()


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a peer may ask.

    Attributes:
        most: items in one request.
        per_day: items within 24 hours. of the 16.7 million networks of IPv4 a peer that guesses gets through 28 in 100 while
            a key lasts (93 days), of mail addresses next to nothing.
        per_hour: requests within an hour.
    """

    most: int = 50_000
    per_day: int = 50_000
    per_hour: int = 12


class Exhausted(Exception):  # noqa: N818 - an answer to a peer, not a fault of ours
    """A peer asks for more than it may; `after` is in how many seconds it may try again."""

    def __init__(self, message: str, after: int) -> None:
        self.after = after
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of verifying: entries, digest of the last, and the first thing that is wrong (None: whole)."""

    entries: int
    head: str
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """A transcript in a file, which several processes may write to."""

    file: Path

    def add(
        self, *, at: str, peer: str, role: Literal["asked", "answered"], how: How, key_id: str, mine: int, theirs: int,
        learnt: Sequence[str] | None, allowance: Allowance | None = None,
    ) -> str:  # fmt: skip
        """Write an entry down, on disk when this returns; its digest.

        Args:
            at: RFC 3339 in UTC, to the second.
            peer: by name.
            role: whether we asked or answered.
            how: by which protocol.
            key_id: of the group's key; empty without one.
            mine: how many items we put in.
            theirs: how many the peer did.
            learnt: canonical items of ours that are in common; None: we do not learn that.
            allowance: what the peer may ask; what is beyond is written down as refused.

        Raises:
            Exhausted: it may not.
            InputError: the file is no transcript, or was changed.
            OutputError: it cannot be written.
        """
        told = None if learnt is None else hashlib.sha256("\n".join(sorted(learnt)).encode()).hexdigest()
        count = None if learnt is None else len(learnt)
        fields = {"at": at, "peer": peer, "how": how, "key_id": key_id, "mine": mine, "theirs": theirs}
        with self._locked() as entries:
            refusal = None if allowance is None else _beyond(entries, allowance, peer, theirs, at)
            if refusal is not None:
                self._append(entries, Entry(**fields, number=0, role="refused"))  # type: ignore[arg-type]
                raise refusal
            entry = Entry(**fields, number=0, role=role, learnt=count, learnt_digest=told)  # type: ignore[arg-type]
            return self._append(entries, entry)

    def _append(self, entries: list[Entry], entry: Entry) -> str:
        before = entries[-1].digest if entries else FIRST
        entry = msgspec.structs.replace(entry, number=len(entries) + 1, before=before)
        entry = msgspec.structs.replace(entry, digest=entry.computed())
        with self.file.open("ab") as out:
            out.write(msgspec.json.encode(entry) + b"\n")
            out.flush()
        return entry.digest

    @contextmanager
    def _locked(self) -> Iterator[list[Entry]]:
        """The entries, verified, with nobody else at the file."""
        try:
            with self.file.with_name(f"{self.file.name}.lock").open("wb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                entries = _read(self.file) if self.file.exists() else []
                fault = _verified(entries, None).fault
                if fault is not None:
                    raise InputError(f"is not whole: {fault}", file=str(self.file))
                yield entries
        except OSError as error:
            raise OutputError(f"cannot be written: {error.strerror}", file=str(self.file)) from error


def verify(file: Path, head: str | None = None) -> Verified:
    """Compute the chain anew.

    Args:
        file: of the transcript.
        head: a digest that was the last once, kept elsewhere; a transcript that no longer holds it was cut.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        return _verified(_read(file), head)
    except InputError as error:
        if isinstance(error.__cause__, OSError):
            raise
        return Verified(0, FIRST, str(error))


def _read(file: Path) -> list[Entry]:
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(file)) from error
    try:
        return [msgspec.json.decode(line, type=Entry) for line in lines]
    except msgspec.DecodeError as error:
        raise InputError(f"is no transcript: {error}", file=str(file)) from error


def _verified(entries: Sequence[Entry], head: str | None) -> Verified:
    before, seen = FIRST, head in {None, FIRST}
    for number, entry in enumerate(entries, 1):
        if entry.number != number or entry.before != before:
            return Verified(number, before, f"entry {number} is missing, or its place was changed")
        if entry.computed() != entry.digest:
            return Verified(number, before, f"entry {number} was changed")
        before, seen = entry.digest, seen or entry.digest == head
    fault = None if seen else "the digest given is not among the entries: the end was cut off, or all written anew"
    return Verified(len(entries), before, fault)


def _beyond(entries: Sequence[Entry], allowance: Allowance, peer: str, asked: int, at: str) -> Exhausted | None:
    """Why a request is too much; what was refused before counts as a request, but not its items."""
    if asked > allowance.most:
        return Exhausted(f"{asked:,} items; {allowance.most:,} may be asked at once", 0)
    now = datetime.fromisoformat(at)
    theirs = [one for one in entries if one.peer == peer and one.role != "asked"]
    hour = [one for one in theirs if datetime.fromisoformat(one.at) > now - timedelta(hours=1)]
    if len(hour) >= allowance.per_hour:
        return Exhausted(f"{allowance.per_hour} requests an hour are allowed", 3_600)
    day = [one for one in theirs if datetime.fromisoformat(one.at) > now - timedelta(days=1)]
    spent = sum(one.theirs for one in day if one.role == "answered")
    if spent + asked > allowance.per_day:
        return Exhausted(f"{allowance.per_day:,} items a day are allowed, {spent:,} were asked", 86_400)
    return None
