"""The chain of custody: what was examined, by its hashes, and each step bound to the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from revenuer.errors import InputError
from revenuer.summary import InputFile

__all__ = ["FIRST", "LOGS", "SCANNED", "Hashed", "Step", "as_scanned", "chained", "hashed_files", "whole"]

FIRST: Final = "0" * 64
SCANNED: Final = "logs, as the scan read them"
LOGS: Final = "logs, as they are"
_TRUTH: Final = "truth"


class Hashed(msgspec.Struct, frozen=True):
    """A file: its path within the folder that was examined, its length and its SHA-256."""

    path: str
    bytes: int
    sha256: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A step: what was done, and with which files; `digest` is the SHA-256 over all other fields, as JSON."""

    number: int
    what: str
    at: str | None = None
    by: str | None = None
    files: tuple[Hashed, ...] = ()
    detail: dict[str, Any] = {}
    before: str = FIRST
    digest: str = ""

    def computed(self) -> str:
        """The digest that the step should carry."""
        plain = msgspec.json.encode(msgspec.structs.replace(self, digest=""), order="deterministic")
        return hashlib.sha256(plain).hexdigest()


def chained(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps, numbered and bound to each other."""
    before, found = FIRST, []
    for number, step in enumerate(steps, 1):
        bound = msgspec.structs.replace(step, number=number, before=before)
        found.append(msgspec.structs.replace(bound, digest=bound.computed()))
        before = found[-1].digest
    return tuple(found)


def whole(steps: Sequence[Step]) -> bool:
    """Whether no step was changed, taken out or moved."""
    before = FIRST
    for number, step in enumerate(steps, 1):
        if (step.number, step.before, step.digest) != (number, before, step.computed()):
            return False
        before = step.digest
    return True


def hashed_files(folder: Path) -> tuple[Hashed, ...]:
    """Every file below a folder, by path; labels of simulated traffic, which no scan reads, are left out.

    Raises:
        InputError: the folder or a file cannot be read, or there is none.
    """
    try:
        files = sorted(
            path
            for path in folder.rglob("*")
            if path.is_file() and path.relative_to(folder).parts[0] != _TRUTH and not path.name.startswith(".")
        )
        found = tuple(_hashed(path, path.relative_to(folder).as_posix()) for path in files)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(folder)) from error
    if not found:
        raise InputError("holds no file", file=str(folder))
    return found


def _hashed(path: Path, name: str) -> Hashed:
    with path.open("rb") as stream:
        return Hashed(name, path.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest())


def as_scanned(read: Sequence[InputFile], logs: Sequence[Hashed], traffic: Path) -> tuple[Step, ...]:
    """What the scan says that it read, as the first step; none where it says nothing, as older scans do.

    Args:
        read: by `scan.json`.
        logs: as they are.
        traffic: where they are, for messages.

    Raises:
        InputError: a log is not what the scan read: findings prove nothing about other logs.
    """
    now = {one.path: one.sha256 for one in logs}
    for one in read:
        if one.sha256 is not None and now.get(one.name) != one.sha256:
            said = "was changed" if one.name in now else "is missing"
            raise InputError(
                f"{said} since it was scanned: scan again, or find what was scanned", file=str(traffic / one.name)
            )
    if not read:
        return ()
    unsure = [one.name for one in read if one.sha256 is None]
    known = tuple(Hashed(one.name, one.bytes, one.sha256) for one in read if one.sha256 is not None)
    return (Step(number=0, what=SCANNED, files=known, detail={"written_to_meanwhile": unsure}),)
