"""The register of canaries: append-only, each line bound to the one before it, so that none can be changed or slipped in later."""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, Literal

import msgspec

from revenuer.errors import ConfigError, InputError, OutputError

__all__ = ["Canary", "CanaryKind", "CanaryRegistry", "Placing"]

CanaryKind = Literal["wording", "name", "number"]
_MOST_VARIANTS: Final = 64
_FIRST: Final = "0" * 64
_PRINTED: Final = re.compile(r"[^\x00-\x1f\x7f]+")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Canary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="canary"):
    """Equally good ways to say one thing.

    Attributes:
        canary: its name.
        kind: `wording`; `name`: of a variable; `number`: of an example, as a phrase that names what is counted.
        variants: two or more; each as true and as harmless as the others, which the reviewers vouch for.
        reviewed_by: who looked.
        created: the day.
        expires: the last day on which it is placed.
        commitment: SHA-256 that binds the key which chooses; see `key_commitment`.
    """

    canary: str
    kind: CanaryKind
    variants: tuple[str, ...]
    reviewed_by: tuple[str, ...]
    created: dt.date
    expires: dt.date
    commitment: str


class Placing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="placing"):
    """That canaries were served.

    Attributes:
        canaries: their names.
        campaign: to whom.
        day: when.
        answers: in how many answers.
    """

    canaries: tuple[str, ...]
    campaign: str
    day: dt.date
    answers: int = 1


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    before: str
    entry: Canary | Placing


class CanaryRegistry:
    """A register in a file.

    Args:
        path: JSON lines; made by the first entry.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def entries(self) -> tuple[Canary | Placing, ...]:
        """All entries, oldest first.

        Raises:
            InputError: the file cannot be read, a line is none of ours, or a line was changed, removed or slipped in.
        """
        try:
            return _checked(self.path.read_bytes(), str(self.path))[0]
        except FileNotFoundError as error:
            raise InputError("there is no such register", file=str(self.path)) from error
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", file=str(self.path)) from error

    def canaries(self) -> dict[str, Canary]:
        """Name to canary; raises as `entries` does."""
        return {entry.canary: entry for entry in self.entries() if isinstance(entry, Canary)}

    def placed(self, campaign: str) -> dict[str, int]:
        """Name of each canary that this campaign was served, and in how many answers; raises as `entries` does."""
        counts: dict[str, int] = {}
        for entry in self.entries():
            if isinstance(entry, Placing) and entry.campaign == campaign:
                for name in entry.canaries:
                    counts[name] = counts.get(name, 0) + entry.answers
        return counts

    def add(self, entry: Canary | Placing) -> str:
        """Append an entry.

        Returns:
            The head of the chain: SHA-256 of the last line. Whoever publishes it can later show that nothing was added before.

        Raises:
            ConfigError: the entry cannot be.
            InputError: as `entries` raises it.
            OutputError: the file cannot be written.
        """
        with _locked(self.path) as file:
            entries, head = _checked(file.read(), str(self.path))
            if faults := _faults(entry, entries):
                raise ConfigError("; ".join(faults))
            line = msgspec.json.encode(_Line(head, entry))
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return _digest(line)


@contextmanager
def _locked(path: Path) -> Iterator[IO[bytes]]:
    """The file, read from its beginning and written at its end, for one at a time."""
    try:
        with path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            yield file
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", file=str(path)) from error


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _checked(content: bytes, name: str) -> tuple[tuple[Canary | Placing, ...], str]:
    """Entries, and the head of their chain."""
    head, entries = _FIRST, []
    if content and not content.endswith(b"\n"):
        raise InputError("ends within a line: an entry was not written whole", file=name)
    for number, row in enumerate(content.splitlines(), start=1):
        try:
            line = msgspec.json.decode(row, type=_Line)
        except msgspec.DecodeError as error:
            raise InputError(f"is no entry of a register: {error}", file=name, row=f"line {number}") from error
        if line.before != head:
            raise InputError(
                "does not follow from the line before it: the register was changed", file=name, row=f"line {number}"
            )
        entries.append(line.entry)
        head = _digest(row)
    return tuple(entries), head


def _faults(entry: Canary | Placing, entries: Sequence[Canary | Placing]) -> list[str]:
    known = {one.canary: one for one in entries if isinstance(one, Canary)}
    return _placing_faults(entry, known) if isinstance(entry, Placing) else _canary_faults(entry, known)


def _placing_faults(entry: Placing, known: dict[str, Canary]) -> list[str]:
    faults = [f"{name}: no such canary" for name in entry.canaries if name not in known]
    late = [name for name in entry.canaries if name in known and known[name].expires < entry.day]
    faults += [f"{name}: expired on {known[name].expires}" for name in late]
    faults += [] if entry.campaign.strip() else ["campaign: a placing without one proves nothing"]
    return faults if entry.answers > 0 and entry.canaries else [*faults, "nothing was placed"]


def _canary_faults(entry: Canary, known: dict[str, Canary]) -> list[str]:
    faults = [f"{entry.canary}: there is one of this name"] if entry.canary in known else []
    faults += (
        [] if _NAME.fullmatch(entry.canary.replace("-", "_")) else [f"{entry.canary!r}: expected letters and digits"]
    )
    if not 2 <= len(entry.variants) <= _MOST_VARIANTS or len(set(entry.variants)) != len(entry.variants):
        faults.append(f"variants: expected 2 to {_MOST_VARIANTS}, each another")
    faults += [f"{variant!r}: {why}" for variant in entry.variants for why in _variant_faults(variant, entry.kind)]
    faults += [
        f"{one!r} lies within {other!r}"
        for one in entry.variants
        for other in entry.variants
        if one != other and one in other
    ]
    taken = {variant: name for name, canary in known.items() for variant in canary.variants}
    faults += [f"{one!r}: taken by {taken[one]}" for one in entry.variants if one in taken]
    if not any(name.strip() for name in entry.reviewed_by):
        faults.append("reviewed_by: nobody vouches that the variants are equally good")
    return faults if entry.created <= entry.expires else [*faults, "it expires before it is created"]


def _variant_faults(variant: str, kind: CanaryKind) -> list[str]:
    faults = [] if _PRINTED.fullmatch(variant) and variant == variant.strip() else ["expected a phrase on one line"]
    if kind == "name" and not _NAME.fullmatch(variant):
        faults.append("expected the name of a variable")
    if kind == "number" and not (any(c.isdigit() for c in variant) and any(c.isalpha() for c in variant)):
        faults.append("expected a number with what is counted, such as '12 apples': a bare number may be an answer")
    return faults
