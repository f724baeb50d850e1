"""A simulated traffic directory read back with its truth, for the tests to look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from revenuer.simulate import Summary, simulate


@dataclass
class Read:
    """Tables of one world; `truth` columns stand in the order of the rows they speak of."""

    directory: Path
    summary: Summary
    exchanges: pa.Table
    accounts: pa.Table
    enforcement: pa.Table
    consents: pa.Table

    def column(self, name: str) -> np.ndarray:
        """A column of the exchanges."""
        return np.array(self.exchanges[name].to_pylist(), dtype=object)

    def seconds(self) -> np.ndarray:
        """Time of each exchange in seconds from the first day of the window."""
        return self.exchanges["ts"].cast(pa.int64()).to_numpy() / 1e6 - 1_788_739_200

    def of(self, label: str) -> np.ndarray:
        """Rows of the exchanges whose account has this label."""
        return self.column("label") == label


def made(directory: Path, scenario: str, **options: object) -> Read:
    """Simulate and read back."""
    summary = simulate(scenario, directory, **options)
    exchanges = ds.dataset(directory / "exchanges").to_table()
    truth = pq.read_table(directory / "truth" / "exchanges.parquet")
    accounts = pq.read_table(directory / "accounts.parquet")
    owners = pq.read_table(directory / "truth" / "accounts.parquet")
    assert truth["exchange_id"].to_pylist() == exchanges["exchange_id"].to_pylist()
    assert owners["account_id"].to_pylist() == accounts["account_id"].to_pylist()
    label = dict(zip(owners["account_id"].to_pylist(), owners["label"].to_pylist(), strict=True))
    for name in ("extraction", "capability", "campaign"):
        exchanges = exchanges.append_column(name, truth[name])
    exchanges = exchanges.append_column("label", pa.array([label[a] for a in exchanges["account_id"].to_pylist()]))
    for name in ("label", "extraction", "campaign"):
        accounts = accounts.append_column(name, owners[name])
    rest = [pq.read_table(directory / f"{name}.parquet") for name in ("enforcement", "consents")]
    return Read(directory, summary, exchanges, accounts, *rest)
