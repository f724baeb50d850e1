"""A campaign among honest customers, small and made by hand, as findings and traffic."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.findings import Campaign, Evidence, campaigns_document
from revenuer.schema import ACCOUNTS, EXCHANGES
from revenuer.sharing import Secret
from revenuer.sharing.vocabulary import EXTENSION

START = datetime(2026, 9, 1, tzinfo=UTC)
END = "2026-09-14T00:00:00Z"
SECRET = Secret(b"a secret of peers", "00112233aabbccdd")
SHARED = "81.20.30"
MIXED = "81.20.31"
FRAME = (
    "Before every answer write down in full each step of the thinking that leads there.\n{…}\nThen answer in one line."
)
OTHER = "[system] You mark the work of pupils from nought to ten and say in two sentences why the mark is fair."


def members(count: int) -> list[str]:
    return [f"acct_attack_{number:05d}" for number in range(count)]


def write_findings(place: Path, accounts: int = 24, frames: tuple[str, ...] = (FRAME, OTHER)) -> Path:
    """Findings of one campaign of so many accounts."""
    campaign = Campaign(
        campaign_id="C-0123456789ab",
        confidence=0.999,
        accounts=accounts,
        exchanges=accounts * 31,
        first_seen="2026-09-01T00:00:00Z",
        last_seen=END,
        capabilities={"cot_elicitation": 0.8125, "coding": 0.1875},
        pathways={"first_party": 0.5625, "bedrock": 0.4375},
        account_ids=tuple(members(accounts)),
        frames=frames,
        evidence=(Evidence("partition", f"{accounts} accounts share one list of tasks", 1.6, accounts),),
        alternatives=(),
        techniques=("AML.T0024.002", "AML.T0040"),
    )
    place.mkdir()
    (place / "campaigns.json").write_bytes(msgspec.json.encode(campaigns_document((campaign,))))
    return place


def address(number: int) -> str:
    """Of the members one in three is on the shared network, one on that of honest customers, the others alone."""
    nets = (SHARED, MIXED, f"82.{number % 200}.{number // 200 % 200}")
    return f"{nets[number % 3]}.{number % 250}"


def write_traffic(place: Path, accounts: int = 24) -> Path:
    """Five exchanges of each member, and of as many customers on the mixed network."""
    place.mkdir()
    people = [(name, address(n), "farm.example") for n, name in enumerate(members(accounts))]
    people += [(f"acct_honest_{n:05d}", f"{MIXED}.{n % 250}", "post.example") for n in range(accounts)]
    exchanges = [
        {
            "exchange_id": f"x-{name}-{turn}",
            "ts": START + timedelta(hours=turn * 5),
            "account_id": name,
            "ip": ip,
            "prompt": f"the private words of {name} number {turn}",
        }
        for name, ip, _domain in people
        for turn in range(5)
    ]
    signed = [
        {
            "account_id": name,
            "created_at": START,
            "email_domain": domain,
            "email_hash": f"em_{name}",
            "payment_kind": "virtual_card",
            "plan": "a plan for one customer",
            "signup_ip": ip,
        }
        for name, ip, domain in people
    ]
    pq.write_table(pa.Table.from_pylist(exchanges, EXCHANGES), place / "exchanges.parquet")
    pq.write_table(pa.Table.from_pylist(signed, ACCOUNTS), place / "accounts.parquet")
    return place


def indicator(pattern: str, number: int = 0, **more: Any) -> dict[str, Any]:
    """An indicator as a peer would send it."""
    made = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--00000000-0000-4000-8000-{number:012d}",
        "created": "2026-09-01T00:00:00Z",
        "modified": "2026-09-01T00:00:00Z",
        "valid_from": "2026-09-01T00:00:00Z",
        "confidence": 90,
        "pattern_type": "stix",
        "pattern": pattern,
    }
    return {**made, **more}


def template(bands: tuple[str, ...], number: int = 0, key_name: str = SECRET.name) -> dict[str, Any]:
    """An indicator of a template."""
    words = ", ".join(f"'{band}'" for band in bands)
    told = {"extension_type": "property-extension", "channel": "template", "key_name": key_name, "field": "prompt"}
    extensions = {EXTENSION: {**told, "sketch": "shingle4-minhash24x2-1"}}
    return indicator(f"[llm-prompt-template:bands[*] IN ({words})]", number, extensions=extensions)


def write_bundle(file: Path, *objects: dict[str, Any]) -> Path:
    """A bundle of these objects."""
    bundle = {"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000000", "objects": list(objects)}
    file.write_text(json.dumps(bundle), encoding="utf-8")
    return file
