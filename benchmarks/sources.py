"""What is lost on the way through a log: a world is logged as each gateway does, converted, and scanned again.

Usage: `revenuer simulate demo --out TRAFFIC --seed 3 --exchanges 20000`, then
`python benchmarks/sources.py TRAFFIC [FORMAT ...]`. The tables beside the exchanges (accounts, releases, enforcement) are
the same each time: logs do not hold them.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import pyarrow.dataset as ds
import pyarrow.parquet as pq

from logs import Exchange, encoded, names
from running import checked, conditions, measured, table

SIDES = ("accounts", "releases", "enforcement", "consents")
SIMULATED = "simulated"
HEAD = ("traffic", "MB", "exchanges/s", "extracting accounts flagged", "legitimate flagged")


def logged(name: str, exchanges: list[Exchange], folder: Path) -> int:
    """Write the log; its size in bytes."""
    files = encoded(name, exchanges).files
    for file, content in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content)
    return sum(map(len, files.values()))


def flagged(traffic: Path, truth: Path, content: str, folder: Path) -> tuple[str, str]:
    """Of the accounts that extract and of the others, how many a scan flags."""
    checked(measured("scan", traffic, "--out", folder / "findings", "--content", content, "--quiet"), 0, 1)
    found = pq.read_table(folder / "findings" / "accounts.parquet", columns=["account_id", "flagged"]).to_pylist()
    extracts = {row["account_id"]: row["extraction"] for row in pq.read_table(truth / "accounts.parquet").to_pylist()}
    hits = [extracts[row["account_id"]] for row in found if row["flagged"]]
    of = sum(extracts.values())
    return f"{sum(hits)}/{of}", f"{len(hits) - sum(hits)}/{len(extracts) - of}"


def row(name: str, exchanges: list[Exchange], world: Path) -> tuple[str, ...]:
    """One line of the table: through this log and back."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if name == SIMULATED:
            return SIMULATED, "", "", *flagged(world, world / "truth", "full", folder)
        size = logged(name, exchanges, folder / "log")
        content = "none" if name == "envoy" else "full"
        how = ("--format", name, "--content", content, "--quiet")
        run = checked(measured("convert", folder / "log", "--out", folder / "traffic", *how))
        for side in SIDES:
            if (world / f"{side}.parquet").exists():
                shutil.copy(world / f"{side}.parquet", folder / "traffic")
        shown = name if content == "full" else f"{name}, without text"
        return (
            shown,
            f"{size / 1e6:.0f}",
            f"{len(exchanges) / run.cpu:,.0f}",
            *flagged(folder / "traffic", world / "truth", content, folder),
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("traffic", type=Path, help="traffic directory with truth")
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help="formats to try; all by default")
    args = parser.parse_args()
    world: Path = args.traffic
    exchanges: list[Exchange] = ds.dataset(world / "exchanges").to_table().to_pylist()
    exchanges = [{**exchange, "response": exchange["response"] or "no"} for exchange in exchanges]
    rows = [row(name, exchanges, world) for name in args.formats or (SIMULATED, *names())]
    print(table(HEAD, rows, markdown=True))
    print(conditions())


if __name__ == "__main__":
    main()
