"""The public list of commitments to keys: who reads it later can tell that a key is older than a suspect.

One JSON object a line, each with the hash of the line before it. A time that one writes oneself proves nothing: publish the
list, or have the hash of its last line time-stamped by somebody else, when a key is first used.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from revenuer.errors import ConfigError, InputError, OutputError

__all__ = ["Commitment", "commit", "committed", "head", "load_commitments"]

_START: Final = "0" * 64
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True, slots=True)
class Commitment:
    """One line: when, to what, under which scheme, and the hash of the line before."""

    at: str
    commitment: str
    scheme: str
    before: str


def load_commitments(path: Path) -> list[Commitment]:
    """All lines of a list, checked to be an unbroken chain.

    Raises:
        InputError: the file cannot be read, a line is none, or the chain is broken there.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from error
    found: list[Commitment] = []
    before = _START
    for number, line in enumerate(lines, 1):
        try:
            one = msgspec.json.decode(line, type=Commitment)
        except msgspec.MsgspecError as error:
            raise InputError(f"is no commitment: {error}", file=str(path), row=f"line {number}") from error
        if one.before != before or (found and one.at < found[-1].at):
            raise InputError("the chain is broken: lines were changed", file=str(path), row=f"line {number}")
        found.append(one)
        before = hashlib.sha256(line).hexdigest()
    return found


def commit(path: Path, commitment: str, scheme: str, at: str) -> str:
    """Add a commitment to a list, or start one; returns the hash of the last line, to be published.

    Args:
        path: the list.
        commitment: SHA-256 as hex, as `MarkKey.commitment` gives it.
        scheme: its label.
        at: now, as in 2026-01-31T12:00:00Z.

    Raises:
        ConfigError: the time is none, or before that of the last line.
        InputError: the list is broken.
        OutputError: it cannot be written.
    """
    if not _TIME.fullmatch(at):
        raise ConfigError(f"time {at}: expected one as in 2026-01-31T12:00:00Z")
    known = load_commitments(path) if path.exists() else []
    if known and at < known[-1].at:
        raise ConfigError(f"time {at}: the list is already at {known[-1].at}")
    line = msgspec.json.encode(Commitment(at, commitment, scheme, head(path) if known else _START))
    try:
        with path.open("ab") as file:
            file.write(line + b"\n")
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", file=str(path)) from error
    return hashlib.sha256(line).hexdigest()


def head(path: Path) -> str:
    """The hash of the last line of a list: it stands for all of them."""
    return hashlib.sha256(path.read_bytes().splitlines()[-1]).hexdigest()


def committed(known: list[Commitment]) -> dict[str, str]:
    """When each key was first committed to."""
    return {one.commitment: one.at for one in reversed(known)}
