"""How often the interval of `extraction_share` holds the true share of a flagged account, and how wide it is.

Usage: `python benchmarks/shares.py TRAFFIC:FINDINGS [TRAFFIC:FINDINGS ...]`

Accounts of campaigns that hold no extraction at all are left out: that a campaign is none is not what the interval says.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq


def flagged(traffic: Path, findings: Path) -> pd.DataFrame:
    """One row a flagged account: its bounds, how many exchanges it made and how many of them serve extraction."""
    made = pq.read_table(traffic / "exchanges", columns=["exchange_id", "account_id"]).to_pandas()
    truth = pq.read_table(traffic / "truth" / "exchanges.parquet", columns=["exchange_id", "extraction"]).to_pandas()
    counted = made.merge(truth, on="exchange_id").groupby("account_id").extraction.agg(["size", "sum"])
    accounts = pq.read_table(findings / "accounts.parquet").to_pandas()
    table: pd.DataFrame = accounts[accounts.flagged].join(counted, on="account_id")
    return table.loc[table.groupby("campaign_id")["sum"].transform("sum") > 0]


def line(name: str, table: pd.DataFrame) -> str:
    """One row of the table that is printed."""
    share, slack = table["sum"] / table["size"], 0.5 / table["size"]
    below, above = share < table.extraction_share_low - slack, share > table.extraction_share_high + slack
    width = (table.extraction_share_high - table.extraction_share_low).mean()
    held = 1.0 - (below | above).mean()
    return f"| {name} | {len(table)} | {held:.3f} | {below.mean():.3f} | {above.mean():.3f} | {width:.2f} |"


def main() -> None:
    """Print coverage and width for each world and for all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", nargs="+", metavar="TRAFFIC:FINDINGS", help="a world and what a scan found in it")
    pairs: list[str] = parser.parse_args().pairs
    tables = {pair: flagged(*(Path(part) for part in pair.split(":"))) for pair in pairs}
    print("| world | accounts | holds the truth | truth below | truth above | mean width |\n|---|---|---|---|---|---|")
    for name, table in tables.items():
        print(line(Path(name.split(":")[0]).name, table))
    print(line("all", pd.concat(tables.values())))


if __name__ == "__main__":
    main()
