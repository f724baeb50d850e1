"""Directories and files that appear all at once or not at all."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from revenuer.errors import OutputError

__all__ = ["FINDINGS_MARK", "TRAFFIC_MARK", "atomic_directory", "write_atomically"]

# What a directory must hold for `force` to replace it: a slip of the keyboard must not cost a home directory.
FINDINGS_MARK: Final = "campaigns.json"
TRAFFIC_MARK: Final = "truth"


@contextmanager
def atomic_directory(out: Path, *, force: bool = False, mark: str = FINDINGS_MARK) -> Iterator[Path]:
    """A new directory to fill, which becomes `out` when the block ends well, and is removed when it does not.

    The new directory stands beside `out`, so that it can be renamed. Parents of `out` are made at the end. An exception,
    a Ctrl-C or an exit inside the block leaves `out` as it was.

    Args:
        out: where the result should stand; must not exist, or be empty, unless `force`.
        force: replace an existing directory if it holds `mark`; the old one goes when the new one is complete.
        mark: file or directory by which an earlier result is recognised.

    Raises:
        OutputError: `out` is taken or cannot be written to.
    """
    target = _free(out, force=force, mark=mark)
    parent = next(parent for parent in target.parents if parent.is_dir())
    place = parent / f".revenuer-{secrets.token_hex(6)}.partial"
    try:  # made inside the block: a Ctrl-C that comes while it is made finds the way out as well
        _make(place, out)
        yield place
        _put(place, target, out)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new one, never a part.

    Raises:
        OutputError: the file cannot be written.
    """
    fresh = path.with_name(f".revenuer-{secrets.token_hex(6)}.partial")
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", file=str(path)) from error
    finally:
        fresh.unlink(missing_ok=True)


def _free(out: Path, *, force: bool, mark: str) -> Path:
    target = out.resolve()
    if not target.exists():
        return target
    if not target.is_dir():
        raise OutputError("exists and is no directory", file=str(out))
    if not any(target.iterdir()):
        return target
    if not force:
        raise OutputError("exists already and is not empty: choose another, or replace it with --force", file=str(out))
    if not (target / mark).exists():
        raise OutputError(f"holds no {mark}, so --force does not replace it", file=str(out))
    return target


def _make(place: Path, out: Path) -> None:
    """A fresh directory, on the file system of the target, with the permissions that any new directory gets."""
    try:
        place.mkdir()
    except OSError as error:
        raise OutputError(f"cannot be written to: {error.strerror}", file=str(out)) from error


def _put(place: Path, target: Path, out: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir() and any(target.iterdir()):
            _replace(place, target)
        else:
            place.replace(target)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", file=str(out)) from error


def _replace(place: Path, target: Path) -> None:
    """Two renames: directories cannot be exchanged in one. Should the second fail, the old one comes back."""
    old = target.with_name(f"{place.name}.old")
    target.rename(old)
    try:
        place.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
