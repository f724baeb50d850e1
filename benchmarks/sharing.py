"""What telling of a campaign of many accounts costs: time of the whole command, imports included, and size of the bundle.

Usage: `python benchmarks/sharing.py [--accounts N] [--each N]`, three runs. Findings and traffic are made up.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.findings import Campaign, Evidence, campaigns_document
from revenuer.schema import ACCOUNTS, EXCHANGES

WORDS = (
    "write",
    "explain",
    "step",
    "answer",
    "reason",
    "judge",
    "grade",
    "table",
    "code",
    "tool",
    "plan",
    "check",
    "list",
    "sort",
    "name",
)


def findings(place: Path, accounts: int) -> None:
    """Findings of one campaign of so many accounts and 64 templates."""
    rng = np.random.default_rng(0)
    frames = tuple(" ".join(rng.choice(WORDS, 60)) + "\n{…}" for _ in range(64))
    names = tuple(f"acct_{number:016x}" for number in range(accounts))
    seen = ("2026-09-01T00:00:00Z", "2026-09-14T00:00:00Z")
    evidence = (Evidence("partition", "one list of tasks", 1.6, accounts),)
    shares = {"first_party": 1.0}
    one = Campaign(
        "C-0", 0.999, accounts, 10 * accounts, *seen, {"reasoning": 1.0}, shares, names, frames, evidence, ()
    )
    place.mkdir()
    (place / "campaigns.json").write_bytes(msgspec.json.encode(campaigns_document((one,))))


def traffic(place: Path, accounts: int, each: int) -> None:
    """Traffic of the campaign and as many customers: members come 20 to a network, customers where they like."""
    rng = np.random.default_rng(1)
    people = 2 * accounts
    who = np.repeat(np.arange(people), each)
    member = who < accounts
    net = np.where(member, who // 20, rng.integers(0, 200 * 250, len(who)))
    ip = [
        f"{81 if m else 101}.{n // 250 % 250}.{n % 250}.{h}"
        for m, n, h in zip(member, net, rng.integers(1, 250, len(who)), strict=True)
    ]
    names = np.array([f"acct_{number:016x}" for number in range(people)], object)
    size = len(who)
    columns = {
        "exchange_id": pa.array([f"x{number}" for number in range(size)]),
        "ts": pa.array(
            1_788_220_800_000_000 + rng.integers(0, 13 * 86_400_000_000, size), pa.timestamp("us", tz="UTC")
        ),
        "account_id": pa.array(names[who]),
        "ip": pa.array(ip),
        "prompt": pa.array(["a prompt"] * size),
    }
    place.mkdir()
    missing = {field.name: pa.nulls(size, field.type) for field in EXCHANGES if field.name not in columns}
    pq.write_table(
        pa.table({**columns, **missing}).select(EXCHANGES.names).cast(EXCHANGES), place / "exchanges.parquet"
    )
    rows = [{"account_id": name, "email_domain": f"mail{number % 900}.example"} for number, name in enumerate(names)]
    pq.write_table(pa.Table.from_pylist(rows, ACCOUNTS), place / "accounts.parquet")


def command(work: Path, name: str) -> tuple[float, float, int]:
    """Wall seconds and CPU seconds of `revenuer share` as a process of its own, and the bytes that it writes."""
    key, out = work / "key", work / f"{name}.json"
    key.write_bytes(b"the secret of a group")
    told = ("--traffic", work / "traffic", "--key", key, "--out", out, "--include-volumes", "--include-capabilities")
    before, wall = os.times(), time.perf_counter()
    program = Path(sys.executable).with_name("revenuer")
    subprocess.run([program, "share", work / "findings", *told], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    after, wall = os.times(), time.perf_counter() - wall
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, cpu, out.stat().st_size


def main() -> None:
    """Print one row a run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=20_000, help="of the campaign")
    parser.add_argument("--each", type=int, default=10, help="exchanges of an account")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        findings(work / "findings", args.accounts)
        traffic(work / "traffic", args.accounts, args.each)
        print(f"{args.accounts:,} accounts, {2 * args.accounts * args.each:,} exchanges")
        for run in ("first", "second", "third"):
            load = os.getloadavg()[0]
            wall, cpu, size = command(work, run)
            objects = json.loads((work / f"{run}.json").read_bytes())["objects"]
            kinds = Counter(one["type"] for one in objects)
            print(
                f"{run}: {wall:.1f} s, {cpu:.1f} CPU s at load {load:.1f}, {size:,} bytes, {kinds['ipv4-addr']} networks, "
                f"{kinds['domain-name']} domains, {kinds['llm-prompt-template']} templates",
                flush=True,
            )


if __name__ == "__main__":
    main()
