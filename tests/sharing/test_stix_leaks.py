"""Of a whole simulated world nothing leaves by which a person, an account or a prompt could be told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from stix_samples import SECRET, write_findings

from revenuer.findings import Campaign
from revenuer.sharing.bundle import Telling, bundle_of
from revenuer.sharing.facts import observe_traffic
from revenuer.sharing.feeds import as_csv, as_json, as_ocsf
from revenuer.sharing.misp import as_misp
from revenuer.simulate import simulate
from revenuer.summary import read_findings

# Columns whose values tell of somebody; domains may be told where several accounts of a campaign have them alone.
OF_EXCHANGES = (
    "exchange_id",
    "org_id",
    "credential_id",
    "end_user_id",
    "session_id",
    "ip",
    "user_agent",
    "tls_fingerprint",
)
OF_ACCOUNTS = (
    "account_id",
    "org_id",
    "email_hash",
    "payment_fingerprint",
    "signup_ip",
    "device_fingerprint",
    "phone_hash",
)


def world(place: Path) -> tuple[pa.Table, pa.Table]:
    place.mkdir()
    simulate("A5", place, seed=5, exchanges=2_500)
    parts = [pq.read_table(part) for part in sorted((place / "exchanges").glob("*.parquet"))]
    return pa.concat_tables(parts), pq.read_table(place / "accounts.parquet")


def found_in(place: Path, exchanges: pa.Table, findings: Path) -> tuple[Campaign, ...]:
    """The campaign as the truth has it, its frames the heads of its prompts."""
    truth = pq.read_table(place / "truth" / "accounts.parquet")
    members = truth.filter(pc.is_valid(truth["campaign"]))["account_id"]
    prompts = exchanges.filter(pc.is_in(exchanges["account_id"], members.combine_chunks()))["prompt"].to_pylist()
    heads = sorted({" ".join(prompt.split()[:14]) + " {…}" for prompt in prompts})[:64]
    (sample,) = read_findings(write_findings(findings))[0]
    return (replace(sample, account_ids=tuple(members.to_pylist()), frames=tuple(heads), accounts=len(members)),)


def fragments(texts: list[str | None], words: int = 4) -> Iterator[str]:
    """Every run of so many words that does not overlap with the one before."""
    for text in filter(None, texts):
        parts = text.split()
        yield from (
            " ".join(parts[at : at + words]) for at in range(0, len(parts) - words, words) if len("".join(parts)) > 24
        )


def test_nothing_of_a_world_is_told(tmp_path: Path) -> None:
    """No id, address, hash or device of any account, and no four words of any prompt or answer, in any format, whatever is opted in."""
    exchanges, accounts = world(tmp_path / "world")
    found = found_in(tmp_path / "world", exchanges, tmp_path / "findings")
    seen = observe_traffic(tmp_path / "world", found)
    bundle = bundle_of(found, seen, Telling(secret=SECRET, volumes=True, capabilities=True))
    assert sum(one["type"] == "llm-prompt-template" for one in bundle["objects"]) >= 1
    told = "\n".join([json.dumps(bundle), as_csv(bundle), as_json(bundle), as_ocsf(bundle), as_misp(bundle)])
    told = told.replace(".0/24", "")
    values = {value for name in OF_EXCHANGES for value in pc.unique(exchanges[name]).to_pylist()}
    values |= {value for name in OF_ACCOUNTS for value in pc.unique(accounts[name]).to_pylist()}
    texts = [text for name in ("prompt", "system", "response") for text in pc.unique(exchanges[name]).to_pylist()]
    secrets = {str(value) for value in values if value} | set(fragments(texts))
    assert len(secrets) > 10_000
    assert not [secret for secret in secrets if secret in told]
    shared = {one["value"] for one in bundle["objects"] if one["type"] == "domain-name"}
    for domain in pc.unique(accounts["email_domain"]).drop_null().to_pylist():
        assert domain in shared or f'"{domain}"' not in told
