"""Writes a simulated world as the contract's traffic directory: by time, in files of bounded rows, all or nothing."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.errors import OutputError
from revenuer.schema import ACCOUNTS, CONSENTS, ENFORCEMENT, EXCHANGES, RELEASES, TRUTH_ACCOUNTS, TRUTH_EXCHANGES
from revenuer.simulate.assemble import accounts_table, exchanges_table
from revenuer.simulate.catalogue import MODELS
from revenuer.simulate.requests import Group
from revenuer.simulate.world import START, World, hex_ids

__all__ = ["Sink", "publish", "staging"]

_ROWS_PER_FILE: Final = 50_000


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


def publish(sink: Sink, place: Path, out: Path) -> None:
    """Write what the sink holds into `place`, then let it appear as `out`, all at once.

    Raises:
        OutputError: the disk would not have it.
    """
    try:
        sink.write(place)
        if out.exists():
            out.rmdir()
        place.rename(out.absolute())
    except OSError as error:
        raise OutputError(f"cannot be written to ({error.strerror or error})", file=str(out)) from error


class Sink:
    """Takes groups one by one and keeps their rows by slice of time; `write` puts them on disk.

    Args:
        world: the setting.
        exchanges: how many are expected, which decides the number of slices.
    """

    def __init__(self, world: World, exchanges: int) -> None:
        self._world = world
        self._slices: list[list[pa.Table]] = [[] for _ in range(max(1, -(-exchanges // _ROWS_PER_FILE)))]
        self._accounts: list[pa.Table] = []
        self._enforcement: list[tuple[str, float, str]] = []
        self._consents: list[dict[str, object]] = []
        self._groups = 0
        self.exchanges = 0
        self.labels: Counter[str] = Counter()
        self.label_accounts: Counter[str] = Counter()

    def add(self, group: Group) -> None:
        """One more group."""
        self._groups += 1
        table = exchanges_table(group, self._world, self._groups)
        edges = (
            np.floor(group.requests.at / self._world.length * len(self._slices))
            .astype(int)
            .clip(0, len(self._slices) - 1)
        )
        for part in np.unique(edges):
            self._slices[part].append(table.take(pa.array(np.flatnonzero(edges == part))))
        accounts = accounts_table(group, self._world, self._groups)
        harvests = np.zeros(group.cohort.size, dtype=bool)
        harvests[group.requests.who[group.requests.extraction]] = True
        self._accounts.append(accounts.append_column("extraction", pa.array(harvests)))
        ids = group.cohort.table["account_id"]
        self._enforcement += [(str(ids[row]), at, action) for row, at, action in group.enforcement]
        self._consents += group.consents
        self.exchanges += len(table)
        self.labels[group.label] += len(table)
        self.label_accounts[group.label] += group.cohort.size

    def write(self, place: Path) -> None:
        """Everything into `place`."""
        (place / "exchanges").mkdir()
        (place / "truth").mkdir()
        rng = self._world.rng("exchange ids")
        number = 0
        with pq.ParquetWriter(place / "truth" / "exchanges.parquet", TRUTH_EXCHANGES) as truth:
            for parts in self._slices:
                if not parts:
                    continue
                table = pa.concat_tables(parts).unify_dictionaries()
                parts.clear()
                order = np.argsort(table.column("ts").cast(pa.int64()).to_numpy(), kind="stable")
                for at in range(0, len(order), _ROWS_PER_FILE):
                    rows = table.take(pa.array(order[at : at + _ROWS_PER_FILE]))
                    rows = rows.append_column("exchange_id", pa.array(hex_ids(rng, len(rows), "ex_", 20)))
                    pq.write_table(
                        rows.select(EXCHANGES.names).cast(EXCHANGES),
                        place / "exchanges" / f"part-{number:05d}.parquet",
                        compression="zstd",
                    )
                    columns = ["exchange_id", "truth_extraction", "truth_capability", "truth_campaign"]
                    truth.write_table(rows.select(columns).rename_columns(TRUTH_EXCHANGES.names).cast(TRUTH_EXCHANGES))
                    number += 1
        self._write_accounts(place)
        self._write_rest(place)

    def _write_accounts(self, place: Path) -> None:
        table = pa.concat_tables(self._accounts).sort_by("account_id")
        pq.write_table(table.select(ACCOUNTS.names).cast(ACCOUNTS), place / "accounts.parquet", compression="zstd")
        pq.write_table(
            table.select(TRUTH_ACCOUNTS.names).cast(TRUTH_ACCOUNTS),
            place / "truth" / "accounts.parquet",
            compression="zstd",
        )

    def _write_rest(self, place: Path) -> None:
        start = datetime.fromtimestamp(START, UTC)
        releases = [
            {"model": m.name, "released_at": start + timedelta(days=m.day)} for m in sorted(MODELS, key=lambda m: m.day)
        ]
        pq.write_table(pa.Table.from_pylist(releases, RELEASES), place / "releases.parquet")
        acts = [
            {"account_id": account, "ts": start + timedelta(seconds=at), "action": action}
            for account, at, action in sorted(self._enforcement, key=lambda row: (row[1], row[0]))
        ]
        pq.write_table(pa.Table.from_pylist(acts, ENFORCEMENT), place / "enforcement.parquet")
        consents = sorted(self._consents, key=lambda row: str(row["org_id"]))
        pq.write_table(pa.Table.from_pylist(consents, CONSENTS), place / "consents.parquet")
