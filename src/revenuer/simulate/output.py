"""Writes a simulated world as the contract's traffic directory: by time, in files of bounded rows, all or nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.errors import OutputError
from revenuer.schema import ACCOUNTS, CONSENTS, ENFORCEMENT, RELEASES, TRUTH_ACCOUNTS
from revenuer.simulate.catalogue import MODELS
from revenuer.simulate.maker import accounts_file
from revenuer.simulate.spool import restored
from revenuer.simulate.world import START

__all__ = ["publish", "staging", "write_accounts", "write_rest", "writing"]

Facts = dict[str, Any]


@contextmanager
def staging(out: Path) -> Iterator[Path]:
    """A fresh sibling of `out` to write into, which is gone when the block ends, however it ends.

    Raises:
        OutputError: `out` is a file, or a directory that holds something, or its parent cannot be written to.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError("already exists and is not empty", file=str(out))
    whole = out.absolute()
    place = whole.with_name(f".{whole.name}.{os.getpid()}.part")
    try:  # made inside the block: a Ctrl-C that comes while it is made finds the way out as well
        _make(place, out)
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _make(place: Path, out: Path) -> None:
    try:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
    except OSError as error:
        raise OutputError(f"cannot be written to ({error.strerror})", file=str(out)) from error


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """What the disk says against the block is said of `out`.

    Raises:
        OutputError: the disk would not have it.
    """
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot be written to ({error.strerror or error})", file=str(out)) from error


def publish(place: Path, out: Path) -> None:
    """Let what was written appear as `out`, all at once."""
    if out.exists():
        out.rmdir()
    place.rename(out.absolute())


def write_accounts(place: Path, spool: Path, groups: int) -> None:
    """The accounts of all groups and the truth about them, by id."""
    parts = [restored(accounts_file(spool, number)) for number in range(1, groups + 1)]
    table = pa.concat_tables(parts).sort_by("account_id")
    pq.write_table(table.select(ACCOUNTS.names).cast(ACCOUNTS), place / "accounts.parquet", compression="zstd")
    truth = table.select(TRUTH_ACCOUNTS.names).cast(TRUTH_ACCOUNTS)
    pq.write_table(truth, place / "truth" / "accounts.parquet", compression="zstd")


def write_rest(place: Path, groups: Sequence[Facts]) -> None:
    """Releases, enforcement and consents."""
    start = datetime.fromtimestamp(START, UTC)
    releases = [
        {"model": m.name, "released_at": start + timedelta(days=m.day)} for m in sorted(MODELS, key=lambda m: m.day)
    ]
    pq.write_table(pa.Table.from_pylist(releases, RELEASES), place / "releases.parquet")
    met = [row for group in groups for row in group["enforcement"]]
    acts = [
        {"account_id": account, "ts": start + timedelta(seconds=at), "action": action}
        for account, at, action in sorted(met, key=lambda row: (row[1], row[0]))
    ]
    pq.write_table(pa.Table.from_pylist(acts, ENFORCEMENT), place / "enforcement.parquet")
    consents = sorted((row for group in groups for row in group["consents"]), key=lambda row: str(row["org_id"]))
    pq.write_table(pa.Table.from_pylist(consents, CONSENTS), place / "consents.parquet")
