"""A traffic directory as the methods read it: accounts in order, each account's requests in order of time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

Ints = npt.NDArray[np.int64]

EXCHANGE_KEYS = ("ip", "credential_id")
ACCOUNT_KEYS = ("payment_fingerprint", "device_fingerprint", "phone_hash", "email_hash", "signup_ip")
READ = ("exchange_id", "ts", "account_id", "system", "prompt", *EXCHANGE_KEYS)


@dataclass(frozen=True)
class Traffic:
    """Requests of n accounts, sorted by account and time.

    Attributes:
        place: the directory.
        exchanges: one row a request, with columns of `READ`.
        account: index of the account of each request.
        seconds: when each request arrived, epoch seconds.
        ids: the accounts, sorted.
    """

    place: Path
    exchanges: pa.Table
    account: Ints
    seconds: Ints
    ids: list[str]

    @cached_property
    def starts(self) -> Ints:
        """The first request of each account and the end (n + 1)."""
        return np.searchsorted(self.account, np.arange(len(self.ids) + 1))

    @cached_property
    def sizes(self) -> Ints:
        """Requests of each account (n)."""
        return np.diff(self.starts)

    @cached_property
    def prompts(self) -> list[str]:
        """The newest user message of each request."""
        return list(self.exchanges["prompt"].to_pylist())

    def column(self, name: str) -> list[str | None]:
        """A column of the requests; nulls where the traffic lacks it."""
        held = name in self.exchanges.column_names
        return list(self.exchanges[name].to_pylist()) if held else [None] * self.exchanges.num_rows

    def signed_up(self, name: str) -> list[str | None]:
        """A column of `accounts.parquet` in the order of `ids`; nulls where there is none."""
        path = self.place / "accounts.parquet"
        if not path.exists() or name not in pq.read_schema(path).names:
            return [None] * len(self.ids)
        rows = pq.read_table(path, columns=["account_id", name])
        known = dict(zip(rows["account_id"].to_pylist(), rows[name].to_pylist(), strict=True))
        return [known.get(account) for account in self.ids]


def read_traffic(place: Path) -> Traffic:
    """The requests of a traffic directory with `exchanges/*.parquet`."""
    rows = pq.read_table(place / "exchanges")
    rows = rows.select([name for name in READ if name in rows.column_names])
    rows = rows.sort_by([("account_id", "ascending"), ("ts", "ascending"), ("exchange_id", "ascending")])
    ids = sorted(pc.unique(rows["account_id"]).to_pylist())
    account = pc.index_in(rows["account_id"], value_set=pa.array(ids)).to_numpy().astype(np.int64)
    seconds = rows["ts"].cast(pa.int64()).to_numpy() // 1_000_000
    return Traffic(place, rows, account, seconds, ids)
