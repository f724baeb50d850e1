"""Fingerprints of planted lives: accounts that ask at given hours, with whatever columns a sign of life is read off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.behaviour import Profiles, profile
from revenuer.engine import Engine, LocalEngine
from revenuer.fingerprint.exchange import FINGERPRINTS
from revenuer.linkage.groups import Group, group_rows
from revenuer.linkage.templates import KINDS, Templates
from revenuer.schema import ACCOUNTS
from revenuer.text.tokens import hash_strings

I64 = npt.NDArray[np.int64]

START = 1_772_442_000_000_000  # 2026-03-02 09:00 UTC, microseconds
HOUR = 3_600_000_000
DAY = 24 * HOUR
_NAMES = np.array([f"acct-{number:03d}" for number in range(600)])
# In the order of their hashes, which is that of profiles: account number n has index n if all before it ask.
NAMES = _NAMES[np.argsort(hash_strings(pa.array(_NAMES)))]
_ZERO = {pa.int64(): 0, pa.int32(): 0, pa.float32(): 0.0, pa.int8(): 0}
_USUAL: dict[str, Any] = {"status": "ok", "extraction": 0.9, "free": 30, "model": "old", "pathway": "first_party"}


def fingerprints(accounts: Sequence[int], hours: Sequence[float], **columns: Sequence[Any]) -> pa.Table:
    """One row for each account number (from 0) and hour since the start; other columns as given, usual or 0."""
    count = len(accounts)
    given: dict[str, Any] = {
        "exchange_id": [f"x{number}" for number in range(count)],
        "draw": np.arange(1, count + 1),
        "ts": START + np.round(np.array(hours, np.float64) * HOUR).astype(np.int64),
        "account_id": NAMES[np.array(accounts, np.int64)],
        "account": hash_strings(pa.array(NAMES[np.array(accounts, np.int64)])),
        "refs": [[]] * count,
    } | columns
    arrays = []
    for field in FINGERPRINTS:
        usual = _USUAL.get(field.name, _ZERO.get(field.type))
        arrays.append(pa.array(given.get(field.name, [usual] * count)).cast(field.type))
    return pa.Table.from_arrays(arrays, schema=FINGERPRINTS)


class World(NamedTuple):
    """Fingerprints in an engine, and the profiles of their accounts."""

    engine: Engine
    rows: ir.Table
    profiles: Profiles

    def grouped(self, *groups: Group, frames: Sequence[int] = ()) -> ir.Table:
        """Rows of the groups; template number n is the prompt frame `frames[n]`."""
        return group_rows(self.engine, self.rows, self.profiles, templates(frames), groups)


@contextmanager
def world(table: pa.Table) -> Iterator[World]:
    """The fingerprints in a local engine."""
    with LocalEngine(threads=1) as engine:
        rows = engine.table("fingerprints", table)
        yield World(engine, rows, profile(engine, rows, ACCOUNTS.empty_table()))


def templates(frames: Sequence[int]) -> Templates:
    """Templates that are these prompt frames, and nothing else known of them."""
    none, nothing = np.zeros(0, np.int64), np.zeros(len(frames))
    counts = np.zeros(len(frames), np.int64)
    return Templates(
        counts + KINDS.index("prompt_frame"),
        np.array(frames, np.int64),
        *(counts,) * 3,
        *(nothing,) * 4,
        *(none,) * 3,
    )
