"""The chain of custody: what was examined, by its hashes, and each step bound to the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from revenuer.errors import InputError

__all__ = ["FIRST", "Hashed", "Step", "chained", "hashed_files", "whole"]

FIRST: Final = "0" * 64
_TRUTH: Final = "truth"
_CHUNK: Final = 1 << 20


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
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return Hashed(name, size, digest.hexdigest())
