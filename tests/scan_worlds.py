"""Simulated worlds for whole scans, and what can be changed in them without changing what happened."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

FINDINGS = ("accounts.parquet", "campaigns.json", "exchanges.parquet", "report.html", "scan.json")
REQUIRED = ["exchange_id", "ts", "account_id", "prompt"]

LATIN = "abcdefghijklmnopqrstuvwxyz"
CYRILLIC = "абцдефгхийклмнопярстувшжыз"
ALPHABET = str.maketrans(LATIN + LATIN.upper(), CYRILLIC + CYRILLIC.upper())

Change = Callable[[Any], Any]


def exchanges_of(traffic: Path) -> pa.Table:
    """All exchanges of a traffic directory, by time."""
    files = sorted((traffic / "exchanges").iterdir())
    return pa.concat_tables([pq.read_table(path) for path in files]).sort_by([("ts", "ascending")])


def with_exchanges(traffic: Path, made: Path, table: pa.Table) -> Path:
    """The same traffic with other exchanges, in one file; without its truth."""
    shutil.copytree(traffic, made, ignore=shutil.ignore_patterns("exchanges", "truth"))
    (made / "exchanges").mkdir()
    pq.write_table(table, made / "exchanges" / "part.parquet")
    return made


def as_json_lines(traffic: Path, made: Path) -> Path:
    """The same traffic with its exchanges as JSON Lines."""
    shutil.copytree(traffic, made, ignore=shutil.ignore_patterns("exchanges", "truth"))
    lines = msgspec.json.Encoder(enc_hook=str).encode_lines(exchanges_of(traffic).to_pylist())
    (made / "exchanges.jsonl").write_bytes(lines)
    return made


def bare(traffic: Path, made: Path) -> Path:
    """The required columns of its exchanges and nothing else."""
    made.mkdir()
    pq.write_table(exchanges_of(traffic).select(REQUIRED), made / "exchanges.parquet")
    return made


def until(traffic: Path, made: Path, moment: datetime) -> Path:
    """The same traffic as a scan at an earlier moment would have seen it."""
    table = exchanges_of(traffic)
    return with_exchanges(traffic, made, table.filter(pc.less(table["ts"], pa.scalar(moment, table["ts"].type))))


def _rewritten(table: pa.Table, who: Collection[str], changes: dict[str, Change]) -> pa.Table:
    """The table with columns changed, null aside, in the rows of these accounts."""
    chosen = pc.is_in(table["account_id"], pa.array(sorted(who))).to_pylist()
    for name, change in changes.items():
        column = table.column(name)
        values = [
            change(value) if hit and value is not None else value
            for value, hit in zip(column.to_pylist(), chosen, strict=True)
        ]
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(values, column.type))
    return table


def in_other_script(text: str) -> str:
    """The same words in other letters, one for one."""
    return text.translate(ALPHABET)


def elsewhere(address: str) -> str:
    """The same address in another country's block: one for one, so that who shared an address still does."""
    first, rest = address.split(".", 1) if "." in address else (address, "")
    return f"{(int(first) + 97) % 223 + 1}.{rest}" if rest else address


def moved_abroad(traffic: Path, made: Path, who: Collection[str]) -> Path:
    """The same traffic with these accounts writing in another script, from other countries, with other mail suffixes."""
    texts: dict[str, Change] = dict.fromkeys(("prompt", "system", "response"), in_other_script)
    table = _rewritten(exchanges_of(traffic), who, {**texts, "ip": elsewhere, "asn": lambda asn: asn + 100_000})
    with_exchanges(traffic, made, table)
    accounts = pq.read_table(traffic / "accounts.parquet")
    moved = _rewritten(accounts, who, {"email_domain": lambda domain: f"{domain}.zz", "signup_ip": elsewhere})
    pq.write_table(moved, made / "accounts.parquet")
    return made


def digests(findings: Path) -> dict[str, str]:
    """Name and hash of every file of findings."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in findings.iterdir()}


def flagged(findings: Path) -> set[str]:
    """Accounts that are flagged."""
    table = pq.read_table(findings / "accounts.parquet")
    return set(table.filter(table["flagged"])["account_id"].to_pylist())
